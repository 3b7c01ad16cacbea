import { describe, expect, it } from 'vitest';
import { clampCursor, moveCursor } from './cursor.ts';

const extent = { rows: 100, columns: 20, pageRows: 30 };

describe('moveCursor', () => {
  it.each([
    ['down', { row: 5, column: 3 }, 'ArrowDown', false, { row: 6, column: 3 }],
    ['down stops at the last row', { row: 99, column: 3 }, 'ArrowDown', false, { row: 99, column: 3 }],
    ['up from the first row is the column head', { row: 0, column: 3 }, 'ArrowUp', false, { row: -1, column: 3 }],
    ['up from the column head stays', { row: -1, column: 3 }, 'ArrowUp', false, { row: -1, column: 3 }],
    ['left from the first cell is the row head', { row: 5, column: 0 }, 'ArrowLeft', false, { row: 5, column: -1 }],
    [
      'left from the first column head stays off the corner',
      { row: -1, column: 0 },
      'ArrowLeft',
      false,
      { row: -1, column: 0 },
    ],
    [
      'up from the first row head stays off the corner',
      { row: 0, column: -1 },
      'ArrowUp',
      false,
      { row: -1, column: 0 },
    ],
    ['Ctrl right is the last column', { row: 5, column: 3 }, 'ArrowRight', true, { row: 5, column: 19 }],
    ['Ctrl down is the last row', { row: 5, column: 3 }, 'ArrowDown', true, { row: 99, column: 3 }],
    ['PageDown skips a screen', { row: 5, column: 3 }, 'PageDown', false, { row: 35, column: 3 }],
    ['PageDown stops at the last row', { row: 80, column: 3 }, 'PageDown', false, { row: 99, column: 3 }],
    ['PageUp does not reach the heads', { row: 5, column: 3 }, 'PageUp', false, { row: 0, column: 3 }],
    ['Home is the row head', { row: 5, column: 3 }, 'Home', false, { row: 5, column: -1 }],
    ['End is the last cell of the row', { row: 5, column: 3 }, 'End', false, { row: 5, column: 19 }],
    ['Ctrl Home is the first cell', { row: 5, column: 3 }, 'Home', true, { row: 0, column: 0 }],
    ['Ctrl End is the last cell', { row: 5, column: 3 }, 'End', true, { row: 99, column: 19 }],
  ])('%s', (_name, cursor, key, ctrl, expected) => {
    expect(moveCursor(cursor, { key, ctrl }, extent)).toEqual(expected);
  });

  it.each(['Tab', 'a', 'Enter', 'Escape'])('leaves %s to others', (key) => {
    expect(moveCursor({ row: 0, column: 0 }, { key, ctrl: false }, extent)).toBeNull();
  });
});

describe('clampCursor', () => {
  it('has no place in an empty grid but the heads', () => {
    expect(clampCursor({ row: 3, column: 3 }, { rows: 0, columns: 0 })).toEqual({ row: -1, column: -1 });
  });
});
