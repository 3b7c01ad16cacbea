import { compareNames } from '@cpu-atlas/core';
import type { HostMatrix, MachineType } from '@cpu-atlas/core';
import { labelMachines } from './machine-label.ts';
import type { MachineLabel } from './machine-label.ts';
import { splitMachineName } from './machine-name.ts';

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
  // Columns by their newest machine type; the machine types of one column stay together.
  const place = new Map(newestFirst.map((name, at) => [name, at]));
  const newest = matrix.columns.map(({ machines }) => Math.min(...machines.map((name) => place.get(name) ?? 0)));
  return entries.sort((a, b) => (newest[a.column] ?? 0) - (newest[b.column] ?? 0));
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
  return compareNames(right.version, left.version) || compareNames(right.family, left.family);
}
