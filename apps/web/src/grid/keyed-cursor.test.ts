import { describe, expect, it } from 'vitest';
import type { GridHead } from './grid-model.ts';
import { findCursor, keyCursor } from './keyed-cursor.ts';

const heads = (keys: string) =>
  [...keys].map((key): GridHead => ({
    key,
    label: key,
    note: '',
    title: key,
    fold: 'none',
    count: 1,
    isGroup: false,
    isNested: false,
    isDimmed: false,
  }));
const grid = (rows: string, columns: string) => ({ rows: heads(rows), columns: heads(columns) });
const start = { row: 0, column: 0 };

describe('a keyed cursor', () => {
  it.each([
    ['follows its row', { row: 'c', column: 'y' }, grid('xabc', 'xy'), { row: 3, column: 1 }],
    ['stays on a row head', { row: 'c', column: null }, grid('abc', 'xy'), { row: 2, column: -1 }],
    ['stays on a column head', { row: null, column: 'y' }, grid('abc', 'xy'), { row: -1, column: 1 }],
    ['falls back when its row is gone', { row: 'z', column: 'y' }, grid('abc', 'xy'), { row: 0, column: 1 }],
    ['is at the start before anything was touched', null, grid('abc', 'xy'), { row: 0, column: 0 }],
  ])('%s', (_name, keyed, model, expected) => {
    expect(findCursor(model, keyed, start)).toEqual(expected);
  });

  it('is made of the keys of its lines', () => {
    expect(keyCursor(grid('abc', 'xy'), { row: 1, column: -1 })).toEqual({ row: 'b', column: null });
  });
});
