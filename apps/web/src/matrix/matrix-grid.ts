import type { HostMatrix } from '@cpu-atlas/core';
import type { GridCell, GridHead, GridModel } from '../grid/grid-model.ts';
import type { MachineEntry } from './machine-axis.ts';
import type { ModelEntry } from './model-axis.ts';
import type { RowNotes } from './row-notes.ts';
import { describeCell, readCell } from './cell.ts';
import { shareOf, tallyCells } from './tally.ts';
import type { Tally, WeightedColumn } from './tally.ts';

/** What the matrix view shows: the core's matrix, its two axes as filtered and folded, and what lies over the cells. */
export interface MatrixPicture {
  readonly matrix: HostMatrix;
  readonly models: readonly ModelEntry[];
  readonly machines: readonly MachineEntry[];
  readonly isTransposed: boolean;
  readonly proofOf: (model: string, machines: readonly string[]) => 'equal' | 'different' | null;
  /** Cells (as numbered in the matrix) that filter the feature one searches for; null: no such search. */
  readonly highlighted: Uint8Array | null;
  /** The feature one searches for. */
  readonly feature: string | null;
  /** What each model loses on the machine type that speaks for all; null: nothing is shown. */
  readonly notes: { readonly machine: string; readonly rows: RowNotes } | null;
}

/** The picture as rows, columns and cells for the grid. */
export function buildMatrixGrid(picture: MatrixPicture): GridModel {
  const { models, machines, isTransposed } = picture;
  const cells = new Map<number, GridCell>();
  const cellOf = (model: number, machine: number): GridCell => {
    const at = model * machines.length + machine;
    const known = cells.get(at);
    if (known !== undefined) return known;
    const cell = buildCell(picture, models[model], machines[machine]);
    cells.set(at, cell);
    return cell;
  };
  const modelHeads = models.map(headOfModel);
  const machineHeads = machines.map(headOfMachine);
  const shares = new Map<number, ReturnType<typeof shareOf>>();
  return {
    corner: isTransposed ? { row: 'machine type', column: 'model' } : { row: 'model', column: 'machine type' },
    rows: isTransposed ? machineHeads : modelHeads,
    columns: isTransposed ? modelHeads : machineHeads,
    columnHeads: isTransposed ? 'turned' : 'level',
    cell: (row, column) => (isTransposed ? cellOf(column, row) : cellOf(row, column)),
    share: (row) => {
      const known = shares.get(row) ?? shareOf(isTransposed ? tallyMachine(picture, row) : tallyModel(picture, row));
      shares.set(row, known);
      return known;
    },
    notes: listNotes(picture),
    describe: (row, column) =>
      isTransposed ? describePlace(picture, column, row) : describePlace(picture, row, column),
  };
}

function listNotes({ models, notes, isTransposed, feature }: MatrixPicture): GridModel['notes'] {
  if (notes === null || isTransposed) return null;
  return {
    title: `What is missing on ${notes.machine}`,
    marked: feature,
    noteOf: (row) => {
      const entry = models[row];
      return entry?.kind === 'model' ? notes.rows.noteOf(entry.model) : null;
    },
  };
}

function headOfModel(entry: ModelEntry): GridHead {
  if (entry.kind === 'family') {
    return {
      key: entry.key,
      label: entry.label,
      note: '',
      title: `${entry.label}, ${entry.models.length} models`,
      fold: entry.isOpen ? 'open' : 'closed',
      count: entry.models.length,
      isGroup: true,
      isNested: false,
      isDimmed: false,
    };
  }
  const aliases = entry.aliases.join(', ');
  return {
    key: entry.key,
    label: entry.label,
    note: aliases === '' ? '' : `= ${aliases}`,
    title:
      entry.label + (aliases === '' ? '' : `, also called ${aliases}`) + (entry.isDeprecated ? ', deprecated' : ''),
    fold: 'none',
    count: 1,
    isGroup: false,
    isNested: entry.isNested,
    isDimmed: entry.isDeprecated,
  };
}

function headOfMachine(entry: MachineEntry): GridHead {
  return {
    key: entry.key,
    label: entry.label.range,
    note: entry.label.families,
    title: machineTitle(entry),
    fold: entry.fold === 'closed' ? 'closed' : entry.fold === 'open' ? 'open' : 'none',
    count: entry.machines.length,
    isGroup: false,
    isNested: false,
    isDimmed: entry.isDeprecated,
  };
}

function machineTitle(entry: MachineEntry): string {
  const name = entry.machines.length === 1 ? (entry.machines[0] ?? '') : entry.label.title;
  const equal = entry.machines.length === 1 ? '' : ` (${entry.machines.length} machine types with equal outcomes)`;
  return name + equal + (entry.isDeprecated ? ', deprecated' : '');
}

function buildCell(
  { matrix, proofOf, highlighted }: MatrixPicture,
  model: ModelEntry | undefined,
  machine: MachineEntry | undefined,
): GridCell {
  if (model === undefined || machine === undefined) return { kind: 'tally', tally: emptyTally };
  const { column } = machine;
  if (model.kind === 'family') {
    return { kind: 'tally', tally: tallyCells(matrix, model.models, [{ column, weight: 1 }]) };
  }
  const { outcome, filtered, requested } = readCell(matrix, { model: model.model, column });
  return {
    kind: 'outcome',
    outcome,
    filtered,
    loss: requested === 0 ? 0 : filtered / requested,
    proof: proofOf(model.label, machine.machines),
    isFaded: highlighted !== null && highlighted[model.model * matrix.columns.length + column] !== 1,
    isDimmed: model.isDeprecated || machine.isDeprecated,
  };
}

const emptyTally: Tally = { runs: 0, filtered: 0, refused: 0, unknown: 0, 'not-offered': 0 };

function tallyModel({ matrix, models, machines }: MatrixPicture, index: number): Tally {
  const entry = models[index];
  return entry === undefined ? emptyTally : tallyCells(matrix, modelsOf(entry), machines.map(weigh));
}

/** Counts every model once, whether its family is folded or not. */
function tallyMachine({ matrix, models, machines }: MatrixPicture, index: number): Tally {
  const entry = machines[index];
  if (entry === undefined) return emptyTally;
  return tallyCells(matrix, listModels(models), [{ column: entry.column, weight: 1 }]);
}

function weigh({ column, machines }: MachineEntry): WeightedColumn {
  return { column, weight: machines.length };
}

function modelsOf(entry: ModelEntry): readonly number[] {
  return entry.kind === 'family' ? entry.models : [entry.model];
}

/** Every model on the axis once, folded or not. */
export function listModels(entries: readonly ModelEntry[]): readonly number[] {
  return [...new Set(entries.flatMap(modelsOf))];
}

/** Outcomes of all cells on the screen, folded ones included. */
export function tallyPicture(picture: Pick<MatrixPicture, 'matrix' | 'models' | 'machines'>): Tally {
  return tallyCells(picture.matrix, listModels(picture.models), picture.machines.map(weigh));
}

function describePlace({ matrix, models, machines }: MatrixPicture, modelAt: number, machineAt: number): string {
  const model = models[modelAt];
  const machine = machines[machineAt];
  const modelTitle = model === undefined ? '' : headOfModel(model).title;
  const machineText = machine === undefined ? '' : machineTitle(machine);
  if (model === undefined || machine === undefined) return modelTitle || machineText;
  const place = `${model.label} on ${machineText}`;
  if (model.kind === 'model') {
    return `${place}: ${describeCell(readCell(matrix, { model: model.model, column: machine.column }))}`;
  }
  const { runs, of } = shareOf(tallyCells(matrix, model.models, [{ column: machine.column, weight: 1 }]));
  return `${place}: ${runs} of ${of} models run as defined`;
}
