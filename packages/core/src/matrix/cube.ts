import { countFeatures } from '../x86/feature-set.ts';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { Accelerator, KernelIrqchip } from '../resolve/resolution.ts';
import type { CellClasses } from './cell-classes.ts';
import type { CubeColumn } from './cube-column.ts';
import { describeColumn, orderModels, type MatrixColumn, type MatrixModel } from './host-matrix.ts';

/** Codes of `CubeHosts.freshness`. What is not fresh counts as unknown in every answer. */
export const hostFreshness = ['fresh', 'stale', 'unreachable'] as const;
export type HostFreshnessState = (typeof hostFreshness)[number];

/** `CubeSheet.classOf` of a model that a machine type does not offer. */
export const notOfferedClass = 0xffff;

/** Which QEMU answers. */
export interface SheetQemu {
  readonly version: string;
  readonly package: string;
  /** Content hash of the catalog. */
  readonly catalog: string;
  /** The version of the binary that a nearest catalog stands for; null: the catalog's own. */
  readonly runsAs: string | null;
}

/** Every model on every machine type of one QEMU, for all kinds of host that run it. */
/** A model, and the most features that its definition asks for on any machine type: later generations ask for more. */
export interface SheetModel extends MatrixModel {
  readonly asks: number;
}

export interface CubeSheet {
  readonly qemu: SheetQemu;
  readonly models: readonly SheetModel[];
  /** Machine types on which every model comes out the same on every host of this cube. */
  readonly machines: readonly MatrixColumn[];
  /** In the order of the catalog. */
  readonly features: readonly string[];
  readonly classCount: number;
  readonly columnCount: number;
  /** The class of model m on machine types t lies at m * machines.length + t. */
  readonly classOf: Uint16Array;
  /** The model that a name stands for there (index into `models`), -1: none. */
  readonly aliasOf: Int16Array;
  /** Indexes into `cellStatus`; class k of column c lies at c * classCount + k. */
  readonly status: Uint8Array;
  /** Named features that are asked for and not to be had; as `status`. */
  readonly filteredCount: Uint16Array;
  /** Bit f & 7 of byte c * ceil(features / 8) + (f >> 3): the accelerator has feature f on hosts of column c. */
  readonly supported: Uint8Array;
  /** As `supported`: it is not known. */
  readonly supportUnknown: Uint8Array;
}

/** Hosts, and what each of them is. */
export interface CubeHosts {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  /** Index into `Cube.fingerprints`, -1: nothing is known of the host. */
  readonly fingerprintOf: Int32Array;
  /** Indexes into {@link hostFreshness}. */
  readonly freshness: Uint8Array;
}

/** Model × machine type × host, folded: all hosts of one fingerprint share a column, all equal cells a class. */
export interface Cube {
  readonly accel: Accelerator;
  /** As asked for; null: what each machine type does by itself. */
  readonly kernelIrqchip: KernelIrqchip | null;
  /** The time that it shows, RFC 3339; null: now. */
  readonly at: string | null;
  /** One for each QEMU: just one, unless each host was asked with its own. */
  readonly sheets: readonly CubeSheet[];
  readonly fingerprints: readonly string[];
  /** Of each fingerprint the sheet and the column in it; sheet -1: its QEMU is not known, so every cell is. */
  readonly sheetOf: Int16Array;
  readonly columnOf: Uint16Array;
  readonly hosts: CubeHosts;
}

/** A sheet, and the column of it that each of the given columns became. */
export interface FoldedSheet {
  readonly sheet: CubeSheet;
  readonly columnOf: readonly number[];
}

const fnvStart = 0x811c9dc5;

function hashStep(hash: number, value: number): number {
  const product = Math.imul(hash ^ value, 0x01000193);
  return product ^ (product >>> 15);
}

/** Numbers things so that equal ones share a number; `hash` only finds candidates, `equals` decides. */
function numberEqual(
  count: number,
  hash: (item: number) => number,
  equals: (a: number, b: number) => boolean,
): { readonly numbers: number[]; readonly firsts: number[] } {
  const buckets = new Map<number, number[]>();
  const firsts: number[] = [];
  const numbers: number[] = [];
  for (let item = 0; item < count; item++) {
    const key = hash(item);
    const bucket = buckets.get(key) ?? [];
    const known = bucket.find((number) => equals(firsts[number], item));
    if (known === undefined) {
      bucket.push(firsts.length);
      buckets.set(key, bucket);
      numbers.push(firsts.push(item) - 1);
    } else numbers.push(known);
  }
  return { numbers, firsts };
}

function equalBytes(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

const partsOf = ({ status, filteredCount, supported, supportUnknown }: CubeColumn): ArrayLike<number>[] => [
  status,
  filteredCount,
  supported,
  supportUnknown,
];

function foldColumns(columns: readonly CubeColumn[]): { numbers: number[]; firsts: number[] } {
  const parts = columns.map(partsOf);
  return numberEqual(
    columns.length,
    (column) => {
      let hash = fnvStart;
      for (const part of parts[column]) for (let i = 0; i < part.length; i++) hash = hashStep(hash, part[i]);
      return hash;
    },
    (a, b) => parts[a].every((part, i) => equalBytes(part, parts[b][i])),
  );
}

/** Classes that come out alike in all columns become one. */
function foldClasses(count: number, columns: readonly CubeColumn[]): { numbers: number[]; firsts: number[] } {
  const hashes = new Int32Array(count).fill(fnvStart);
  for (const { status, filteredCount } of columns)
    for (let i = 0; i < count; i++) hashes[i] = hashStep(hashStep(hashes[i], status[i]), filteredCount[i]);
  const isEqual = (a: number, b: number): boolean =>
    columns.every(({ status, filteredCount }) => status[a] === status[b] && filteredCount[a] === filteredCount[b]);
  return numberEqual(count, (item) => hashes[item], isEqual);
}

interface FoldedGroup {
  readonly machines: number[];
  readonly classOf: readonly number[];
  readonly aliases: readonly number[];
}

/** Machine types on which all models are of the same classes, under the same names. */
function foldMachines({ groups, accelerator }: CellClasses, classNumbers: readonly number[]): FoldedGroup[] {
  const folded = new Map<string, FoldedGroup>();
  for (const { group, machines, classOf } of groups) {
    const classes = Array.from(classOf, (number) => (number < 0 ? notOfferedClass : classNumbers[number]));
    const aliases = accelerator.source.aliases[group];
    const key = `${classes.join()} ${aliases.join()}`;
    const known = folded.get(key);
    if (known === undefined) folded.set(key, { machines: [...machines], classOf: classes, aliases });
    else known.machines.push(...machines);
  }
  return [...folded.values()];
}

function countAsked({ accelerator }: CellClasses, model: number): number {
  const { rows, groups } = accelerator.source;
  const asked = new Set(
    groups
      .map((group) => group[model])
      .filter((row) => row >= 0)
      .map((row) => rows[row][0]),
  );
  return Math.max(0, ...[...asked].map((features) => countFeatures(accelerator.features[features])));
}

/** Puts the columns of one QEMU into a sheet. */
export function foldSheet(
  index: CatalogIndex,
  classes: CellClasses,
  columns: readonly CubeColumn[],
  qemu: SheetQemu,
): FoldedSheet {
  const { numbers: columnOf, firsts } = foldColumns(columns);
  const kept = firsts.map((column) => columns[column]);
  const folding = foldClasses(classes.classes.length, kept);
  const groups = foldMachines(classes, folding.numbers);
  const models = orderModels(index);
  const position = new Map(models.map(({ model }, at) => [model, at]));
  const features = index.catalog.features.map(({ name }) => name);
  const classCount = folding.firsts.length;
  const cells = models.flatMap(({ model }) => groups.map((group) => ({ model, group })));
  const bytes = Math.ceil(features.length / 8);
  const sheet: CubeSheet = {
    qemu,
    models: models.map(({ model, shown }) => ({ ...shown, asks: countAsked(classes, model) })),
    machines: groups.map(({ machines }) => describeColumn(index, machines)),
    features,
    classCount,
    columnCount: kept.length,
    classOf: Uint16Array.from(cells, ({ model, group }) => group.classOf[model]),
    aliasOf: Int16Array.from(cells, ({ model, group }) => position.get(group.aliases[model]) ?? -1),
    status: new Uint8Array(kept.length * classCount),
    filteredCount: new Uint16Array(kept.length * classCount),
    supported: new Uint8Array(kept.length * bytes),
    supportUnknown: new Uint8Array(kept.length * bytes),
  };
  kept.forEach((column, c) => {
    folding.firsts.forEach((first, number) => {
      sheet.status[c * classCount + number] = column.status[first];
      sheet.filteredCount[c * classCount + number] = column.filteredCount[first];
    });
    sheet.supported.set(column.supported, c * bytes);
    sheet.supportUnknown.set(column.supportUnknown, c * bytes);
  });
  return { sheet, columnOf };
}
