import { useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import { usePalette } from '../theme/use-palette.ts';
import { moveCursor } from './cursor.ts';
import type { Cursor } from './cursor.ts';
import type { GridLayout } from './grid-layout.ts';
import type { Density, GridModel } from './grid-model.ts';
import { placeAt } from './grid-view.ts';
import { LiveGrid } from './live-grid.tsx';
import { bodyBox } from './paint-grid.ts';
import { actionAt } from './place-action.ts';
import { useAfterPaint } from './use-after-paint.ts';
import { useCanvas } from './use-canvas.ts';
import { useGridCursor } from './use-grid-cursor.ts';
import { useGridLayout } from './use-grid-layout.ts';
import { useKeptPlace } from './use-kept-place.ts';
import { useSeenWindow } from './use-seen-window.ts';
import './grid.css';

interface GridProps {
  readonly label: string;
  readonly model: GridModel;
  readonly density: Density;
  /** The explained cell; the pane follows the keyboard while there is one. */
  readonly chosen: Cursor | null;
  /** Enter or a click, or the keyboard moved while a cell is explained. */
  readonly onChoose: (place: Cursor) => void;
  readonly onToggleFold: (axis: 'row' | 'column', index: number) => void;
  /** The right half of the readout line. */
  readonly readout: ReactNode;
}

/** A matrix of any size: a canvas that paints, a scroller that scrolls, and a live ARIA grid over both. */
export function Grid({ label, model, density, chosen, onChoose, onToggleFold, readout }: GridProps) {
  const palette = usePalette();
  const scroller = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Cursor | null>(null);
  const [hasFocus, setHasFocus] = useState(false);
  const { layout, size } = useGridLayout(scroller, model, density);
  const { cursor, moveTo, isFocusWanted } = useGridCursor({ scroller, model, layout, size, chosen });
  useKeptPlace(scroller, model, layout, cursor);
  const stage = useCanvas(scroller, { model, layout, palette, size, hover, cursor, chosen, hasFocus });
  const { seen, look } = useSeenWindow(scroller, layout, size);
  const { row: chosenRow, column: chosenColumn } = chosen ?? { row: null, column: -1 };
  // The canvas answers at once; the ARIA grid, which costs more, follows when that is on the screen.
  const live = useAfterPaint(
    useMemo(
      () => ({
        model,
        layout,
        cursor,
        chosen: chosenRow === null ? null : { row: chosenRow, column: chosenColumn },
        ...seen,
      }),
      [model, layout, cursor, chosenRow, chosenColumn, seen],
    ),
    isFocusWanted,
  );

  const goTo = (place: Cursor) => {
    moveTo(place);
    look();
  };
  const act = (place: Cursor) => {
    const action = actionAt(model, place);
    if (action.kind === 'fold') onToggleFold(action.axis, action.index);
    else if (action.kind === 'explain') onChoose(action.place);
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
    goTo(next);
    if (chosen !== null && isOutcome(model, next)) onChoose(next);
  };
  const locate = ({ clientX, clientY }: MouseEvent) =>
    scroller.current === null ? null : placeAt(layout, scroller.current, { x: clientX, y: clientY });

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
          const place = locate(event);
          if (place === null) return;
          goTo(place);
          act(place);
        }}
      >
        <div className="grid-extent" style={extentOf(layout)}>
          <div ref={stage} className="grid-stage">
            <canvas aria-hidden="true" />
            <canvas aria-hidden="true" />
          </div>
          <LiveGrid label={label} {...live} isFocusWanted={isFocusWanted} />
        </div>
      </div>
      <Readout model={model} place={hover ?? (hasFocus ? cursor : null)}>
        {readout}
      </Readout>
    </div>
  );
}

interface ReadoutProps {
  readonly model: GridModel;
  readonly place: Cursor | null;
  readonly children: ReactNode;
}

/** What is under the pointer or the keyboard, in words. */
function Readout({ model, place, children }: ReadoutProps) {
  return (
    <div className="grid-readout">
      <span className="grid-readout-place" data-testid="readout">
        {place === null ? '' : model.describe(place.row, place.column)}
      </span>
      <span className="grid-readout-rest">{children}</span>
    </div>
  );
}

function extentOf(layout: GridLayout): { readonly width: number; readonly height: number } {
  return {
    width: layout.headWidth + layout.columns.total + layout.shareWidth,
    height: layout.headHeight + layout.rows.total,
  };
}

function isOutcome(model: GridModel, { row, column }: Cursor): boolean {
  return row >= 0 && column >= 0 && model.cell(row, column).kind === 'outcome';
}
