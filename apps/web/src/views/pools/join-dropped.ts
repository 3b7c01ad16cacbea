import type { BaselineResult } from '@cpu-atlas/contract';

type Dropped = BaselineResult['vendors'][number]['dropped'][number];

/** A feature that some host has, and the meanings of a baseline that leave it out. */
export interface DroppedRow extends Dropped {
  readonly vendor: string;
  readonly droppedBy: ReadonlySet<BaselineResult['mode']>;
}

/**
 * Puts the features that several baselines of the same hosts drop into one list: what most hosts have and lose first.
 * A host that lacks a feature explains more than a model that does not ask for it.
 */
export function joinDropped(answers: readonly BaselineResult[]): readonly DroppedRow[] {
  const rows = new Map<string, Dropped & { vendor: string; droppedBy: Set<BaselineResult['mode']> }>();
  for (const { mode, vendors } of answers) {
    for (const { vendor, dropped } of vendors) {
      for (const one of dropped) {
        const key = `${vendor ?? ''} ${one.name}`;
        const known = rows.get(key);
        const droppedBy = (known?.droppedBy ?? new Set()).add(mode);
        const told = known === undefined || (known.because === 'model' && one.because === 'host') ? one : known;
        rows.set(key, { ...told, vendor: vendor ?? '', droppedBy });
      }
    }
  }
  const order = (a: DroppedRow, b: DroppedRow): number =>
    b.droppedBy.size - a.droppedBy.size || b.have - a.have || (a.name < b.name ? -1 : 1);
  return [...rows.values()].sort(order);
}
