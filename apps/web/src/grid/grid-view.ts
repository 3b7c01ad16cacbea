import type { Cursor } from './cursor.ts';
import { lineAt, visibleLines } from './geometry.ts';
import type { LineRange } from './geometry.ts';
import type { GridLayout } from './grid-layout.ts';
import { bodyBox } from './paint-grid.ts';

export interface Scroll {
  readonly left: number;
  readonly top: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The rows and columns that the window shows. */
export interface GridWindow {
  readonly rows: LineRange;
  readonly columns: LineRange;
}

export function readView(scroller: HTMLElement): Scroll {
  return { left: scroller.scrollLeft, top: scroller.scrollTop };
}

export function windowOf(layout: GridLayout, scroll: Scroll, size: Size): GridWindow {
  const body = bodyBox({ layout, size });
  return {
    rows: visibleLines(layout.rows, scroll.top, body.height),
    columns: visibleLines(layout.columns, scroll.left, body.width),
  };
}

/** The place under a point of the page: a cell, a row head (column -1), a column head (row -1), or none. */
export function placeAt(
  layout: GridLayout,
  scroller: HTMLElement,
  point: { readonly x: number; readonly y: number },
): Cursor | null {
  const box = scroller.getBoundingClientRect();
  const x = point.x - box.left;
  const y = point.y - box.top;
  const body = bodyBox({ layout, size: { width: scroller.clientWidth, height: scroller.clientHeight } });
  if (x < 0 || y < 0 || x >= scroller.clientWidth || y >= scroller.clientHeight) return null;
  if (x >= body.left + body.width) return null;
  const row = y < layout.headHeight ? -1 : lineAt(layout.rows, y - layout.headHeight + scroller.scrollTop);
  const column = x < layout.headWidth ? -1 : lineAt(layout.columns, x - layout.headWidth + scroller.scrollLeft);
  if (row === -1 && column === -1) return null;
  return row >= layout.rows.offsets.length - 1 || column >= layout.columns.offsets.length - 1 ? null : { row, column };
}
