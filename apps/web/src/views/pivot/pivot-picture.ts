import type { Cube, FeaturePivot } from '@cpu-atlas/core';
import type { Tally } from '../../matrix/tally.ts';
import type { AxisEntry } from './axis-entries.ts';
import { entriesOf, layPivot, mostFiltered, nothing, soleOutcome, tallyCell, weightOf } from './lay-pivot.ts';
import type { LaidPivot, PivotCells, PivotChoice } from './lay-pivot.ts';
import type { PivotAxisName } from './pivot-fields.ts';

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
