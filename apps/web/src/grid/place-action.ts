import type { Cursor } from './cursor.ts';
import type { GridModel } from './grid-model.ts';

/** What Enter or a click does at a place. */
export type PlaceAction =
  | { readonly kind: 'fold'; readonly axis: 'row' | 'column'; readonly index: number }
  | { readonly kind: 'explain'; readonly place: Cursor }
  | { readonly kind: 'none' };

/** Groups and folded heads fold and unfold; everything else explains, a row head its first cell. */
export function actionAt(model: Pick<GridModel, 'rows' | 'columns'>, { row, column }: Cursor): PlaceAction {
  const rowHead = model.rows[row];
  const columnHead = model.columns[column];
  if (rowHead?.isGroup === true) return { kind: 'fold', axis: 'row', index: row };
  if (columnHead?.isGroup === true) return { kind: 'fold', axis: 'column', index: column };
  if (row < 0) {
    return columnHead === undefined || columnHead.fold === 'none'
      ? { kind: 'none' }
      : { kind: 'fold', axis: 'column', index: column };
  }
  if (column < 0 && rowHead !== undefined && rowHead.fold !== 'none') return { kind: 'fold', axis: 'row', index: row };
  const first = model.columns.findIndex(({ isGroup }) => !isGroup);
  return first < 0 ? { kind: 'none' } : { kind: 'explain', place: { row, column: column < 0 ? first : column } };
}
