import { useCallback, useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';
import { usePalette } from '../theme/use-palette.ts';
import { clampCursor, moveCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import { scrollToShow } from './geometry.ts';
import { bodyBox } from './paint-grid.ts';
import type { Density, GridModel } from './grid-model.ts';
import { LiveGrid } from './live-grid.tsx';
import { placeAt, readView, windowOf } from './grid-view.ts';
import type { GridWindow } from './grid-view.ts';
import { useCanvas } from './use-canvas.ts';
import { useGridLayout } from './use-grid-layout.ts';
import { useKeptPlace } from './use-kept-place.ts';
import './grid.css';

interface GridProps {
  readonly label: string;
  readonly model: GridModel;
  readonly density: Density;
  /** The explained cell; the pane follows the keyboard while there is one. */
  readonly chosen: Cursor | null;
  /** Enter or a click (`isStep`), or the keyboard moved while a cell is explained. */
  readonly onChoose: (place: Cursor, isStep: boolean) => void;
  readonly onToggleFold: (axis: 'row' | 'column', index: number) => void;
  /** The right half of the readout line. */
  readonly readout: ReactNode;
}

interface KeyedCursor {
  readonly row: string | null;
  readonly column: string | null;
}

/** The ARIA grid follows when scrolling has come to rest. */
const settleMs = 90;

/** A matrix of any size: a canvas that paints, a scroller that scrolls, and a live ARIA grid over both. */
export function Grid({ label, model, density, chosen, onChoose, onToggleFold, readout }: GridProps) {
  const palette = usePalette();
  const scroller = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Cursor | null>(null);
  const [hasFocus, setHasFocus] = useState(false);
  const [keyed, setKeyed] = useState<KeyedCursor>({ row: null, column: null });
  const [seen, setSeen] = useState<GridWindow>({ rows: { first: 0, end: 0 }, columns: { first: 0, end: 0 } });
  const { layout, size } = useGridLayout(scroller, model, density);
  const cursor = useMemo(() => findCursor(model, keyed, chosen), [model, keyed, chosen]);
  const isFocusWanted = useRef(false);

  useKeptPlace(scroller, model, layout, cursor);
  const canvas = useCanvas(scroller, { model, layout, palette, size, hover, cursor, chosen, hasFocus });
  const look = useCallback(() => {
    if (scroller.current !== null) setSeen(windowOf(layout, readView(scroller.current), size));
  }, [layout, size]);
  useLayoutEffect(look, [look]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let timer = 0;
    const onScroll = () => {
      clearTimeout(timer);
      timer = window.setTimeout(look, settleMs);
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener('scroll', onScroll);
    };
  }, [look]);
  // The canvas answers at once; the ARIA grid, which costs more, follows when the browser has time.
  const live = useDeferredValue(
    useMemo(() => ({ model, layout, cursor, chosen, ...seen }), [model, layout, cursor, chosen, seen]),
  );

  const moveTo = (place: Cursor) => {
    const next = clampCursor(place, { rows: model.rows.length, columns: model.columns.length });
    setKeyed({ row: model.rows[next.row]?.key ?? null, column: model.columns[next.column]?.key ?? null });
    isFocusWanted.current = true;
    const element = scroller.current;
    if (element === null) return;
    const body = bodyBox({ layout, size });
    if (next.row >= 0) {
      element.scrollTop = scrollToShow(layout.rows, next.row, { scroll: element.scrollTop, size: body.height });
    }
    if (next.column >= 0) {
      element.scrollLeft = scrollToShow(layout.columns, next.column, { scroll: element.scrollLeft, size: body.width });
    }
    look();
  };

  const act = (place: Cursor) => {
    if (place.row < 0) {
      if (model.columns[place.column]?.fold !== 'none') onToggleFold('column', place.column);
    } else if (model.rows[place.row]?.isGroup === true) onToggleFold('row', place.row);
    else if (model.columns[place.column]?.isGroup === true) onToggleFold('column', place.column);
    else if (place.column < 0 && model.rows[place.row]?.fold !== 'none') onToggleFold('row', place.row);
    else onChoose({ row: place.row, column: Math.max(0, place.column) }, true);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      act(cursor);
      return;
    }
    const pageRows = Math.max(1, Math.floor(bodyBox({ layout, size }).height / layout.rowHeight) - 1);
    const extent = { rows: model.rows.length, columns: model.columns.length, pageRows };
    const next = moveCursor(cursor, { key: event.key, ctrl: event.ctrlKey }, extent);
    if (next === null) return;
    event.preventDefault();
    moveTo(next);
    if (chosen !== null && isOutcome(model, next)) onChoose(next, false);
  };

  const locate = (event: PointerEvent) =>
    scroller.current === null ? null : placeAt(layout, scroller.current, { x: event.clientX, y: event.clientY });

  return (
    <div className="grid" data-testid="matrix-grid">
      <div
        ref={scroller}
        className="grid-scroller"
        tabIndex={-1}
        onKeyDown={onKeyDown}
        onFocus={() => setHasFocus(true)}
        onBlur={() => setHasFocus(false)}
        onPointerMove={(event) => {
          const place = locate(event);
          if (place?.row !== hover?.row || place?.column !== hover?.column) setHover(place);
        }}
        onPointerLeave={() => setHover(null)}
        onClick={(event) => {
          const place = scroller.current && placeAt(layout, scroller.current, { x: event.clientX, y: event.clientY });
          if (place === null) return;
          moveTo(place);
          act(place);
        }}
      >
        <div
          className="grid-extent"
          style={{
            width: layout.headWidth + layout.columns.total + layout.shareWidth,
            height: layout.headHeight + layout.rows.total,
          }}
        >
          <div className="grid-stage">
            <canvas ref={canvas} aria-hidden="true" />
          </div>
          <LiveGrid label={label} {...live} isFocusWanted={isFocusWanted} />
        </div>
      </div>
      <div className="grid-readout">
        <span className="grid-readout-place" data-testid="readout">
          {hover !== null
            ? model.describe(hover.row, hover.column)
            : hasFocus
              ? model.describe(cursor.row, cursor.column)
              : ''}
        </span>
        <span className="grid-readout-rest">{readout}</span>
      </div>
    </div>
  );
}

function isOutcome(model: GridModel, { row, column }: Cursor): boolean {
  return row >= 0 && column >= 0 && model.cell(row, column).kind === 'outcome';
}

/** The keyboard's place by its keys; where they are gone, the explained cell or the first one. */
function findCursor(model: GridModel, keyed: KeyedCursor, chosen: Cursor | null): Cursor {
  const fallback = chosen ?? { row: 0, column: 0 };
  const row = keyed.row === null ? -2 : model.rows.findIndex(({ key }) => key === keyed.row);
  const column = keyed.column === null ? -2 : model.columns.findIndex(({ key }) => key === keyed.column);
  if (keyed.row === null && keyed.column === null) {
    return clampCursor(fallback, { rows: model.rows.length, columns: model.columns.length });
  }
  return clampCursor(
    {
      row: row === -2 ? -1 : row === -1 ? fallback.row : row,
      column: column === -2 ? -1 : column === -1 ? fallback.column : column,
    },
    { rows: model.rows.length, columns: model.columns.length },
  );
}
