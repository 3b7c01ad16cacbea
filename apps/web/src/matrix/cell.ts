import type { HostMatrix, ResolutionStatus } from '@cpu-atlas/core';

/** What a cell of `HostMatrix.status` says, by its number. Source: HostMatrix of @cpu-atlas/core. */
export const outcomes = ['runs', 'filtered', 'refused', 'unknown', 'not-offered'] as const;
export type Outcome = (typeof outcomes)[number];

/** The one glyph set, in characters, for text that leaves the screen. */
export const outcomeCharacter = {
  runs: '●',
  filtered: '◐',
  refused: '✕',
  unknown: '?',
  'not-offered': '○',
} as const satisfies Record<Outcome, string>;

export const outcomeWords = {
  runs: 'runs as defined',
  filtered: 'starts with features filtered',
  refused: 'refused',
  unknown: 'unknown',
  'not-offered': 'not offered',
} as const satisfies Record<Outcome, string>;

export interface CellAddress {
  /** Index into `HostMatrix.models`. */
  readonly model: number;
  /** Index into `HostMatrix.columns`. */
  readonly column: number;
}

export interface MatrixCell {
  readonly outcome: Outcome;
  readonly filtered: number;
  readonly enabled: number;
  readonly requested: number;
}

export function readCell(matrix: HostMatrix, { model, column }: CellAddress): MatrixCell {
  const at = model * matrix.columns.length + column;
  return {
    outcome: outcomes[matrix.status[at] ?? 3] ?? 'unknown',
    filtered: matrix.filteredCount[at] ?? 0,
    enabled: matrix.enabledCount[at] ?? 0,
    requested: matrix.requestedCount[at] ?? 0,
  };
}

/** One sentence for the readout and for screen readers, without the names. */
export function describeCell(cell: MatrixCell): string {
  switch (cell.outcome) {
    case 'runs':
      return `runs as defined, all ${cell.requested} features`;
    case 'filtered':
      return `starts with ${countFeatures(cell.filtered)} of ${cell.requested} filtered`;
    case 'refused':
      return 'QEMU refuses to start it';
    case 'unknown':
      return 'unknown: a layer that decides was not seen';
    case 'not-offered':
      return 'this machine type does not offer the model';
  }
}

export function countFeatures(count: number): string {
  return count === 1 ? '1 feature' : `${count} features`;
}

/** The outcome that a resolution's status stands for. */
export function statusOutcome(status: ResolutionStatus): Outcome {
  return status === 'runnable' ? 'runs' : status;
}
