import type { Cube, CubePivot, FeaturePivot, PivotItem } from '@cpu-atlas/core';
import { pivotCube, pivotFeatures } from '@cpu-atlas/core';
import type { GridCell, GridHead, GridModel } from '../../grid/grid-model.ts';
import { outcomes } from '../../matrix/cell.ts';
import type { Outcome } from '../../matrix/cell.ts';
import { shareOf } from '../../matrix/tally.ts';
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

/** The matrix of the fleet as the screen wants it. */
export interface PivotPicture {
  readonly rows: readonly AxisEntry[];
  readonly columns: readonly AxisEntry[];
  readonly rowAxis: PivotAxisName;
  readonly columnAxis: PivotAxisName;
  readonly tallyOf: (row: number, column: number) => Tally;
  /** All columns of a row together, each as often as the things it stands for. */
  readonly totalOf: (row: number) => Tally;
  readonly filteredOf: (row: number, column: number) => number;
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

type PivotCells =
  | { readonly kind: 'outcomes'; readonly pivot: CubePivot }
  | { readonly kind: 'features'; readonly pivot: FeaturePivot };

const nothing: Tally = { runs: 0, filtered: 0, refused: 0, unknown: 0, 'not-offered': 0 };

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

/** The rows that folding, search and switches leave, over what was laid out before. */
export function drawPivot(cube: Cube, choice: PivotChoice, laid: LaidPivot = layPivot(cube, choice)): PivotPicture {
  const { rowAxis, columnAxis, columns, cells, totals } = laid;
  const rows = rowsOf(cube, choice, laid);
  return {
    ...{ rows, columns, rowAxis, columnAxis },
    tallyOf: (row, column) => tallyCell(cells, rows[row], columns[column]),
    totalOf: (row) => (rows[row]?.items ?? []).reduce((sum, item) => add(sum, totals[item] ?? nothing, 1), nothing),
    filteredOf: (row, column) => mostFiltered(cells, rows[row], columns[column]),
  };
}

function rowsOf(cube: Cube, choice: PivotChoice, { rowAxis, cells, columns }: LaidPivot): readonly AxisEntry[] {
  if (cells.kind === 'features') return featureEntries(cells.pivot, choice.found);
  if (rowAxis === 'feature') return [];
  const all = entriesOf(cube, rowAxis, cells.pivot.rows, choice);
  return choice.onlyDiffering ? keepDiffering(all, (entry) => differs(cells, entry, columns)) : all;
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

function entriesOf(
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
function tallyCell(cells: PivotCells, row: AxisEntry | undefined, column: AxisEntry | undefined): Tally {
  if (row === undefined || column === undefined) return nothing;
  const tally = { ...nothing };
  for (const r of row.items) {
    for (const c of column.items) count(cells, r * cells.pivot.columns.length + c, tally, 1);
  }
  return tally;
}

function mostFiltered(cells: PivotCells, row: AxisEntry | undefined, column: AxisEntry | undefined): number {
  if (cells.kind === 'features') return 0;
  const { mostFiltered: counts, columns } = cells.pivot;
  let most = 0;
  for (const r of row?.items ?? []) {
    for (const c of column?.items ?? []) most = Math.max(most, counts[r * columns.length + c] ?? 0);
  }
  return most;
}

/** Whether two columns of a row come out otherwise, or one of them is of two minds. */
function differs(cells: PivotCells, row: AxisEntry, columns: readonly AxisEntry[]): boolean {
  let first: string | null = null;
  for (const column of columns) {
    const sole = soleOutcome(tallyCell(cells, row, column));
    const filtered = mostFiltered(cells, row, column);
    if (sole === null && filtered === 0) return true;
    const kind = `${sole ?? 'mixed'} ${filtered}`;
    if (first !== null && first !== kind) return true;
    first = kind;
  }
  return false;
}

/** Families stay while any of their members does. */
function keepDiffering(entries: readonly AxisEntry[], isDiffering: (entry: AxisEntry) => boolean): AxisEntry[] {
  const kept = new Set(
    entries.filter((entry) => (entry.kind === 'item' || entry.fold === 'closed') && isDiffering(entry)),
  );
  return entries.filter((entry) => {
    if (kept.has(entry)) return true;
    if (entry.kind !== 'family' || entry.fold === 'closed') return false;
    return entry.items.some((item) => [...kept].some((other) => other.kind === 'item' && other.items.includes(item)));
  });
}

function featureEntries({ features }: FeaturePivot, found: ReadonlySet<string> | null): readonly AxisEntry[] {
  return features.flatMap((name, at): AxisEntry[] =>
    found === null || found.has(name)
      ? [
          {
            ...{ key: name, label: name, note: '', title: name, items: [at], weight: 1 },
            ...{ members: [name], kind: 'item', fold: 'none', isNested: false, isDimmed: false },
          },
        ]
      : [],
  );
}

const featureOutcomes = ['runs', 'not-offered', 'unknown'] as const satisfies readonly Outcome[];

/** The one outcome of all cells behind a cell; null: they differ. */
export function soleOutcome(tally: Tally): Outcome | null {
  const found = outcomes.filter((outcome) => tally[outcome] > 0);
  return found.length === 1 ? (found[0] ?? null) : null;
}

const axisWords = { model: 'model', machine: 'machine type', host: 'host', feature: 'feature' } as const;

/** The picture as rows, columns and cells for the grid. */
export function buildPivotGrid(picture: PivotPicture): GridModel {
  const { rows, columns, tallyOf, filteredOf } = picture;
  const cells = new Map<number, GridCell>();
  return {
    corner: { row: axisWords[picture.rowAxis], column: axisWords[picture.columnAxis] },
    rows: rows.map(headOf),
    columns: columns.map(headOf),
    columnHeads: picture.columnAxis === 'machine' ? 'level' : 'turned',
    cell: (row, column) => {
      const at = row * columns.length + column;
      const known = cells.get(at) ?? cellOf(tallyOf(row, column), filteredOf(row, column), rows[row], columns[column]);
      cells.set(at, known);
      return known;
    },
    share: (row) => shareOf(picture.totalOf(row)),
    notes: null,
    describe: (row, column) => describePlace(picture, row, column),
  };
}

/** A family counts each of its items once; a line of equal things counts as many as they are. */
function weightOf({ kind, weight }: AxisEntry): number {
  return kind === 'family' ? 1 : weight;
}

function add(a: Tally, b: Tally, times: number): Tally {
  return {
    runs: a.runs + b.runs * times,
    filtered: a.filtered + b.filtered * times,
    refused: a.refused + b.refused * times,
    unknown: a.unknown + b.unknown * times,
    'not-offered': a['not-offered'] + b['not-offered'] * times,
  };
}

/** Everything on the screen, by outcome. */
export function tallyPicture({ rows, totalOf }: PivotPicture): Tally {
  return rows.reduce(
    (sum, entry, row) =>
      entry.kind === 'family' && entry.fold === 'open' ? sum : add(sum, totalOf(row), weightOf(entry)),
    nothing,
  );
}

function headOf({ key, label, note, title, fold, weight, kind, isNested, isDimmed }: AxisEntry): GridHead {
  return { key, label, note, title, fold, count: weight, isGroup: kind === 'family', isNested, isDimmed };
}

function cellOf(tally: Tally, filtered: number, row: AxisEntry | undefined, column: AxisEntry | undefined): GridCell {
  const outcome = soleOutcome(tally);
  if (outcome === null || row?.kind === 'family') return { kind: 'tally', tally };
  return {
    kind: 'outcome',
    outcome,
    filtered,
    loss: Math.min(1, filtered / 20),
    proof: null,
    isFaded: false,
    isDimmed: row?.isDimmed === true || column?.isDimmed === true,
  };
}

const outcomeSentences = {
  runs: 'runs as defined',
  filtered: 'starts with features filtered',
  refused: 'QEMU refuses to start it',
  unknown: 'unknown',
  'not-offered': 'not offered',
} as const satisfies Record<Outcome, string>;

const featureSentences = { ...outcomeSentences, runs: 'has it', 'not-offered': 'does not have it' } as const;

function describePlace(
  { rows, columns, rowAxis, tallyOf, filteredOf }: PivotPicture,
  row: number,
  column: number,
): string {
  const [rowEntry, columnEntry] = [rows[row], columns[column]];
  if (rowEntry === undefined || columnEntry === undefined) return (rowEntry ?? columnEntry)?.title ?? '';
  const tally = tallyOf(row, column);
  const sole = soleOutcome(tally);
  const words = rowAxis === 'feature' ? featureSentences : outcomeSentences;
  const filtered = filteredOf(row, column);
  const said =
    sole === null
      ? outcomes
          .filter((outcome) => tally[outcome] > 0)
          .map((outcome) => `${tally[outcome]} ${words[outcome]}`)
          .join(', ')
      : sole === 'filtered'
        ? `starts with ${filtered} features filtered`
        : words[sole];
  return `${rowEntry.title} on ${columnEntry.title}: ${said}`;
}
