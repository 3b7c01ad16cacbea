import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import type { Contact, Store } from '../store/store.ts';
import { defaultFreshnessPolicy } from './freshness.ts';
import { compareHosts, createHostIndex, type HostIndex } from './host-index.ts';
import { storedSnapshotOf } from './stored-snapshot.ts';
import { readRecordedHost } from '../testing/test-server.ts';

let nowMs = Date.parse('2026-11-22T13:00:00Z');
let directory: string;
let store: Store;
let index: HostIndex;
const recorded = await readRecordedHost();
const faults: unknown[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-index-'));
  store = await openStore(join(directory, 'atlas.db'), { machine: { wallMs: () => nowMs, monotonicMs: () => nowMs } });
  index = createHostIndex({
    store,
    policy: defaultFreshnessPolicy,
    onFault: (error) => faults.push(error),
    refreshMs: 3_600_000,
  });
  await index.open();
});
afterAll(async () => {
  index.close();
  await store.close();
  await rm(directory, { recursive: true, force: true });
  expect(faults).toEqual([]);
});

/** Written past the index, as another hub would. */
async function hear(id: string, change: Partial<Contact> = {}, microcode = '0x1'): Promise<Contact> {
  const stored = storedSnapshotOf({
    ...recorded,
    host: { id, name: id },
    hardware: { ...recorded.hardware, cpus: [], microcode },
  });
  await store.contents.putSnapshots([stored]);
  const contact: Contact = {
    ...{ hostId: id, name: id, labels: {}, source: 'agent', agentVersion: '1', gapAfterMs: 300_000 },
    ...{ snapshotHash: stored.hash, fingerprint: stored.fingerprint, collectedAtMs: nowMs, seenAtMs: nowMs },
    ...change,
  };
  await store.observations.recordContacts([contact]);
  return contact;
}

function createGate() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((open) => (resolve = open));
  return { promise, resolve: () => resolve() };
}

/** An index of its own, which reads all rows as it is told. */
function openIndexWith(hosts: Store['observations']['hosts']): HostIndex {
  return createHostIndex({
    store: { ...store, observations: { ...store.observations, hosts } },
    policy: defaultFreshnessPolicy,
    onFault: (error) => faults.push(error),
    refreshMs: 3_600_000,
  });
}

async function until(isThere: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isThere(); tries += 1) await delay(10);
  expect(isThere()).toBe(true);
}

describe('the index of hosts', () => {
  it('follows hosts that others add, change, relabel and remove', async () => {
    await hear('b');
    await hear('a');
    await until(() => index.all().length === 2);
    expect(index.all().map(({ row }) => row.id)).toEqual(['a', 'b']);
    const before = index.get('a')?.row.snapshotHash;
    await hear('a', {}, '0x2');
    await until(() => index.get('a')?.row.snapshotHash !== before);
    await store.observations.relabel('a', { name: 'zulu' });
    await until(() => index.all().at(-1)?.row.name === 'zulu');
    await store.observations.remove('b');
    await until(() => index.get('b') === undefined);
  });

  it('hears of contacts that leave no line in the changes when it reads all again', async () => {
    await hear('quiet');
    await until(() => index.get('quiet') !== undefined);
    nowMs += 200_000;
    await hear('quiet');
    await delay(50);
    const stateOf = (): string | undefined => {
      const host = index.get('quiet');
      return host && index.freshnessOf(host).state;
    };
    expect(stateOf()).toBe('stale');
    await index.refreshAll();
    expect(stateOf()).toBe('fresh');
  });

  it('a row that was read before a contact does not make the host older', async () => {
    const contact = await hear('racing');
    await until(() => index.get('racing') !== undefined);
    index.noteContact({ ...contact, seenAtMs: nowMs + 5_000 }, { takesCommands: true, harvests: new Map() });
    await index.refresh(['racing']);
    expect(index.get('racing')).toMatchObject({ takesCommands: true, row: { lastSeenAtMs: nowMs + 5_000 } });
  });

  it('what a heartbeat says of another snapshot than the current one is not taken', async () => {
    const contact = await hear('switching');
    await until(() => index.get('switching') !== undefined);
    index.noteContact(
      { ...contact, snapshotHash: `sha256:${'0'.repeat(64)}`, seenAtMs: nowMs + 9_000 },
      { takesCommands: true, harvests: new Map() },
    );
    expect(index.get('switching')?.row.lastSeenAtMs).toBe(contact.seenAtMs);
  });

  it('the clock of the demo fleet stands still when its last host was heard', async () => {
    await hear('demo-live', { source: 'demo', seenAtMs: nowMs });
    await hear('demo-gone', { source: 'demo', seenAtMs: nowMs - 400_000 });
    await until(() => index.get('demo-gone') !== undefined && index.get('demo-live') !== undefined);
    nowMs += 86_400_000;
    const states = ['demo-live', 'demo-gone'].map((id) => {
      const host = index.get(id);
      return host && index.freshnessOf(host).state;
    });
    expect(states).toEqual(['fresh', 'unreachable']);
  });

  it('shows the newest row of a host that changed while all rows were on their way', async () => {
    await hear('moving', {}, '0x1');
    const held = createGate();
    const read = createGate();
    const late = openIndexWith(async () => {
      const rows = await store.observations.hosts();
      read.resolve();
      await held.promise;
      return rows;
    });
    const opened = late.open();
    await read.promise;
    const { snapshotHash } = await hear('moving', {}, '0x2');
    await delay(50);
    held.resolve();
    await opened;
    await until(() => late.get('moving')?.row.snapshotHash === snapshotHash);
    await delay(50);
    expect(late.get('moving')?.row.snapshotHash).toBe(snapshotHash);
    late.close();
  });

  it('reads all rows once for whoever opens it at once, and once more after a failure', async () => {
    let reads = 0;
    const failing = openIndexWith(async () => {
      reads += 1;
      if (reads === 1) throw new Error('no store');
      return store.observations.hosts();
    });
    const openTwice = () => failing.open().catch(() => failing.open());
    await Promise.all([openTwice(), openTwice(), openTwice()]);
    await failing.open();
    expect([reads, failing.get('moving')?.row.id]).toEqual([2, 'moving']);
    failing.close();
  });

  it('sorts by name, then id, by code units', () => {
    const hosts = [
      { name: 'b', id: '1' },
      { name: 'a', id: '2' },
      { name: 'a', id: '1' },
      { name: 'B', id: '9' },
    ];
    expect(hosts.sort(compareHosts).map(({ name, id }) => name + id)).toEqual(['B9', 'a1', 'a2', 'b1']);
  });
});
