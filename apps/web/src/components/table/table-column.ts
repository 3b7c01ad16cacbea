import type { ReactNode } from 'react';

/** A column of a list: what it is called, what it is sorted by, what it shows. */
export interface TableColumn<T> {
  /** Names the column in the address (`sort=-age`). */
  readonly key: string;
  readonly head: string;
  /** Explains the head on hover. */
  readonly title?: string;
  /** As CSS grid tracks have it: `160px`, `minmax(120px, 2fr)`. */
  readonly width: string;
  readonly align?: 'start' | 'end';
  /** What it is sorted by, and what it shows unless there is a cell. */
  readonly value: (row: T) => string | number;
  readonly cell?: (row: T) => ReactNode;
}

/** `age` upwards, `-age` downwards, `` as the rows come. */
export type SortText = string;

export interface Sort {
  readonly key: string;
  readonly isDescending: boolean;
}

export function parseSort(text: SortText): Sort | null {
  if (text === '') return null;
  return text.startsWith('-') ? { key: text.slice(1), isDescending: true } : { key: text, isDescending: false };
}

/** A press on a head: upwards, downwards, as the rows come. */
export function nextSort(current: SortText, key: string): SortText {
  const sort = parseSort(current);
  if (sort?.key !== key) return key;
  return sort.isDescending ? '' : `-${key}`;
}
