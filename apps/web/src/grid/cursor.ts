/** Where the keyboard is: -1 is the head of the row or column. */
export interface Cursor {
  readonly row: number;
  readonly column: number;
}

export interface GridExtent {
  readonly rows: number;
  readonly columns: number;
  /** Rows that fit on the screen: what PageDown skips. */
  readonly pageRows: number;
}

export interface KeyStroke {
  readonly key: string;
  readonly ctrl: boolean;
}

/** Moves as the ARIA grid pattern says; null when the key is none of the grid's. */
export function moveCursor(cursor: Cursor, stroke: KeyStroke, extent: GridExtent): Cursor | null {
  const next = step(cursor, stroke, extent);
  return next === null ? null : clampCursor(next, extent);
}

function step({ row, column }: Cursor, { key, ctrl }: KeyStroke, extent: GridExtent): Cursor | null {
  switch (key) {
    case 'ArrowUp':
      return { row: ctrl ? 0 : row - 1, column };
    case 'ArrowDown':
      return { row: ctrl ? extent.rows - 1 : row + 1, column };
    case 'ArrowLeft':
      return { row, column: ctrl ? 0 : column - 1 };
    case 'ArrowRight':
      return { row, column: ctrl ? extent.columns - 1 : column + 1 };
    case 'PageUp':
      return { row: Math.max(0, row - extent.pageRows), column };
    case 'PageDown':
      return { row: row + extent.pageRows, column };
    case 'Home':
      return { row: ctrl ? 0 : row, column: ctrl ? 0 : -1 };
    case 'End':
      return { row: ctrl ? extent.rows - 1 : row, column: extent.columns - 1 };
    default:
      return null;
  }
}

/** Keeps a cursor inside the grid; the corner is no place to be. */
export function clampCursor({ row, column }: Cursor, extent: Pick<GridExtent, 'rows' | 'columns'>): Cursor {
  const inside = {
    row: Math.min(Math.max(row, -1), extent.rows - 1),
    column: Math.min(Math.max(column, -1), extent.columns - 1),
  };
  return inside.row === -1 && inside.column === -1 ? { row: -1, column: Math.min(0, extent.columns - 1) } : inside;
}
