import { memo, useId, useLayoutEffect } from 'react';
import type { RefObject } from 'react';
import type { Cursor } from './cursor.ts';
import { offsetOf, sizeOf } from './geometry.ts';
import type { LineRange } from './geometry.ts';
import type { GridLayout } from './grid-layout.ts';
import type { GridHead, GridModel } from './grid-model.ts';

interface LiveGridProps {
  readonly label: string;
  readonly model: GridModel;
  readonly layout: GridLayout;
  readonly rows: LineRange;
  readonly columns: LineRange;
  readonly cursor: Cursor;
  readonly chosen: Cursor | null;
  /** Set when the keyboard moved: the focus follows once its place is there. */
  readonly isFocusWanted: RefObject<boolean>;
}

function placeId(grid: string, { row, column }: Cursor): string {
  return `${grid}-${row}-${column}`;
}

/**
 * The cells of the window as an ARIA grid for keyboard and screen reader, over the canvas that paints them. The place
 * of the keyboard is always part of it, even when it was scrolled away.
 */
export const LiveGrid = memo(function LiveGrid(props: LiveGridProps) {
  const id = useId();
  const { label, model, layout, rows, columns, cursor, isFocusWanted } = props;
  const shownRows = withLine(rows, cursor.row);
  const shownColumns = withLine(columns, cursor.column);
  useLayoutEffect(() => {
    if (!isFocusWanted.current) return;
    const place = document.getElementById(placeId(id, cursor));
    place?.focus({ preventScroll: true });
    isFocusWanted.current = false;
  }, [id, cursor, isFocusWanted]);
  return (
    <div
      className="grid-live"
      role="grid"
      aria-label={label}
      aria-rowcount={model.rows.length + 1}
      aria-colcount={model.columns.length + 2}
    >
      <div role="row" aria-rowindex={1} className="grid-live-heads">
        <span
          role="columnheader"
          aria-colindex={1}
          style={{ left: 0, width: layout.headWidth, height: layout.headHeight }}
        >
          {model.corner.row} by {model.corner.column}
        </span>
        {shownColumns.map((column) => (
          <LiveColumnHead key={model.columns[column]?.key} {...props} id={id} column={column} />
        ))}
        <span
          role="columnheader"
          aria-colindex={model.columns.length + 2}
          style={{ left: layout.headWidth + layout.columns.total, width: layout.shareWidth, height: layout.headHeight }}
        >
          n of N
        </span>
      </div>
      {shownRows.map((row) => (
        <LiveRow key={model.rows[row]?.key} {...props} id={id} row={row} shownColumns={shownColumns} />
      ))}
    </div>
  );
});

type LiveColumnHeadProps = LiveGridProps & { readonly id: string; readonly column: number };

function LiveColumnHead({ id, model, layout, cursor, column }: LiveColumnHeadProps) {
  const head = model.columns[column];
  if (head === undefined) return null;
  return (
    <span
      role="columnheader"
      id={placeId(id, { row: -1, column })}
      aria-colindex={column + 2}
      aria-expanded={expandedOf(head)}
      tabIndex={cursor.row === -1 && cursor.column === column ? 0 : -1}
      style={{
        left: layout.headWidth + offsetOf(layout.columns, column),
        width: sizeOf(layout.columns, column),
        height: layout.headHeight,
      }}
    >
      <span className="visually-hidden">{head.title}</span>
    </span>
  );
}

type LiveRowProps = LiveGridProps & {
  readonly id: string;
  readonly row: number;
  readonly shownColumns: readonly number[];
};

function LiveRow({ id, model, layout, cursor, chosen, row, shownColumns }: LiveRowProps) {
  const head = model.rows[row];
  if (head === undefined) return null;
  const share = model.share(row);
  return (
    <div
      role="row"
      aria-rowindex={row + 2}
      style={{ top: layout.headHeight + offsetOf(layout.rows, row), height: layout.rowHeight }}
    >
      <span
        role="rowheader"
        id={placeId(id, { row, column: -1 })}
        aria-colindex={1}
        aria-expanded={expandedOf(head)}
        tabIndex={cursor.row === row && cursor.column === -1 ? 0 : -1}
        style={{ width: layout.headWidth, height: layout.rowHeight }}
      >
        <span className="visually-hidden">{head.title}</span>
      </span>
      {shownColumns.map((column) => (
        <span
          key={model.columns[column]?.key}
          role="gridcell"
          id={placeId(id, { row, column })}
          aria-colindex={column + 2}
          aria-label={model.describe(row, column)}
          aria-selected={chosen?.row === row && chosen.column === column}
          tabIndex={cursor.row === row && cursor.column === column ? 0 : -1}
          style={{
            left: layout.headWidth + offsetOf(layout.columns, column),
            width: sizeOf(layout.columns, column),
            height: layout.rowHeight,
          }}
        />
      ))}
      <span
        role="gridcell"
        aria-colindex={model.columns.length + 2}
        aria-label={`${share.runs} of ${share.of} run as defined`}
        style={{ left: layout.headWidth + layout.columns.total, width: layout.shareWidth, height: layout.rowHeight }}
      />
    </div>
  );
}

function expandedOf(head: GridHead): boolean | undefined {
  return head.fold === 'none' ? undefined : head.fold === 'open';
}

/** The lines of a range, and one more when it lies outside. */
function withLine({ first, end }: LineRange, line: number): readonly number[] {
  const lines = Array.from({ length: end - first }, (_, index) => first + index);
  if (line < 0 || (line >= first && line < end)) return lines;
  return line < first ? [line, ...lines] : [...lines, line];
}
