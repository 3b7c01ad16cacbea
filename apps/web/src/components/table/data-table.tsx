import { createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table';
import type { ColumnDef, RowData } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { CSSProperties, KeyboardEvent, ReactNode } from 'react';
import { Icon } from '../icons.tsx';
import { useIsPrinting } from '../use-printing.ts';
import { nextSort, parseSort } from './table-column.ts';
import type { SortText, TableColumn } from './table-column.ts';
import './data-table.css';

interface DataTableProps<T extends RowData> {
  /** The accessible name. */
  readonly label: string;
  readonly columns: readonly TableColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly sort: SortText;
  readonly onSort: (sort: SortText) => void;
  /** Enter, or a press on the row. */
  readonly onOpen?: (row: T) => void;
  /** Adds a column of check boxes. */
  readonly selection?: {
    readonly chosen: ReadonlySet<string>;
    readonly onChange: (chosen: ReadonlySet<string>) => void;
  };
  /** The row that is shown beside the list. */
  readonly current?: string | null;
  /** Shown in place of the rows when there are none. */
  readonly empty: ReactNode;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const rowHeightPx = 32;
/** Rows beyond the window that are drawn, so that scrolling shows no gap. */
const overscan = 12;
const collator = new Intl.Collator('en', { numeric: true });

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
}

/** A dense list: sorted by its heads, drawn only where one looks, moved through with the arrows. */
export function DataTable<T extends RowData>(props: DataTableProps<T>) {
  const { label, columns, rows, keyOf, sort, onSort, onOpen, selection, current, empty } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const isPrinting = useIsPrinting();
  const definitions = useMemo(
    () =>
      columns.map(({ key, value }): ColumnDef<typeof features, T> => ({
        id: key,
        accessorFn: value,
        sortFn: (a, b) => compare(value(a.original), value(b.original)),
      })),
    [columns],
  );
  const order = parseSort(sort);
  const sorting = useMemo(() => (order === null ? [] : [{ id: order.key, desc: order.isDescending }]), [sort]);
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: keyOf,
    state: { sorting },
    onSortingChange: () => undefined,
  });
  const sorted = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeightPx,
    getItemKey: (index) => sorted[index]?.id ?? index,
    overscan: isPrinting ? sorted.length : overscan,
  });
  const tracks = `${selection === undefined ? '' : '32px '}${columns.map(({ width }) => width).join(' ')}`;
  const focusRow = (index: number) => {
    const next = Math.min(Math.max(index, 0), sorted.length - 1);
    setActive(next);
    virtual.scrollToIndex(next, { align: 'auto' });
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    const row = sorted[active];
    if (step !== undefined) {
      event.preventDefault();
      focusRow(step(active, sorted.length));
    } else if (event.key === 'Enter' && row !== undefined && event.target === event.currentTarget) {
      onOpen?.(row.original);
    } else if (event.key === ' ' && row !== undefined && selection !== undefined) {
      event.preventDefault();
      selection.onChange(toggled(selection.chosen, row.id));
    }
  };

  // One stop for Tab, however long the list is: the row that the arrows chose, and what can be pressed in it.
  useLayoutEffect(() => {
    for (const row of scroll.current?.querySelectorAll<HTMLElement>('.table-row') ?? []) {
      for (const control of row.querySelectorAll<HTMLElement>('a, button')) control.tabIndex = row.tabIndex;
    }
  });

  return (
    <div className="table-scroll" ref={scroll}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        aria-multiselectable={selection === undefined ? undefined : true}
        className="table"
        style={tracksOf(tracks)}
      >
        <div role="row" className="table-head" aria-rowindex={1}>
          {selection === undefined ? null : (
            <div role="columnheader" className="table-cell">
              <input
                type="checkbox"
                aria-label="Choose all that are listed"
                checked={sorted.length > 0 && sorted.every(({ id }) => selection.chosen.has(id))}
                onChange={(event) =>
                  selection.onChange(event.target.checked ? new Set(sorted.map(({ id }) => id)) : new Set())
                }
              />
            </div>
          )}
          {columns.map(({ key, head, title, align }) => (
            <div
              key={key}
              role="columnheader"
              className="table-cell"
              data-align={align}
              aria-sort={order?.key === key ? (order.isDescending ? 'descending' : 'ascending') : 'none'}
            >
              {head === '' ? null : (
                <button type="button" className="table-sort" title={title} onClick={() => onSort(nextSort(sort, key))}>
                  {head}
                  {order?.key === key ? (
                    <span className={order.isDescending ? 'table-arrow' : 'table-arrow table-arrow-up'}>
                      <Icon name="down" size={12} />
                    </span>
                  ) : null}
                </button>
              )}
            </div>
          ))}
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start, key: itemKey }) => {
            const row = sorted[index];
            if (row === undefined) return null;
            const isChosen = selection?.chosen.has(row.id);
            return (
              <div
                key={itemKey}
                role="row"
                className="table-row"
                data-row={index}
                aria-rowindex={index + 2}
                aria-selected={isChosen}
                aria-current={current === row.id ? 'true' : undefined}
                data-opens={onOpen === undefined ? undefined : ''}
                tabIndex={index === Math.min(active, sorted.length - 1) ? 0 : -1}
                style={{ transform: `translateY(${start}px)`, height: rowHeightPx }}
                onKeyDown={onKeyDown}
                onFocus={() => setActive(index)}
                onClick={(event) => {
                  if (!isControl(event.target)) onOpen?.(row.original);
                }}
              >
                {selection === undefined ? null : (
                  <div role="gridcell" className="table-cell">
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label={`Choose ${row.id}`}
                      checked={isChosen === true}
                      onChange={() => selection.onChange(toggled(selection.chosen, row.id))}
                    />
                  </div>
                )}
                {columns.map(({ key, align, value, cell }) => (
                  <div key={key} role="gridcell" className="table-cell" data-align={align}>
                    {cell === undefined ? <span>{value(row.original)}</span> : cell(row.original)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {sorted.length === 0 ? <div className="table-empty">{empty}</div> : null}
    </div>
  );
}

type Step = (from: number, count: number) => number;

const pageRows = 20;
const steps: Readonly<Record<string, Step | undefined>> = {
  ArrowDown: (from) => from + 1,
  ArrowUp: (from) => from - 1,
  PageDown: (from) => from + pageRows,
  PageUp: (from) => from - pageRows,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** React knows no custom properties; the row's tracks are one, since rows that scroll cannot be a subgrid. */
function tracksOf(tracks: string): CSSProperties {
  const style: Record<string, string> = { '--tracks': tracks };
  return style;
}

function toggled(chosen: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(key)) next.add(key);
  return next;
}

/** A press on a link, a button or a check box in a row is for that, not for the row. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, select, label') !== null;
}
