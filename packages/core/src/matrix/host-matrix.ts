import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { Accelerator, KernelIrqchip } from '../resolve/resolution.ts';
import { classifyCells, type MatrixRequest } from './cell-classes.ts';
import { compareNames, familyOf, newestFirst } from './model-families.ts';
import { OutcomeTable, cellStatus, type CellStatus, type Outcome } from './outcome-table.ts';

export { cellStatus, type CellStatus, type MatrixRequest };

export interface MatrixModel {
  readonly name: string;
  readonly deprecated: boolean;
  /** For folding: `AMD EPYC`, `Intel Haswell`, `QEMU`. */
  readonly family: string;
  readonly vendor: string;
}

/** Machine types on which every model comes out the same on this host. */
export interface MatrixColumn {
  readonly machines: readonly string[];
  readonly aliases: readonly string[];
  /** All of them are deprecated. */
  readonly deprecated: boolean;
}

/** Every model on every machine type of one host. The cell of model m and column c lies at m * columns.length + c. */
export interface HostMatrix {
  readonly accel: Accelerator;
  /** As asked for; null: what each machine type does by itself. */
  readonly kernelIrqchip: KernelIrqchip | null;
  readonly models: readonly MatrixModel[];
  readonly columns: readonly MatrixColumn[];
  /** Indexes into {@link cellStatus}. */
  readonly status: Uint8Array;
  /** Named features that are asked for and not to be had. */
  readonly filteredCount: Uint16Array;
  readonly requestedCount: Uint16Array;
  readonly enabledCount: Uint16Array;
  /** The model that a name stands for in that column (index into `models`), -1: none. */
  readonly aliasOf: Int16Array;
}

/** Models as lists show them: by vendor, family and name. */
export function orderModels(index: CatalogIndex): { readonly model: number; readonly shown: MatrixModel }[] {
  const models = index.catalog.models.map(({ name, deprecated }, model) => ({
    model,
    shown: { name, deprecated, ...familyOf(name) },
  }));
  return models.sort(
    ({ shown: a }, { shown: b }) =>
      compareNames(a.vendor, b.vendor) || compareNames(a.family, b.family) || compareNames(a.name, b.name),
  );
}

/**
 * Resolves every model on every machine type of a host, and folds machine types on which nothing differs.
 * @throws ACCELERATOR_UNKNOWN
 */
export function computeHostMatrix(context: ResolveContext, request: MatrixRequest): HostMatrix {
  const classes = classifyCells(context.index, request);
  const table = new OutcomeTable(context, classes);
  const columns = foldEqual(
    classes.groups.map(({ group, machines, classOf }) => ({
      machines,
      outcomes: Array.from(classOf, (number) => table.outcomeOf(number)),
      aliases: classes.accelerator.source.aliases[group],
    })),
  );
  const models = orderModels(context.index);
  const position = new Map(models.map(({ model }, at) => [model, at]));
  const size = models.length * columns.length;
  const matrix: HostMatrix = {
    accel: request.accel,
    kernelIrqchip: request.kernelIrqchip ?? null,
    models: models.map(({ shown }) => shown),
    columns: columns.map(({ machines }) => describeColumn(context.index, machines)),
    status: new Uint8Array(size),
    filteredCount: new Uint16Array(size),
    requestedCount: new Uint16Array(size),
    enabledCount: new Uint16Array(size),
    aliasOf: new Int16Array(size).fill(-1),
  };
  models.forEach(({ model }, at) => {
    columns.forEach(({ outcomes, aliases }, c) => {
      const cell = at * columns.length + c;
      const outcome = outcomes[model];
      matrix.status[cell] = outcome.status;
      matrix.filteredCount[cell] = outcome.filtered;
      matrix.requestedCount[cell] = outcome.requested;
      matrix.enabledCount[cell] = outcome.enabled;
      matrix.aliasOf[cell] = position.get(aliases[model]) ?? -1;
    });
  });
  return matrix;
}

interface Column {
  readonly machines: readonly number[];
  readonly outcomes: readonly Outcome[];
  readonly aliases: readonly number[];
}

function foldEqual(groups: readonly Column[]): Column[] {
  const folded = new Map<string, Column>();
  for (const column of groups) {
    const key = column.outcomes.map((outcome, m) => `${outcome.digest} ${column.aliases[m]}`).join();
    const known = folded.get(key);
    folded.set(key, known ? { ...known, machines: [...known.machines, ...column.machines] } : column);
  }
  return [...folded.values()];
}

export function describeColumn(index: CatalogIndex, machines: readonly number[]): MatrixColumn {
  const members = machines
    .map((machine) => index.catalog.machines[machine])
    .sort((a, b) => newestFirst(a.name, b.name));
  return {
    machines: members.map(({ name }) => name),
    aliases: members.flatMap(({ alias }) => alias ?? []),
    deprecated: members.every(({ deprecated }) => deprecated),
  };
}
