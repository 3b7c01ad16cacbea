import { machineVersion } from '@cpu-atlas/core';
import type { DefinitionDifference, ModelStep } from '@cpu-atlas/core';
import { labelMachines } from '../../matrix/machine-label.ts';
import { compareMachines } from '../../matrix/machine-axis.ts';

/** Machine types of one family on which a model is the same, and in what it differs from those before. */
export interface ModelSpan {
  /** `3.0 … 4.2`. */
  readonly range: string;
  /** Newest first. */
  readonly machines: readonly string[];
  /** null: these are the oldest machine types. */
  readonly difference: DefinitionDifference | null;
}

/** Families of machine types that have versions, the largest first: `pc-q35`, `pc-i440fx`. */
export function listFamilies(machines: readonly string[]): readonly string[] {
  const sizes = new Map<string, number>();
  for (const name of machines) {
    const family = machineVersion(name)?.family;
    if (family !== undefined) sizes.set(family, (sizes.get(family) ?? 0) + 1);
  }
  return [...sizes].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || a.localeCompare(b)).map(([family]) => family);
}

/** The machine types of a family in spans between the steps of a model's history, newest first. */
export function listSpans(
  steps: readonly ModelStep[],
  { machines, family }: { readonly machines: readonly string[]; readonly family: string },
): readonly ModelSpan[] {
  const newestFirst = machines.filter((name) => machineVersion(name)?.family === family).sort(compareMachines);
  const spans: ModelSpan[] = [];
  let rest: readonly string[] = newestFirst;
  for (const step of [...steps].reverse()) {
    const end = rest.indexOf(step.since) + 1;
    if (end === 0) continue;
    spans.push({ ...spanOf(rest.slice(0, end), newestFirst), difference: step });
    rest = rest.slice(end);
  }
  return rest.length === 0 ? spans : [...spans, { ...spanOf(rest, newestFirst), difference: null }];
}

function spanOf(machines: readonly string[], order: readonly string[]): Omit<ModelSpan, 'difference'> {
  return { machines, range: labelMachines(machines, order).range };
}

/** Steps in which the guest's feature bits changed; a span without such a step belongs to the one before. */
export function withoutProperties(steps: readonly ModelStep[]): readonly ModelStep[] {
  return steps
    .filter(({ gained, lost }) => gained.length + lost.length > 0)
    .map((step) => ({ ...step, properties: [] }));
}
