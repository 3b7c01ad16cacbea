import type { GridCell, GridHead, GridModel } from '../../grid/grid-model.ts';
import { outcomes } from '../../matrix/cell.ts';
import type { Outcome } from '../../matrix/cell.ts';
import { shareOf } from '../../matrix/tally.ts';
import type { Tally } from '../../matrix/tally.ts';
import type { AxisEntry } from './axis-entries.ts';
import { soleOutcome } from './lay-pivot.ts';
import type { PivotPicture } from './pivot-picture.ts';

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
