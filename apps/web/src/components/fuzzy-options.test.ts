import { describe, expect, it } from 'vitest';
import { filterOptions, moveActive } from './fuzzy-options.ts';

const options = [
  { value: '1', label: 'pc-q35-10.0', note: 'q35' },
  { value: '2', label: 'Transpose', keywords: 'axes' },
  { value: '3', label: 'q35', group: 'Families' },
];

describe('filterOptions', () => {
  it.each([
    ['nothing typed shows all', '', ['1', '2', '3']],
    ['what begins with it comes first', 'q35', ['3', '1']],
    ['words anywhere', 'axes trans', ['2']],
    ['the group counts', 'famil', ['3']],
    ['none', 'xyz', []],
  ])('%s', (_name, text, expected) => {
    expect(filterOptions(options, text).map(({ value }) => value)).toEqual(expected);
  });
});

describe('moveActive', () => {
  it.each([
    ['down', 0, 'ArrowDown', 1],
    ['down from the last to the first', 2, 'ArrowDown', 0],
    ['up from the first to the last', 0, 'ArrowUp', 2],
    ['a page stops at the end', 0, 'PageDown', 2],
    ['End', 0, 'End', 2],
    ['another key', 0, 'a', null],
  ])('%s', (_name, active, key, expected) => {
    expect(moveActive(active, key, 3)).toBe(expected);
  });

  it('goes nowhere in an empty list', () => {
    expect(moveActive(0, 'ArrowDown', 0)).toBeNull();
  });
});
