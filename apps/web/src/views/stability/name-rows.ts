import type { StabilityResult } from '@cpu-atlas/contract';
import { compareMachines } from '../../matrix/machine-axis.ts';

export type NameHistoryLine = StabilityResult['names'][number];

/** What a release has of a name. */
export type NameState = 'there' | 'deprecated' | 'absent';

export interface NameRow {
  readonly history: NameHistoryLine;
  /** One entry a release. */
  readonly states: readonly NameState[];
}

export interface NameFilter {
  readonly kind: '' | NameHistoryLine['kind'];
  /** retiring: deprecated or removed within the known releases. new: came within them. */
  readonly fate: '' | 'retiring' | 'new';
  readonly search: string;
}

/** Names of machine types and models, release by release. */
export function listNameRows({ names, releases }: StabilityResult, filter: NameFilter): readonly NameRow[] {
  const words = filter.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return names
    .filter(({ kind }) => filter.kind === '' || kind === filter.kind)
    .filter((history) => filter.fate === '' || isOfFate(history, filter.fate))
    .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
    .map((history) => ({ history, states: releases.map((_, at) => stateAt(history, releases, at)) }))
    .sort(({ history: a }, { history: b }) => {
      if (a.kind !== b.kind) return a.kind === 'machine-type' ? -1 : 1;
      return a.kind === 'machine-type'
        ? compareMachines(a.name, b.name)
        : a.name.localeCompare(b.name, 'en', { numeric: true });
    });
}

function isOfFate({ since, deprecatedSince, removedIn }: NameHistoryLine, fate: 'retiring' | 'new'): boolean {
  return fate === 'new' ? since !== null : deprecatedSince !== null || removedIn !== null;
}

function stateAt(history: NameHistoryLine, releases: readonly string[], at: number): NameState {
  const placeOf = (release: string | null, otherwise: number) =>
    release === null ? otherwise : releases.indexOf(release);
  if (at < placeOf(history.since, 0) || at >= placeOf(history.removedIn, releases.length)) return 'absent';
  return at >= placeOf(history.deprecatedSince, releases.length) ? 'deprecated' : 'there';
}
