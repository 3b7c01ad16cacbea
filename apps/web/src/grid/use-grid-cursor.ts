import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { RefObject } from 'react';
import { clampCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { scrollToShow } from './geometry.ts';
import type { GridLayout } from './grid-layout.ts';
import type { GridModel } from './grid-model.ts';
import type { Size } from './grid-view.ts';
import { findCursor, keyCursor } from './keyed-cursor.ts';
import type { KeyedCursor } from './keyed-cursor.ts';
import { bodyBox } from './paint-grid.ts';

interface GridCursorSource {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly model: GridModel;
  readonly layout: GridLayout;
  readonly size: Size;
  readonly chosen: Cursor | null;
}

interface GridCursor {
  readonly cursor: Cursor;
  /** Goes there, and brings it into sight. */
  readonly moveTo: (place: Cursor) => void;
  /** Set when the keyboard moved: the focus has to follow. */
  readonly isFocusWanted: RefObject<boolean>;
}

const start: Cursor = { row: 0, column: 0 };

/** Where the keyboard is. It goes along when another cell is explained, from a link or from the command palette. */
export function useGridCursor({ scroller, model, layout, size, chosen }: GridCursorSource): GridCursor {
  const [keyed, setKeyed] = useState<KeyedCursor | null>(null);
  const isFocusWanted = useRef(false);
  const cursor = useMemo(() => findCursor(model, keyed, chosen ?? start), [model, keyed, chosen]);
  const reveal = useCallback(
    (place: Cursor) => {
      if (scroller.current !== null) bringIntoSight(scroller.current, { layout, size, place });
    },
    [scroller, layout, size],
  );
  const moveTo = (place: Cursor) => {
    const next = clampCursor(place, { rows: model.rows.length, columns: model.columns.length });
    setKeyed(keyCursor(model, next));
    isFocusWanted.current = true;
    reveal(next);
  };

  const chosenKeys = chosen === null ? null : keyCursor(model, chosen);
  const latest = useRef({ reveal, chosen });
  useLayoutEffect(() => {
    latest.current = { reveal, chosen };
  });
  const isMeasured = size.height > 0;
  useEffect(() => {
    if (!isMeasured || latest.current.chosen === null) return;
    setKeyed({ row: chosenKeys?.row ?? null, column: chosenKeys?.column ?? null });
    latest.current.reveal(latest.current.chosen);
  }, [isMeasured, chosenKeys?.row, chosenKeys?.column]);

  return { cursor, moveTo, isFocusWanted };
}

interface Sight {
  readonly layout: GridLayout;
  readonly size: Size;
  readonly place: Cursor;
}

function bringIntoSight(scroller: HTMLElement, { layout, size, place }: Sight): void {
  const body = bodyBox({ layout, size });
  if (place.row >= 0) {
    scroller.scrollTop = scrollToShow(layout.rows, place.row, { scroll: scroller.scrollTop, size: body.height });
  }
  if (place.column >= 0) {
    scroller.scrollLeft = scrollToShow(layout.columns, place.column, { scroll: scroller.scrollLeft, size: body.width });
  }
}
