import { clampCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import type { GridModel } from './grid-model.ts';

/** The place of the keyboard by the keys of its lines, so that it survives folding and filtering; null: the head. */
export interface KeyedCursor {
  readonly row: string | null;
  readonly column: string | null;
}

type Heads = Pick<GridModel, 'rows' | 'columns'>;

export function keyCursor(model: Heads, { row, column }: Cursor): KeyedCursor {
  return { row: model.rows[row]?.key ?? null, column: model.columns[column]?.key ?? null };
}

/** Where a keyed place is now; a line that is gone is replaced by the one of `fallback`. */
export function findCursor(model: Heads, keyed: KeyedCursor | null, fallback: Cursor): Cursor {
  const extent = { rows: model.rows.length, columns: model.columns.length };
  if (keyed === null) return clampCursor(fallback, extent);
  const place = (heads: Heads['rows'], key: string | null, otherwise: number) => {
    if (key === null) return -1;
    const at = heads.findIndex((head) => head.key === key);
    return at < 0 ? otherwise : at;
  };
  const found = {
    row: place(model.rows, keyed.row, fallback.row),
    column: place(model.columns, keyed.column, fallback.column),
  };
  return clampCursor(found, extent);
}
