import { cellStatus, type CellStatus } from '../matrix/outcome-table.ts';

/** What stands in one field of a report. */
export type ReportValue = string | number | boolean | null | OutcomeValue;

/** A cell of a matrix. */
export interface OutcomeValue {
  readonly status: CellStatus | 'stale';
  /** Named features that are asked for and not to be had. */
  readonly filtered: number;
}

export interface ReportColumn {
  /** Stable, for programs: `model`, `host:node-a`. Unique in its table. */
  readonly key: string;
  readonly head: string;
  readonly kind: 'text' | 'number' | 'flag' | 'outcome' | 'time';
}

/** Rows are read once, in order, so that they need not be in memory all at once. */
export interface ReportTable {
  /** Also the name of the sheet. */
  readonly name: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: Iterable<readonly ReportValue[]>;
}

/** One thing that the answer depends on: `QEMU`, `10.0.13 (Debian …)`. */
export interface ReportFact {
  readonly name: string;
  readonly value: string;
}

/**
 * A report before it has a format. Everything that decides an answer is among the facts, so that two reports of equal
 * facts are equal byte for byte: times are those of the snapshots, never of the writing.
 */
export interface Report {
  readonly title: string;
  readonly facts: readonly ReportFact[];
  readonly tables: readonly ReportTable[];
  /** Sentences a reader needs: what was assumed, what is not known. */
  readonly remarks: readonly string[];
}

/** The glyphs of the house, see the legend that goes with them. */
export const outcomeGlyphs = {
  runnable: '●',
  filtered: '◐',
  refused: '✕',
  'not-offered': '○',
  unknown: '?',
  stale: '?',
} as const satisfies Record<OutcomeValue['status'], string>;

/** What each glyph means, in a reader's words. */
export const outcomeWords = {
  runnable: 'runs as defined',
  filtered: 'starts, with so many features filtered',
  refused: 'QEMU refuses to start',
  'not-offered': 'this machine type has no such model',
  unknown: 'cannot be told',
  stale: 'the host has been silent for too long to be believed',
} as const satisfies Record<OutcomeValue['status'], string>;

/** The outcome behind a code of the matrix. */
export function outcomeOf(code: number, filtered: number): OutcomeValue {
  return { status: cellStatus[code] ?? 'unknown', filtered };
}

export function isOutcome(value: ReportValue): value is OutcomeValue {
  return typeof value === 'object' && value !== null;
}

/** A value as plain text: `runnable`, `filtered 3`, `yes`, `2026-11-22T13:00:00Z`; empty for null. */
export function writeValue(value: ReportValue): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (!isOutcome(value)) return String(value);
  return value.status === 'filtered' ? `filtered ${value.filtered}` : value.status;
}

/** A value for eyes: outcomes as glyphs. */
export function drawValue(value: ReportValue): string {
  if (!isOutcome(value)) return writeValue(value);
  const glyph = outcomeGlyphs[value.status];
  return value.status === 'filtered' ? `${glyph} ${value.filtered}` : glyph;
}
