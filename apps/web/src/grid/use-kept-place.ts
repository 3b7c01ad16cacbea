import { useLayoutEffect, useRef } from 'react';
import type { RefObject } from 'react';
import type { Cursor } from './cursor.ts';
import { lineAt, offsetOf } from './geometry.ts';
import type { AxisGeometry } from './geometry.ts';
import type { GridLayout } from './grid-layout.ts';
import type { GridHead, GridModel } from './grid-model.ts';
import { readView } from './grid-view.ts';

interface Kept {
  readonly model: GridModel;
  readonly layout: GridLayout;
}

/** When lines come or go (folding, searching), what one was looking at stays where it is on the screen. */
export function useKeptPlace(
  scroller: RefObject<HTMLDivElement | null>,
  model: GridModel,
  layout: GridLayout,
  cursor: Cursor,
): void {
  const before = useRef<Kept>({ model, layout });
  useLayoutEffect(() => {
    const element = scroller.current;
    const old = before.current;
    before.current = { model, layout };
    if (element === null || (old.model === model && old.layout === layout)) return;
    if (old.model.corner.row !== model.corner.row) return;
    const view = readView(element);
    const rows = { heads: old.model.rows, axis: old.layout.rows, scroll: view.top };
    const columns = { heads: old.model.columns, axis: old.layout.columns, scroll: view.left };
    const rowKey = model.rows[cursor.row]?.key ?? null;
    const columnKey = model.columns[cursor.column]?.key ?? null;
    element.scrollTop = keepPlace(
      rows,
      { heads: model.rows, axis: layout.rows },
      { key: rowKey, size: element.clientHeight },
    );
    element.scrollLeft = keepPlace(
      columns,
      { heads: model.columns, axis: layout.columns },
      { key: columnKey, size: element.clientWidth },
    );
  }, [scroller, model, layout, cursor]);
}

interface Axis {
  readonly heads: readonly GridHead[];
  readonly axis: AxisGeometry;
}

/** The scroll position that leaves the anchor (the keyboard's line if in sight, else the first line) where it was. */
export function keepPlace(
  old: Axis & { readonly scroll: number },
  now: Axis,
  preferred: { readonly key: string | null; readonly size: number },
): number {
  const preferredAt = old.heads.findIndex(({ key }) => key === preferred.key);
  const start = offsetOf(old.axis, preferredAt);
  const isInSight = preferredAt >= 0 && start >= old.scroll && start < old.scroll + preferred.size;
  const anchor = isInSight ? preferredAt : Math.max(0, lineAt(old.axis, old.scroll));
  const key = old.heads[anchor]?.key;
  const place = now.heads.findIndex((head) => head.key === key);
  if (place < 0) return old.scroll;
  return Math.max(0, offsetOf(now.axis, place) - (offsetOf(old.axis, anchor) - old.scroll));
}
