import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from './open-store.ts';
import type { Contact, Store } from './store.ts';
import { contactOf, snapshotsOf } from './testing/contact-samples.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';

const hashes = ['snapshot-1', 'snapshot-2', 'snapshot-3'];

/** Calls of contacts of two hosts, in any order of time; no host is heard twice at one moment. */
const sequences = fc
  .uniqueArray(
    fc.record({
      hostId: fc.constantFrom('a', 'b'),
      snapshotHash: fc.constantFrom(...hashes),
      seenAtMs: fc.integer({ min: 0, max: 400 }),
      gapAfterMs: fc.constantFrom(0, 10, 1_000),
    }),
    { selector: ({ hostId, seenAtMs }) => `${hostId} ${seenAtMs}`, minLength: 1, maxLength: 14 },
  )
  .chain((contacts) =>
    fc.tuple(
      fc.constant(contacts),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: contacts.length, maxLength: contacts.length }),
    ),
  );

/** Found once: the second late contact comes at the end that the split by the first one had made up. */
const found: [Parameters<typeof contactOf>[0][], number[]] = [
  [
    { hostId: 'a', snapshotHash: 'snapshot-3', seenAtMs: 0, gapAfterMs: 0 },
    { hostId: 'a', snapshotHash: 'snapshot-3', seenAtMs: 292, gapAfterMs: 1_000 },
    { hostId: 'a', snapshotHash: 'snapshot-1', seenAtMs: 291, gapAfterMs: 0 },
    { hostId: 'a', snapshotHash: 'snapshot-1', seenAtMs: 290, gapAfterMs: 0 },
  ],
  [1, 1, 1, 1],
];

let run = 0;

describe('any sequence of contacts', () => {
  const present = engineCases.filter(({ isAbsent }) => !isAbsent);
  const places: StorePlaces[] = [];
  const stores: Store[] = [];
  beforeAll(async () => {
    for (const one of present) {
      const place = await one.prepare();
      places.push(place);
      const store = await openStore(await place.newUrl());
      await store.contents.putSnapshots(snapshotsOf(hashes));
      stores.push(store);
    }
  }, 60_000);
  afterAll(async () => {
    for (const store of stores) await store.close();
    for (const place of places) await place.close();
  }, 60_000);

  const title = present.length > 1 ? 'on both engines' : '(only the embedded engine: initdb is not installed)';
  it(`gives the same rows ${title}, and each contact is found at its time`, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async ([contacts, callSizes]) => {
        const prefix = `run-${(run += 1)}`;
        const named = contacts.map((contact) => contactOf({ ...contact, hostId: `${prefix}-${contact.hostId}` }));
        const outcomes = await Promise.all(stores.map((store) => play(store, named, callSizes)));
        for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
      }),
      { numRuns: 60, examples: [[found]] },
    );
  }, 120_000);
});

/** Records the contacts in calls of these sizes, checks what must hold on each engine, and tells what the tables say. */
async function play(store: Store, contacts: readonly Contact[], callSizes: readonly number[]): Promise<unknown> {
  const { observations } = store;
  const kinds: string[] = [];
  for (let start = 0, call = 0; start < contacts.length; call += 1) {
    const size = callSizes[call] ?? 1;
    const recorded = await observations.recordContacts(contacts.slice(start, start + size));
    kinds.push(...recorded.map(({ kind }) => kind));
    start += size;
  }
  for (const { hostId, seenAtMs, snapshotHash } of contacts) {
    const then = (await observations.observationsAt(seenAtMs)).find((row) => row.hostId === hostId);
    expect(then, `${hostId} at ${seenAtMs}`).toMatchObject({ snapshotHash });
    expect(then?.lastSeenAtMs).toBeGreaterThanOrEqual(seenAtMs);
  }
  const timelines = [];
  for (const hostId of [...new Set(contacts.map((contact) => contact.hostId))].sort()) {
    const own = contacts.filter((contact) => contact.hostId === hostId);
    const newest = own.reduce((a, b) => (b.seenAtMs > a.seenAtMs ? b : a));
    const oldest = own.reduce((a, b) => (b.seenAtMs < a.seenAtMs ? b : a));
    const host = await observations.host(hostId);
    expect(host).toMatchObject({
      snapshotHash: newest.snapshotHash,
      lastSeenAtMs: newest.seenAtMs,
      firstSeenAtMs: oldest.seenAtMs,
    });
    const timeline = await observations.observations(hostId, { limit: 100 });
    expect(timeline[0]?.id).toBe(host?.observationId);
    timeline.forEach((row, index) => {
      expect(row.firstSeenAtMs).toBeLessThanOrEqual(row.lastSeenAtMs);
      const later = timeline[index - 1];
      if (later !== undefined) expect(row.lastSeenAtMs).toBeLessThan(later.firstSeenAtMs);
    });
    timelines.push(timeline.map(({ id: _, ...row }) => row));
  }
  return { kinds, timelines };
}
