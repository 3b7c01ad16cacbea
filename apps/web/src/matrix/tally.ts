import type { HostMatrix } from '@cpu-atlas/core';
import { outcomes } from './cell.ts';
import type { Outcome } from './cell.ts';

/** How many cells have which outcome. */
export type Tally = Readonly<Record<Outcome, number>>;

/** A machine column as it counts: one column of the matrix may stand for several machine types. */
export interface WeightedColumn {
  readonly column: number;
  readonly weight: number;
}

/** Counts the cells models × columns, each column as often as the machine types it stands for. */
export function tallyCells(matrix: HostMatrix, models: readonly number[], columns: readonly WeightedColumn[]): Tally {
  const tally = { runs: 0, filtered: 0, refused: 0, unknown: 0, 'not-offered': 0 };
  for (const model of models) {
    for (const { column, weight } of columns) {
      const outcome = outcomes[matrix.status[model * matrix.columns.length + column] ?? 3] ?? 'unknown';
      tally[outcome] += weight;
    }
  }
  return tally;
}

/** n of N: runs as defined, of those that are offered. */
export function shareOf(tally: Tally): { readonly runs: number; readonly of: number } {
  return { runs: tally.runs, of: tally.runs + tally.filtered + tally.refused + tally.unknown };
}
