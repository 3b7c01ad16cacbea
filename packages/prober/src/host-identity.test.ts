import { describe, expect, it } from 'vitest';
import { displayedName } from './host-identity.ts';

describe('the name of a host', () => {
  it.each([
    ['node-a', 'node-a', 'is what uname says'],
    ['node-a.example.org', 'node-a.example.org', 'keeps its domain'],
    ['(none)', 'localhost', 'is localhost where Linux was never told one'],
    ['', 'localhost', 'is localhost where it is empty'],
  ])('%s shown as %s: it %s', (nodename, name) => {
    expect(displayedName(nodename)).toBe(name);
  });
});
