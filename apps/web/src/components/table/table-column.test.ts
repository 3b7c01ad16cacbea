import { describe, expect, it } from 'vitest';
import { nextSort, parseSort } from './table-column.ts';

describe('the order of a list in its address', () => {
  it.each([
    ['', null, 'is as the rows come'],
    ['age', { key: 'age', isDescending: false }, 'goes up'],
    ['-age', { key: 'age', isDescending: true }, 'goes down'],
  ] as const)('%j %s: %s', (text, sort) => {
    expect(parseSort(text)).toEqual(sort);
  });

  it.each([
    ['', 'age', 'age', 'the first press goes up'],
    ['age', 'age', '-age', 'the second goes down'],
    ['-age', 'age', '', 'the third leaves the rows as they come'],
    ['-age', 'name', 'name', 'another column begins anew'],
  ])('%j, press on %s → %j: %s', (current, key, next) => {
    expect(nextSort(current, key)).toBe(next);
  });
});
