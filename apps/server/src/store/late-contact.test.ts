import { describe, expect, it } from 'vitest';
import { placeLateContact, type Surroundings } from './late-contact.ts';
import type { ObservationRow } from './store.ts';
import { contactOf } from './testing/contact-samples.ts';

function spanOf(id: string, hash: string, firstSeenAtMs: number, lastSeenAtMs: number): ObservationRow {
  const fingerprint = 'fingerprint-1';
  return { id, hostId: 'host-1', snapshotHash: hash, fingerprint, collectedAtMs: 900, firstSeenAtMs, lastSeenAtMs };
}

interface Case {
  readonly title: string;
  readonly around: Surroundings;
  /** id, first and last moment of each row that is written. */
  readonly rows: readonly (readonly [string, number, number])[];
  readonly kind: 'contact' | 'new-observation';
  readonly continuedAs?: string;
}

/** All of a contact with snapshot "same" at 1,000 and a gap of 100. */
const cases: readonly Case[] = [
  {
    title: 'inside an observation of the same: nothing is new',
    around: { before: spanOf('b', 'same', 500, 1_500), after: null },
    rows: [],
    kind: 'contact',
  },
  {
    title: 'at the end of an observation of the same: nothing is new',
    around: { before: spanOf('b', 'same', 500, 1_000), after: null },
    rows: [],
    kind: 'contact',
  },
  {
    title: 'a gap after one of the same: it is longer',
    around: { before: spanOf('b', 'same', 500, 900), after: spanOf('a', 'other', 1_001, 1_100) },
    rows: [['b', 500, 1_000]],
    kind: 'contact',
  },
  {
    title: 'more than a gap after one of the same: a new observation',
    around: { before: spanOf('b', 'same', 500, 899), after: spanOf('a', 'other', 1_001, 1_100) },
    rows: [['new-1', 1_000, 1_000]],
    kind: 'new-observation',
  },
  {
    title: 'a gap before one of the same: that began earlier',
    around: { before: spanOf('b', 'other', 500, 600), after: spanOf('a', 'same', 1_100, 1_200) },
    rows: [['a', 1_000, 1_200]],
    kind: 'contact',
  },
  {
    title: 'more than a gap before one of the same: a new observation',
    around: { before: null, after: spanOf('a', 'same', 1_101, 1_200) },
    rows: [['new-1', 1_000, 1_000]],
    kind: 'new-observation',
  },
  {
    title: 'inside one of another: that is split in two, even where the next is of the same',
    around: { before: spanOf('b', 'other', 500, 1_050), after: spanOf('a', 'same', 1_060, 1_200) },
    rows: [
      ['b', 500, 999],
      ['new-1', 1_000, 1_000],
      ['new-2', 1_001, 1_050],
    ],
    kind: 'new-observation',
    continuedAs: 'new-2',
  },
  {
    title: 'at the first moment of another: that begins a moment later',
    around: { before: spanOf('b', 'other', 1_000, 1_050), after: null },
    rows: [
      ['new-1', 1_000, 1_000],
      ['b', 1_001, 1_050],
    ],
    kind: 'new-observation',
  },
  {
    title: 'at the last moment of another, which ends before: a new observation after it',
    around: { before: spanOf('b', 'other', 500, 1_000), after: null },
    rows: [
      ['b', 500, 999],
      ['new-1', 1_000, 1_000],
    ],
    kind: 'new-observation',
  },
  {
    title: 'at the only moment of another: a new observation beside it',
    around: { before: spanOf('b', 'other', 1_000, 1_000), after: null },
    rows: [['new-1', 1_000, 1_000]],
    kind: 'new-observation',
  },
];

describe('a late contact', () => {
  it.each(cases)('$title', ({ around, rows, kind, continuedAs = null }) => {
    let made = 0;
    const contact = contactOf({ snapshotHash: 'same', seenAtMs: 1_000, gapAfterMs: 100 });
    const outcome = placeLateContact(contact, around, () => `new-${(made += 1)}`);
    expect(outcome.rows.map((row) => [row.id, row.firstSeenAtMs, row.lastSeenAtMs])).toEqual(rows);
    expect(outcome).toMatchObject({ kind, continuedAs });
  });
});
