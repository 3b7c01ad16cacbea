import type { Outcome } from '../matrix/cell.ts';
import type { Tally } from '../matrix/tally.ts';

/** A row or column head. The grid knows nothing of models and machine types: any two things make a matrix. */
export interface GridHead {
  readonly key: string;
  /** Main text, and a second, quieter one: an alias, families, a count. */
  readonly label: string;
  readonly note: string;
  /** The whole name, for the readout and for screen readers. */
  readonly title: string;
  readonly fold: 'open' | 'closed' | 'none';
  /** How many it stands for, when folded. */
  readonly count: number;
  readonly isGroup: boolean;
  readonly isNested: boolean;
  readonly isDimmed: boolean;
}

export type GridCell =
  | {
      readonly kind: 'outcome';
      readonly outcome: Outcome;
      /** Written behind a filtered cell; 0 is not. */
      readonly filtered: number;
      /** Filtered, of those requested: 0 to 1. */
      readonly loss: number;
      /** What a real QEMU said of it in this session. */
      readonly proof: 'equal' | 'different' | null;
      /** Put back, because the search names a feature that is not filtered here. */
      readonly isFaded: boolean;
      readonly isDimmed: boolean;
    }
  | { readonly kind: 'tally'; readonly tally: Tally };

/** What stands behind a row where there is room: names, of which as many are written as fit, or a sentence. */
export type GridNote =
  { readonly kind: 'features'; readonly words: readonly string[] } | { readonly kind: 'prose'; readonly text: string };

export interface GridNotes {
  readonly title: string;
  readonly noteOf: (row: number) => GridNote | null;
  /** A name to point out. */
  readonly marked: string | null;
}

/** What the grid paints and reads aloud. */
export interface GridModel {
  readonly corner: { readonly row: string; readonly column: string };
  readonly rows: readonly GridHead[];
  readonly columns: readonly GridHead[];
  /** Words of column heads stand upright, or are turned so that columns stay narrow. */
  readonly columnHeads: 'level' | 'turned';
  readonly cell: (row: number, column: number) => GridCell;
  /** n of N of a row. */
  readonly share: (row: number) => { readonly runs: number; readonly of: number };
  readonly notes: GridNotes | null;
  /** One sentence, as the readout and screen readers tell it. */
  readonly describe: (row: number, column: number) => string;
}

export type Density = 'compact' | 'comfortable';
