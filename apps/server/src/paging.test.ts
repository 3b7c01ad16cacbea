import { describe, expect, it } from 'vitest';
import { pageOf } from './paging.ts';

const letters = ['a', 'b', 'c', 'd', 'e'];
const keyOf = (letter: string): string => letter;

describe('pageOf', () => {
  it.each([
    ['the first page', { limit: 2 }, ['a', 'b'], 'b'],
    ['the page after a cursor', { limit: 2, cursor: 'b' }, ['c', 'd'], 'd'],
    ['the last page', { limit: 2, cursor: 'd' }, ['e'], null],
    ['everything', { limit: 9 }, letters, null],
    ['a page that ends exactly at the end', { limit: 3, cursor: 'b' }, ['c', 'd', 'e'], null],
    ['nothing after the end', { limit: 3, cursor: 'e' }, [], null],
  ])('gives %s', (_, query, items, nextCursor) => {
    expect(pageOf(letters, query, keyOf)).toEqual({ items, nextCursor });
  });

  it('refuses a cursor that is not in the list', () => {
    expect(() => pageOf(letters, { limit: 2, cursor: 'x' }, keyOf)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});
