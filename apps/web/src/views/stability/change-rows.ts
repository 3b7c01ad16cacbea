import type { StabilityResult } from '@cpu-atlas/contract';
import { labelMachines } from '../../matrix/machine-label.ts';
import { compareMachines } from '../../matrix/machine-axis.ts';
import { writeDifference } from './difference.tsx';

export type AbiChange = StabilityResult['changes'][number];

/** A definition that changed from one release to the next, with where it did. */
export interface ChangeRow {
  readonly key: string;
  readonly change: AbiChange;
  /** `10.0.13..11.1.3`. */
  readonly step: string;
  readonly models: readonly string[];
  /** `q35 2.4 … 9.2; i440fx 2.4 … 9.2`. */
  readonly machines: string;
  readonly machineCount: number;
}

export interface ChangeFilter {
  readonly accel: 'kvm' | 'tcg';
  readonly step: string;
  readonly search: string;
  readonly showUnpromised: boolean;
}

export function stepOf({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from}..${to}`;
}

/** All machine types of all releases, newest first: what a range may skip. */
function orderOf({ changes, names }: StabilityResult): readonly string[] {
  const named = names.filter(({ kind }) => kind === 'machine-type').map(({ name }) => name);
  const changed = changes.flatMap(({ cells }) => cells.flatMap(({ machines }) => machines));
  return [...new Set([...named, ...changed])].sort(compareMachines);
}

/** Changes that the filter leaves, broken promises first. */
export function listChangeRows(result: StabilityResult, filter: ChangeFilter): readonly ChangeRow[] {
  const order = orderOf(result);
  const words = filter.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return result.changes
    .filter(({ accel, isPromised }) => accel === filter.accel && (isPromised || filter.showUnpromised))
    .map((change, at) => describeChange(change, at, order))
    .filter(({ step }) => filter.step === '' || step === filter.step)
    .filter(({ change, models, machines }) => {
      const named = change.cells.flatMap(({ machines: names }) => names).join(' ');
      const text = `${models.join(' ')} ${machines} ${named} ${writeDifference(change)}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => Number(b.change.isPromised) - Number(a.change.isPromised));
}

function describeChange(change: AbiChange, at: number, order: readonly string[]): ChangeRow {
  const machines = [...new Set(change.cells.flatMap((cell) => cell.machines))].sort(compareMachines);
  return {
    key: String(at),
    change,
    step: stepOf(change),
    models: change.cells.map(({ model }) => model),
    machines: labelMachines(machines, order).title,
    machineCount: machines.length,
  };
}

/** Machine types on which as many models changed at each step between releases. */
export interface MachineLine {
  /** `q35 5.2 … 7.2; i440fx 5.2 … 7.2`. */
  readonly label: string;
  /** Newest first. */
  readonly machines: readonly string[];
  /** One entry a step; null: one of the two releases does not have the machine type. */
  readonly changed: readonly (number | null)[];
}

/** Machine types × steps between releases, newest first, equal ones folded; only those on which something changed. */
export function listMachineLines(
  result: StabilityResult,
  { accel, showUnpromised }: Pick<ChangeFilter, 'accel' | 'showUnpromised'>,
): { readonly steps: readonly string[]; readonly lines: readonly MachineLine[] } {
  const { changes, releases, names } = result;
  const steps = releases.slice(1).map((to, at) => stepOf({ from: releases[at] ?? '', to }));
  const counts = new Map<string, Map<string, Set<string>>>();
  for (const change of changes) {
    if (change.accel !== accel || (!change.isPromised && !showUnpromised)) continue;
    for (const { model, machines } of change.cells)
      for (const machine of machines) {
        const bySteps = counts.get(machine) ?? new Map<string, Set<string>>();
        const step = stepOf(change);
        bySteps.set(step, (bySteps.get(step) ?? new Set()).add(model));
        counts.set(machine, bySteps);
      }
  }
  const histories = new Map(names.filter(({ kind }) => kind === 'machine-type').map((one) => [one.name, one]));
  const folded = new Map<string, { readonly machines: string[]; readonly changed: readonly (number | null)[] }>();
  for (const [machine, bySteps] of [...counts].sort(([a], [b]) => compareMachines(a, b))) {
    const history = histories.get(machine);
    const first = history?.since === null || history === undefined ? 0 : releases.indexOf(history.since);
    const end = history?.removedIn == null ? releases.length : releases.indexOf(history.removedIn);
    const changed = steps.map((step, at) => (at < first || at + 1 >= end ? null : (bySteps.get(step)?.size ?? 0)));
    const line = folded.get(changed.join()) ?? { machines: [], changed };
    line.machines.push(machine);
    folded.set(changed.join(), line);
  }
  const order = orderOf(result);
  const lines = [...folded.values()].map((line) => ({ ...line, label: labelMachines(line.machines, order).title }));
  return { steps, lines };
}
