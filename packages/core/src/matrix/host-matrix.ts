import { countFeatures } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { acceleratorOf, isKvmCatalog, locateCell, type Cell } from '../resolve/locate-cell.ts';
import { settleCell } from '../resolve/settle-cell.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import type { Accelerator, KernelIrqchip, ResolutionStatus } from '../resolve/resolution.ts';
import { familyOf, newestFirst } from './model-families.ts';

/** Codes of `HostMatrix.status`. */
export const cellStatus = ['runnable', 'filtered', 'refused', 'unknown', 'not-offered'] as const;
export type CellStatus = (typeof cellStatus)[number];

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

export interface MatrixRequest {
  readonly accel: Accelerator;
  readonly kernelIrqchip?: KernelIrqchip | undefined;
}

interface Outcome {
  readonly status: number;
  readonly filtered: number;
  readonly requested: number;
  readonly enabled: number;
  /** Equal for equal feature words and filtered words. */
  readonly digest: number;
}

const statusCode = (status: ResolutionStatus): number => cellStatus.indexOf(status);
const notOffered: Outcome = { status: cellStatus.indexOf('not-offered'), filtered: 0, requested: 0, enabled: 0, digest: 0 };

/** Named bits only: nameless ones (state components, AMD's copies) are nothing that anybody asks for. */
function namedBits({ index }: ResolveContext): FeatureSet {
  const named = new Uint32Array(index.layout.laneCount);
  index.bitNames.forEach((name, i) => {
    if (name !== null) named[i >> 5] |= 1 << (i & 31);
  });
  return named;
}

/** FNV-1a over the lanes of both sets. */
function digestOf(effective: FeatureSet, filtered: FeatureSet): number {
  let hash = 0x811c9dc5;
  for (const set of [effective, filtered])
    for (let lane = 0; lane < set.length; lane++) hash = Math.imul(hash ^ set[lane] ^ (lane << 8), 0x01000193) >>> 0;
  return hash;
}

function countNamed(set: FeatureSet, named: FeatureSet): number {
  const masked = new Uint32Array(set.length);
  for (let lane = 0; lane < set.length; lane++) masked[lane] = set[lane] & named[lane];
  return countFeatures(masked);
}

/** Computes outcomes once for each row of the catalog and each kind of machine type that can tell rows apart. */
class OutcomeCache {
  readonly #context: ResolveContext;
  readonly #request: MatrixRequest;
  readonly #named: FeatureSet;
  readonly #known = new Map<string, Outcome>();

  constructor(context: ResolveContext, request: MatrixRequest) {
    this.#context = context;
    this.#request = request;
    this.#named = namedBits(context);
  }

  outcomeOf(cell: Cell, model: string, machine: string, groupKey: number): Outcome {
    if (cell.row < 0) return notOffered;
    const key = `${cell.row} ${groupKey} ${cell.kind}`;
    const known = this.#known.get(key) ?? this.#compute(cell, model, machine);
    this.#known.set(key, known);
    return known;
  }

  #compute(cell: Cell, cpu: string, machine: string): Outcome {
    const request = { ...this.#request, machine, cpu };
    const settled = settleCell(this.#context, request, cell, { model: cpu, edits: [] });
    const { status } = judgeCell(this.#context, request, settled);
    const { requested, effective, filtered } = settled.words;
    return {
      status: statusCode(status),
      filtered: countNamed(filtered, this.#named),
      requested: countNamed(requested.map((lane, i) => lane | filtered[i]), this.#named),
      enabled: countNamed(effective, this.#named),
      digest: digestOf(effective, filtered) ^ statusCode(status),
    };
  }
}

/** Machine types of one group of the catalog, in order. */
interface GroupColumn {
  readonly group: number;
  readonly machines: number[];
}

function groupMachines(machineGroups: readonly number[]): GroupColumn[] {
  const columns = new Map<number, GroupColumn>();
  machineGroups.forEach((group, machine) => {
    if (group < 0) return;
    const column = columns.get(group) ?? { group, machines: [] };
    column.machines.push(machine);
    columns.set(group, column);
  });
  return [...columns.values()];
}

/** Groups that differ only in properties that change no feature word still give other outcomes for other reasons. */
function groupKeys(context: ResolveContext, accel: Accelerator): number[] {
  const { source } = acceleratorOf(context.index, accel);
  const keys = new Map<string, number>();
  return source.groups.map((_, group) => {
    const traits = JSON.stringify([
      source.groupProperties[group],
      source.withheld[group],
      source.forcesHostPhysBits[group],
      isKvmCatalog(source) ? [source.irqchipDefault[group], source.splitExtDestId[group]] : null,
    ]);
    const known = keys.get(traits) ?? keys.size;
    keys.set(traits, known);
    return known;
  });
}

/**
 * Resolves every model on every machine type of a host, and folds machine types on which nothing differs.
 * @throws ACCELERATOR_UNKNOWN
 */
export function computeHostMatrix(context: ResolveContext, request: MatrixRequest): HostMatrix {
  const { catalog } = context.index;
  const { source } = acceleratorOf(context.index, request.accel);
  const cache = new OutcomeCache(context, request);
  const keys = groupKeys(context, request.accel);
  const groups = groupMachines(source.machineGroups).map(({ group, machines }) => {
    const machine = catalog.machines[machines[0]].name;
    const outcomes = catalog.models.map(({ name }) =>
      cache.outcomeOf(locateCell(context.index, request.accel, machine, name), name, machine, keys[group]),
    );
    return { group, machines, outcomes, aliases: source.aliases[group] };
  });
  const columns = foldEqual(groups);
  const order = catalog.models.map((_, m) => m).sort((a, b) => compareModels(catalog.models[a].name, catalog.models[b].name));
  const position = new Map(order.map((model, at) => [model, at]));
  const size = order.length * columns.length;
  const matrix: HostMatrix = {
    accel: request.accel,
    kernelIrqchip: request.kernelIrqchip ?? null,
    models: order.map((m) => ({ name: catalog.models[m].name, deprecated: catalog.models[m].deprecated, ...familyOf(catalog.models[m].name) })),
    columns: columns.map(({ machines }) => describeColumn(context, machines)),
    status: new Uint8Array(size),
    filteredCount: new Uint16Array(size),
    requestedCount: new Uint16Array(size),
    enabledCount: new Uint16Array(size),
    aliasOf: new Int16Array(size).fill(-1),
  };
  order.forEach((model, at) => {
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

function describeColumn({ index }: ResolveContext, machines: readonly number[]): MatrixColumn {
  const members = machines.map((machine) => index.catalog.machines[machine]).sort((a, b) => newestFirst(a.name, b.name));
  return {
    machines: members.map(({ name }) => name),
    aliases: members.flatMap(({ alias }) => alias ?? []),
    deprecated: members.every(({ deprecated }) => deprecated),
  };
}

function compareModels(a: string, b: string): number {
  const [first, second] = [familyOf(a), familyOf(b)];
  return first.vendor.localeCompare(second.vendor) || first.family.localeCompare(second.family) || a.localeCompare(b, 'en', { numeric: true });
}
