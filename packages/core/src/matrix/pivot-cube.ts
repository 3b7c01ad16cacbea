import { notOfferedClass, type Cube } from './cube.ts';
import { cellStatus, statusCode } from './outcome-table.ts';
import {
  hostItems,
  machineItems,
  modelItems,
  type HostItem,
  type PivotItem,
  type PivotSelection,
  type PlacedItem,
} from './pivot-axes.ts';

export type PivotAxis = 'model' | 'machine' | 'host';

/** Two axes that are not the same. */
export type PivotAxes = {
  [Rows in PivotAxis]: { readonly rows: Rows; readonly columns: Exclude<PivotAxis, Rows> };
}[PivotAxis];

/** Which two axes are shown; the third is counted, within what `fixed` selects. */
export type PivotRequest = PivotAxes & { readonly fixed?: PivotSelection | undefined };

/**
 * How many cells of the cube lie behind each cell of the pivot, by status: of models, machine types and hosts. Cell of
 * row r and column c: r * columns.length + c. What a host that is silent would say is unknown.
 */
export interface CubePivot {
  readonly rows: readonly PivotItem[];
  readonly columns: readonly PivotItem[];
  readonly runnable: Uint32Array;
  readonly filtered: Uint32Array;
  readonly refused: Uint32Array;
  readonly unknown: Uint32Array;
  readonly notOffered: Uint32Array;
  /** The most features that one of these cells has filtered. */
  readonly mostFiltered: Uint16Array;
  /** Cells of the cube behind one cell of the pivot, when each item of both axes has one member. */
  readonly total: number;
}

const unknownCode = statusCode('unknown');
const filteredCode = statusCode('filtered');
const notOfferedCode = statusCode('not-offered');

/** The status of one model on one machine type on hosts of one item. */
function statusAt({ sheets }: Cube, model: PlacedItem, machine: PlacedItem, { sheet, column }: HostItem): number {
  if (sheet < 0) return unknownCode;
  const { classOf, machines, status, classCount } = sheets[sheet];
  const [row, at] = [model.places[sheet], machine.places[sheet]];
  if (row < 0 || at < 0) return notOfferedCode;
  const number = classOf[row * machines.length + at];
  return number === notOfferedClass ? notOfferedCode : status[column * classCount + number];
}

/** Features that one model has filtered on one machine type on hosts of one item. */
function filteredAt({ sheets }: Cube, model: PlacedItem, machine: PlacedItem, { sheet, column }: HostItem): number {
  const { classOf, machines, filteredCount, classCount } = sheets[sheet];
  return filteredCount[column * classCount + classOf[model.places[sheet] * machines.length + machine.places[sheet]]];
}

interface Axes {
  readonly model: readonly PlacedItem[];
  readonly machine: readonly PlacedItem[];
  readonly host: readonly HostItem[];
}

/**
 * Lays the cube out along two of its axes and counts along the third: on how many hosts a model runs on a machine type,
 * on how many machine types it runs on a host. Nothing is resolved anew.
 */
export function pivotCube(cube: Cube, { rows, columns, fixed = {} }: PivotRequest): CubePivot {
  const axes: Axes = {
    model: modelItems(cube, fixed.models),
    machine: machineItems(cube, fixed.machines),
    host: hostItems(cube, fixed.hosts),
  };
  const size = axes[rows].length * axes[columns].length;
  const counts = cellStatus.map(() => new Uint32Array(size));
  const mostFiltered = new Uint16Array(size);
  const width = axes[columns].length;
  const shown = new Set<PivotAxis>([rows, columns]);
  const weightOf = (axis: PivotAxis, { members }: PivotItem): number => (shown.has(axis) ? 1 : members.length);
  axes.host.forEach((host, h) => {
    const hostWeight = weightOf('host', host);
    axes.machine.forEach((machine, t) => {
      const weight = hostWeight * weightOf('machine', machine);
      axes.model.forEach((model, m) => {
        const place = { model: m, machine: t, host: h };
        const at = place[rows] * width + place[columns];
        const status = statusAt(cube, model, machine, host);
        counts[status][at] += weight;
        if (status !== filteredCode) return;
        mostFiltered[at] = Math.max(mostFiltered[at], filteredAt(cube, model, machine, host));
      });
    });
  });
  const [runnable, filtered, refused, unknown, notOffered] = counts;
  const total = (['model', 'machine', 'host'] as const)
    .filter((axis) => !shown.has(axis))
    .flatMap((axis): readonly PivotItem[] => axes[axis])
    .reduce((sum, { members }) => sum + members.length, 0);
  return {
    rows: axes[rows],
    columns: axes[columns],
    runnable,
    filtered,
    refused,
    unknown,
    notOffered,
    mostFiltered,
    total,
  };
}
