import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { moveContacts } from './move-contacts.ts';
import { openStore } from './open-store.ts';
import { openPostgresqlEngine } from './postgresql/postgresql-engine.ts';
import { machineClock } from './store-clock.ts';
import { parseStoreUrl } from './store-url.ts';
import type { Contact, Store } from './store.ts';
import { contactOf, snapshotsOf } from './testing/contact-samples.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';

const shared = engineCases.find(({ engine }) => engine === 'postgresql');

describe.skipIf(shared?.isAbsent ?? true)('contacts that only move times (skipped without initdb)', () => {
  let places: StorePlaces | undefined;
  let store: Store;
  let engine: Engine;
  let count = 0;
  beforeAll(async () => {
    places = await shared?.prepare();
    const url = (await places?.newUrl()) ?? '';
    store = await openStore(url);
    await store.contents.putSnapshots(snapshotsOf(['snapshot-1', 'snapshot-2']));
    const place = parseStoreUrl(url);
    if (place.engine !== 'postgresql') throw new Error(`not shared: ${url}`);
    engine = await openPostgresqlEngine({ ...place, serverWaitMs: 1_000, machine: machineClock });
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    await store.close();
    await places?.close();
  }, 60_000);

  /** A host that was heard at 1,000 ms. */
  async function heard(change: Partial<Contact> = {}): Promise<{ host: string; observation: string }> {
    const host = `move-${(count += 1)}`;
    const [row] = await store.observations.recordContacts([contactOf({ hostId: host, ...change })]);
    return { host, observation: row?.observationId ?? '' };
  }

  it('are written, and the observation goes on', async () => {
    const { host, observation } = await heard();
    const next = contactOf({ hostId: host, seenAtMs: 1_090, collectedAtMs: 990 });
    expect(await moveContacts(engine, [next])).toEqual(new Map([[next, observation]]));
    expect(await store.observations.host(host)).toMatchObject({ lastSeenAtMs: 1_090, collectedAtMs: 990 });
  });

  it.each<[string, Partial<Contact>]>([
    ['another snapshot', { snapshotHash: 'snapshot-2' }],
    ['another name', { name: 'renamed' }],
    ['other labels', { labels: { rack: 'r2' } }],
    ['another source', { source: 'import' }],
    ['another agent', { agentVersion: '1.0.1' }],
    ['no agent', { agentVersion: null }],
    ['that it takes commands', { takesCommands: true }],
    ['a silence that was too long', { seenAtMs: 1_101 }],
    ['what was before', { seenAtMs: 999 }],
  ])('%s is more than that: nothing is written', async (_, change) => {
    const { host } = await heard();
    const before = await store.observations.host(host);
    expect(await moveContacts(engine, [contactOf({ hostId: host, seenAtMs: 1_050, ...change })])).toEqual(new Map());
    expect(await store.observations.host(host)).toEqual(before);
  });

  it('a host that is new or was removed is left, and so is the second contact of one host', async () => {
    const { host, observation } = await heard();
    const gone = await heard();
    await store.observations.remove(gone.host);
    const [first, second] = [
      contactOf({ hostId: host, seenAtMs: 1_010 }),
      contactOf({ hostId: host, seenAtMs: 1_020 }),
    ];
    const others = ['move-never', gone.host].map((hostId) => contactOf({ hostId, seenAtMs: 1_010 }));
    expect(await moveContacts(engine, [first, second, ...others])).toEqual(new Map([[first, observation]]));
    expect(await store.observations.host(host)).toMatchObject({ lastSeenAtMs: 1_010 });
  });
});
