import type { HostMatrix, MachineType } from '@cpu-atlas/core';
import { labelMachines } from './machine-label.ts';
import type { MachineLabel } from './machine-label.ts';
import { splitMachineName } from './machine-name.ts';

/** A model as one line of the matrix, or a family of models folded or unfolded above its members. */
export type ModelEntry =
  | {
      readonly kind: 'family';
      readonly key: string;
      readonly label: string;
      readonly models: readonly number[];
      readonly isOpen: boolean;
    }
  | {
      readonly kind: 'model';
      readonly key: string;
      readonly label: string;
      readonly model: number;
      /** Names that stand for this model on every machine type shown, and so need no line of their own. */
      readonly aliases: readonly string[];
      readonly isNested: boolean;
      readonly isDeprecated: boolean;
    };

/** Machine types with equal outcomes as one line of the matrix; unfolded, each has its own. */
export interface MachineEntry {
  readonly key: string;
  /** Index into `HostMatrix.columns`. */
  readonly column: number;
  readonly machines: readonly string[];
  readonly label: MachineLabel;
  /** closed: stands for several. open: the first of several shown one by one. member: one of the others. */
  readonly fold: 'closed' | 'open' | 'member' | 'single';
  readonly isDeprecated: boolean;
}

export interface MachineChoice {
  /** All machine types of this QEMU. */
  readonly machines: readonly MachineType[];
  /** A family (`q35`), a machine type or its alias, or '' for all. */
  readonly only: string;
  readonly showDeprecated: boolean;
  /** Columns shown one machine type at a time, by the name of any of their machine types. */
  readonly unfolded: ReadonlySet<string>;
}

/** The machine axis: newest first, filtered, equal outcomes folded. */
export function listMachineEntries(matrix: HostMatrix, choice: MachineChoice): readonly MachineEntry[] {
  const byName = new Map(choice.machines.map((machine) => [machine.name, machine]));
  const order = matrix.columns.flatMap((column) => column.machines);
  const newestFirst = [...order].sort(compareMachines);
  const entries = matrix.columns.flatMap(({ machines }, column) => {
    const shown = machines.filter((name) => isChosen(name, byName.get(name), choice)).sort(compareMachines);
    const first = shown[0];
    if (first === undefined) return [];
    const isDeprecated = (names: readonly string[]) => names.every((name) => byName.get(name)?.deprecated === true);
    const entry = (names: readonly string[], key: string, fold: MachineEntry['fold']): MachineEntry => ({
      key,
      column,
      machines: names,
      label: labelMachines(names, newestFirst),
      fold,
      isDeprecated: isDeprecated(names),
    });
    if (shown.length === 1) return [entry(shown, first, 'single')];
    if (!machines.some((name) => choice.unfolded.has(name))) return [entry(shown, first, 'closed')];
    return shown.map((name, place) => entry([name], name, place === 0 ? 'open' : 'member'));
  });
  return entries.sort((a, b) => compareColumns(matrix, a, b));
}

/** Columns by their newest machine type; the machine types of one column stay together. */
function compareColumns(matrix: HostMatrix, a: MachineEntry, b: MachineEntry): number {
  if (a.column === b.column) return 0;
  const newest = ({ column }: MachineEntry) =>
    [...(matrix.columns[column]?.machines ?? [])].sort(compareMachines)[0] ?? '';
  return compareMachines(newest(a), newest(b)) || a.column - b.column;
}

function isChosen(name: string, machine: MachineType | undefined, choice: MachineChoice): boolean {
  const isNamed = choice.only !== '' && (name === choice.only || machine?.alias === choice.only);
  if (isNamed) return true;
  if (machine?.deprecated === true && !choice.showDeprecated) return false;
  return choice.only === '' || splitMachineName(name).family === choice.only;
}

/** Newest first; of one version in the order of the alphabet, so that i440fx and q35 stay neighbours. */
export function compareMachines(a: string, b: string): number {
  const left = splitMachineName(a);
  const right = splitMachineName(b);
  const byVersion = right.version.localeCompare(left.version, 'en', { numeric: true });
  return byVersion !== 0 ? byVersion : right.family.localeCompare(left.family, 'en');
}

export interface ModelChoice {
  readonly showDeprecated: boolean;
  readonly onlyDiffering: boolean;
  /** Models that the search leaves, or null for all. */
  readonly found: ReadonlySet<number> | null;
  /** CPUID vendor of the host (`AuthenticAMD`): families of its own kind come first. */
  readonly hostVendor: string | null;
  /** Families that are folded; `*` folds all. */
  readonly folded: ReadonlySet<string>;
}

/** The model axis: families with their members, filtered, aliases folded into what they stand for. */
export function listModelEntries(
  matrix: HostMatrix,
  columns: readonly number[],
  choice: ModelChoice,
): readonly ModelEntry[] {
  const aliases = findConstantAliases(matrix, columns);
  const isShown = (model: number) => {
    if (matrix.models[model]?.deprecated === true && !choice.showDeprecated) return false;
    return !choice.onlyDiffering || differs(matrix, model, columns);
  };
  const isFound = (model: number) => choice.found === null || choice.found.has(model);
  const aliasesOf = new Map<number, number[]>();
  for (const [alias, target] of aliases) {
    if (isShown(target)) aliasesOf.set(target, [...(aliasesOf.get(target) ?? []), alias]);
  }
  const families = new Map<string, number[]>();
  matrix.models.forEach(({ family }, model) => {
    const target = aliases.get(model);
    if ((target !== undefined && isShown(target)) || !isShown(model)) return;
    if (!isFound(model) && !(aliasesOf.get(model) ?? []).some(isFound)) return;
    const members = families.get(family);
    if (members === undefined) families.set(family, [model]);
    else members.push(model);
  });
  const nameOf = (model: number) => matrix.models[model]?.name ?? '';
  const isOwn = ([first]: readonly number[]) =>
    first !== undefined && isOfVendor(choice.hostVendor, matrix.models[first]?.vendor ?? '');
  const ownFirst = [...families].sort(([, a], [, b]) => Number(isOwn(b)) - Number(isOwn(a)));
  return ownFirst.flatMap(([family, models]) => {
    const isNested = models.length > 1;
    const isOpen = !choice.folded.has('*') && !choice.folded.has(family);
    const leaves = models.map((model): ModelEntry => ({
      kind: 'model',
      key: nameOf(model),
      label: nameOf(model),
      model,
      aliases: (aliasesOf.get(model) ?? []).map(nameOf),
      isNested,
      isDeprecated: matrix.models[model]?.deprecated === true,
    }));
    if (!isNested) return leaves;
    const head: ModelEntry = { kind: 'family', key: `family:${family}`, label: family, models, isOpen };
    return isOpen ? [head, ...leaves] : [head];
  });
}

/** `AuthenticAMD` is of vendor `AMD`. */
function isOfVendor(hostVendor: string | null, vendor: string): boolean {
  return hostVendor !== null && vendor !== '' && hostVendor.toLowerCase().includes(vendor.toLowerCase());
}

/** Whether the outcome of a model is not the same in all these columns. */
export function differs(matrix: HostMatrix, model: number, columns: readonly number[]): boolean {
  const start = model * matrix.columns.length;
  const first = columns[0];
  if (first === undefined) return false;
  return columns.some(
    (column) =>
      matrix.status[start + column] !== matrix.status[start + first] ||
      matrix.filteredCount[start + column] !== matrix.filteredCount[start + first],
  );
}

/** Names that stand for one and the same model in all these columns: alias → model. */
function findConstantAliases(matrix: HostMatrix, columns: readonly number[]): ReadonlyMap<number, number> {
  const constant = new Map<number, number>();
  for (let model = 0; model < matrix.models.length; model++) {
    const start = model * matrix.columns.length;
    const targets = new Set(columns.map((column) => matrix.aliasOf[start + column] ?? -1));
    const [target] = targets;
    if (targets.size === 1 && target !== undefined && target >= 0 && target !== model) constant.set(model, target);
  }
  return constant;
}
