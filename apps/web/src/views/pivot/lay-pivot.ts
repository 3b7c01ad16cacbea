import type { Cube, CubePivot, FeaturePivot, PivotItem } from '@cpu-atlas/core';
import { pivotCube, pivotFeatures } from '@cpu-atlas/core';
import type { Outcome } from '../../matrix/cell.ts';
import { outcomes } from '../../matrix/cell.ts';
import type { Tally } from '../../matrix/tally.ts';
import { hostEntries, machineEntries, modelEntries } from './axis-entries.ts';
import type { AxisEntry, EntryChoice } from './axis-entries.ts';
import type { PivotAxisName } from './pivot-fields.ts';

export interface PivotChoice extends EntryChoice {
  readonly rows: PivotAxisName;
  readonly columns: Exclude<PivotAxisName, 'feature'>;
  /** What holds the axes fast that are not shown; '' counts all. */
  readonly fixed: { readonly model: string; readonly machine: string; readonly host: string };
  readonly onlyDiffering: boolean;
}

/** What a search does not change: the counts of all cells, the columns, and what each row comes to over them. */
export interface LaidPivot {
  readonly rowAxis: PivotAxisName;
  readonly columnAxis: Exclude<PivotAxisName, 'feature'>;
  readonly columns: readonly AxisEntry[];
  readonly cells: PivotCells;
  /** Of each row item. */
  readonly totals: readonly Tally[];
}

export type PivotCells =
  | { readonly kind: 'outcomes'; readonly pivot: CubePivot }
  | { readonly kind: 'features'; readonly pivot: FeaturePivot };

export const nothing: Tally = { runs: 0, filtered: 0, refused: 0, unknown: 0, 'not-offered': 0 };

/** Lays the cube out along two axes. Takes some tens of milliseconds for a million cells; a search needs it no more. */
export function layPivot(cube: Cube, choice: PivotChoice): LaidPivot {
  const { rowAxis, columnAxis, cells } = pivotCells(cube, choice);
  const columns = entriesOf(cube, columnAxis, cells.pivot.columns, { ...choice, found: null });
  const rowCount = cells.kind === 'features' ? cells.pivot.features.length : cells.pivot.rows.length;
  const totals = Array.from({ length: rowCount }, (_, row): Tally => {
    const total = { ...nothing };
    for (const column of columns) {
      for (const item of column.items) count(cells, row * cells.pivot.columns.length + item, total, weightOf(column));
    }
    return total;
  });
  return { rowAxis, columnAxis, columns, cells, totals };
}

function pivotCells(cube: Cube, choice: PivotChoice): Pick<LaidPivot, 'rowAxis' | 'columnAxis' | 'cells'> {
  const { rows: rowAxis } = choice;
  if (rowAxis === 'feature') {
    const pivot = pivotFeatures(cube, { onlyDiffering: choice.onlyDiffering });
    return { rowAxis, columnAxis: 'host', cells: { kind: 'features', pivot } };
  }
  const columnAxis = choice.columns === rowAxis ? otherAxis(rowAxis) : choice.columns;
  const select = (axis: 'model' | 'machine' | 'host') =>
    axis === rowAxis || axis === columnAxis || choice.fixed[axis] === '' ? undefined : [choice.fixed[axis]];
  const fixed = { models: select('model'), machines: select('machine'), hosts: select('host') };
  return { rowAxis, columnAxis, cells: { kind: 'outcomes', pivot: pivotAlong(cube, rowAxis, columnAxis, fixed) } };
}

function pivotAlong(
  cube: Cube,
  rows: 'model' | 'machine' | 'host',
  columns: 'model' | 'machine' | 'host',
  fixed: Parameters<typeof pivotCube>[1]['fixed'],
): CubePivot {
  switch (rows) {
    case 'model':
      return pivotCube(cube, { rows, columns: columns === 'machine' ? 'machine' : 'host', fixed });
    case 'machine':
      return pivotCube(cube, { rows, columns: columns === 'model' ? 'model' : 'host', fixed });
    case 'host':
      return pivotCube(cube, { rows, columns: columns === 'model' ? 'model' : 'machine', fixed });
  }
}

function otherAxis(axis: 'model' | 'machine' | 'host'): 'model' | 'machine' | 'host' {
  return axis === 'host' ? 'model' : 'host';
}

export function entriesOf(
  cube: Cube,
  axis: 'model' | 'machine' | 'host',
  items: readonly PivotItem[],
  choice: EntryChoice,
): AxisEntry[] {
  switch (axis) {
    case 'model':
      return modelEntries(cube, items, choice);
    case 'machine':
      return machineEntries(cube, items, choice);
    case 'host':
      return hostEntries(cube, items, choice);
  }
}

const featureOutcomes = ['runs', 'not-offered', 'unknown'] as const satisfies readonly Outcome[];

/** Adds one cell of the pivot to a tally. */
function count(cells: PivotCells, at: number, tally: Record<Outcome, number>, times: number): void {
  if (cells.kind === 'features') {
    tally[featureOutcomes[cells.pivot.state[at] ?? 2] ?? 'unknown'] += times;
    return;
  }
  const { runnable, filtered, refused, unknown, notOffered } = cells.pivot;
  tally.runs += (runnable[at] ?? 0) * times;
  tally.filtered += (filtered[at] ?? 0) * times;
  tally.refused += (refused[at] ?? 0) * times;
  tally.unknown += (unknown[at] ?? 0) * times;
  tally['not-offered'] += (notOffered[at] ?? 0) * times;
}

/**
 * Cells of the cube behind one of the screen, by outcome. Things that are folded because they are equal count once: what
 * they count is the same for each of them.
 */
export function tallyCell(cells: PivotCells, row: AxisEntry | undefined, column: AxisEntry | undefined): Tally {
  if (row === undefined || column === undefined) return nothing;
  const tally = { ...nothing };
  for (const r of row.items) {
    for (const c of column.items) count(cells, r * cells.pivot.columns.length + c, tally, 1);
  }
  return tally;
}

export function mostFiltered(cells: PivotCells, row: AxisEntry | undefined, column: AxisEntry | undefined): number {
  if (cells.kind === 'features') return 0;
  const { mostFiltered: counts, columns } = cells.pivot;
  let most = 0;
  for (const r of row?.items ?? []) {
    for (const c of column?.items ?? []) most = Math.max(most, counts[r * columns.length + c] ?? 0);
  }
  return most;
}

/** The one outcome of all cells behind a cell; null: they differ. */
export function soleOutcome(tally: Tally): Outcome | null {
  const found = outcomes.filter((outcome) => tally[outcome] > 0);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** A family counts each of its items once; a line of equal things counts as many as they are. */
export function weightOf({ kind, weight }: AxisEntry): number {
  return kind === 'family' ? 1 : weight;
}
