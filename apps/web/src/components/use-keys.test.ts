import { describe, expect, it } from 'vitest';
import { nameKey } from './use-keys.ts';

describe('nameKey', () => {
  const none = { ctrlKey: false, metaKey: false, altKey: false };

  it.each([
    ['a letter', { ...none, key: 't' }, 't'],
    ['Ctrl-K', { ...none, key: 'k', ctrlKey: true }, 'mod+k'],
    ['⌘K with capitals on', { ...none, key: 'K', metaKey: true }, 'mod+k'],
    ['Alt belongs to the browser', { ...none, key: 't', altKey: true }, ''],
  ])('%s', (_name, event, expected) => {
    expect(nameKey(event)).toBe(expected);
  });
});
