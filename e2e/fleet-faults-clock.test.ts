/**
 * Clocks that are wrong: that of the hub's machine is set forward and back while hosts speak and fall silent, and hosts
 * say any age of their snapshots. The rows, the clock and the index are those of a hub; only the machine's clock is the
 * test's own. Both stores. What a PostgreSQL server's clock does to its hubs: apps/server/src/store/hubs.test.ts.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultFreshnessPolicy, gapAfterMs, silenceLimits } from '../apps/server/src/fleet/freshness.ts';
import { createHostIndex } from '../apps/server/src/fleet/host-index.ts';
import { openStore } from '../apps/server/src/store/open-store.ts';
import { contactOf, snapshotOf } from '../apps/server/src/store/testing/contact-samples.ts';
import { engineCases, type StorePlaces } from '../apps/server/src/store/testing/engine-cases.ts';

const runs = Number(process.env['CPU_ATLAS_FAULT_ROUNDS'] ?? 3) * 5;
const policy = defaultFreshnessPolicy;
const { staleMs } = silenceLimits('agent', policy);
const hosts = ['clock-a', 'clock-b', 'clock-c'];
/** A clock that was set back is caught up with at nine tenths of its pace; times are kept in whole milliseconds. */
const slowestPace = 0.9;
const roundingMs = 2;
const dayMs = 86_400_000;

type Step =
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'set-clock'; readonly byMs: number }
  | { readonly kind: 'hear'; readonly host: string; readonly ageMs: number }
  | { readonly kind: 'read-again' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait'), forMs: fc.integer({ min: 1, max: 2 * staleMs }) }),
  fc.record({ kind: fc.constant('set-clock'), byMs: fc.integer({ min: -2 * dayMs, max: 2 * dayMs }) }),
  fc.record({
    kind: fc.constant('hear'),
    host: fc.constantFrom(...hosts),
    ageMs: fc.integer({ min: 0, max: 3650 * dayMs }),
  }),
  fc.record({ kind: fc.constant('read-again') }),
);

describe.each(engineCases)('clocks of a hub with the $title', ({ isAbsent, prepare }) => {
  let places: StorePlaces;
  beforeAll(async () => {
    if (!isAbsent) places = await prepare();
  }, 60_000);
  afterAll(async () => {
    if (!isAbsent) await places.close();
  }, 60_000);

  it.skipIf(isAbsent)(
    'whatever they do, no host is shown fresher than it is',
    async () => {
      let wasFresh = false;
      let wasSilent = false;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          for await (const { state, silentMs, trueSilenceMs } of follow(await places.newUrl(), steps)) {
            wasFresh ||= state === 'fresh' && trueSilenceMs > 0;
            wasSilent ||= state !== 'fresh';
            expect(silentMs).toBeGreaterThanOrEqual(Math.floor(trueSilenceMs * slowestPace) - roundingMs);
            if (state === 'fresh') expect(trueSilenceMs).toBeLessThanOrEqual(staleMs / slowestPace + roundingMs);
          }
        }),
        { numRuns: runs },
      );
      expect([wasFresh, wasSilent]).toEqual([true, true]);
    },
    60_000,
  );
});

interface Shown {
  readonly state: string;
  readonly silentMs: number;
  /** By a clock that nobody sets. */
  readonly trueSilenceMs: number;
}

/** Lives through the steps with a hub's store and index; after each, how every host that was ever heard is shown. */
async function* follow(url: string, steps: readonly Step[]): AsyncGenerator<Shown> {
  let runningMs = 0;
  let wallOffsetMs = Date.parse('2026-11-22T13:00:00Z');
  const machine = { wallMs: () => wallOffsetMs + runningMs, monotonicMs: () => runningMs };
  const store = await openStore(url, { machine });
  const fail = (error: unknown): never => {
    throw error;
  };
  const index = createHostIndex({ store, policy, onFault: fail, refreshMs: dayMs });
  const heardAtMs = new Map<string, number>();
  const takeStep = async (one: Step): Promise<void> => {
    switch (one.kind) {
      case 'wait':
        runningMs += one.forMs;
        return;
      case 'set-clock':
        wallOffsetMs += one.byMs;
        return;
      case 'read-again':
        return index.refreshAll();
      case 'hear': {
        const seenAtMs = store.nowMs();
        const contact = contactOf({
          ...{ hostId: one.host, name: one.host, source: 'agent', snapshotHash: 'snapshot-1' },
          ...{ seenAtMs, collectedAtMs: seenAtMs - one.ageMs, gapAfterMs: gapAfterMs(policy) },
        });
        const [recorded] = await store.observations.recordContacts([contact]);
        if (recorded?.kind !== 'contact') await index.refresh([one.host]);
        index.noteContact(contact, { takesCommands: false, harvests: new Map() });
        heardAtMs.set(one.host, runningMs);
      }
    }
  };
  try {
    await store.contents.putSnapshots([snapshotOf({ hash: 'snapshot-1' })]);
    await index.open();
    for (const one of steps) {
      await takeStep(one);
      for (const [id, atMs] of heardAtMs) {
        const host = index.get(id);
        if (host === undefined) throw new Error(`${id} is not on the list`);
        const { state, silentMs } = index.freshnessOf(host);
        yield { state, silentMs, trueSilenceMs: runningMs - atMs };
      }
    }
  } finally {
    index.close();
    await store.close();
  }
}
