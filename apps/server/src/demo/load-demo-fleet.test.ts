import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultFreshnessPolicy, freshnessOf } from '../fleet/freshness.ts';
import type { HostRow, Store } from '../store/store.ts';
import { openDemoStore } from './demo-store.ts';
import { loadDemoFleet, type DemoFleet } from './load-demo-fleet.ts';

const dayMs = 86_400_000;
let store: Store;
let fleet: DemoFleet | null = null;

beforeEach(async () => {
  store = await openDemoStore();
});
afterEach(async () => {
  fleet?.stop();
  fleet = null;
  await store.close();
  vi.useRealTimers();
});

const states = (rows: readonly HostRow[], nowMs: number): Record<string, string[]> => {
  const byState: Record<string, string[]> = { fresh: [], stale: [], unreachable: [] };
  for (const row of rows) byState[freshnessOf(row, nowMs, defaultFreshnessPolicy).state]?.push(row.id);
  return byState;
};
const onFault = (error: unknown): void => {
  throw error;
};

describe('loadDemoFleet', () => {
  it('shows at least 24 hosts: one is stale, one is unreachable, the others are fresh', async () => {
    fleet = await loadDemoFleet({ store, onFault });
    const rows = await store.observations.hosts();
    const { fresh, stale, unreachable } = states(rows, store.nowMs());
    expect([stale, unreachable]).toEqual([['demo:core2-q9500'], ['demo:fx-8150']]);
    expect(fresh?.length).toBe(fleet.hostCount - 2);
    expect(fleet.hostCount).toBeGreaterThanOrEqual(24);
    expect(new Set(rows.map(({ source }) => source))).toEqual(new Set(['demo']));
    expect(new Set(rows.map(({ fingerprint }) => fingerprint)).size).toBeGreaterThan(24);
  });

  it.each([
    { host: 'demo:xeon-e3-1245-v5', daysAgo: 21, what: 'a microcode that took TSX away' },
    { host: 'demo:lab-rome-a', daysAgo: 40, what: 'another kernel and QEMU' },
    { host: 'demo:lab-milan-a', daysAgo: 9, what: 'nested virtualisation, switched on' },
    { host: 'demo:lab-milan-b', daysAgo: 5, what: 'another QEMU' },
  ])('shows $what in the timeline of $host, $daysAgo days ago', async ({ host, daysAgo }) => {
    fleet = await loadDemoFleet({ store, onFault });
    const nowMs = store.nowMs();
    const [now, before, ...older] = await store.observations.observations(host, { limit: 10 });
    if (now === undefined || before === undefined) throw new Error('two observations');
    expect(older).toEqual([]);
    expect(now.snapshotHash).not.toBe(before.snapshotHash);
    expect(now.fingerprint).not.toBe(before.fingerprint);
    expect(Math.round((nowMs - now.firstSeenAtMs) / dayMs)).toBe(daysAgo);
    expect(now.firstSeenAtMs - before.lastSeenAtMs).toBe(1);
    const then = await store.observations.observationsAt(nowMs - (daysAgo + 1) * dayMs);
    expect(then.find(({ hostId }) => hostId === host)?.snapshotHash).toBe(before.snapshotHash);
  });

  it('keeps live hosts fresh and the stale one stale while time goes by', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let aheadMs = 0;
    const later = { ...store, nowMs: () => store.nowMs() + aheadMs };
    fleet = await loadDemoFleet({ store: later, onFault });
    const before = states(await store.observations.hosts(), later.nowMs());
    aheadMs = 3_600_000;
    vi.advanceTimersByTime(defaultFreshnessPolicy.heartbeatMs);
    await vi.waitFor(async () => {
      expect(states(await store.observations.hosts(), later.nowMs())).toEqual(before);
    });
    const seen = await store.observations.observations('demo:core-i7-8700', { limit: 10 });
    expect(seen).toHaveLength(1);
  });

  it('refuses a folder that is not a fleet, with the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-test-'));
    await mkdir(join(folder, 'earlier'));
    await writeFile(join(folder, 'a.json'), '{"schema":"cpu-atlas/host-snapshot/1"}');
    const refused = loadDemoFleet({ store, onFault, directory: folder });
    await expect(refused).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID', where: expect.stringContaining('a.json') });
    const missing = loadDemoFleet({ store, onFault, directory: join(folder, 'none') });
    await expect(missing).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await rm(folder, { recursive: true });
  });
});

describe('openDemoStore', () => {
  it('leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-test-'));
    const own = await openDemoStore({ directory });
    await own.check();
    expect(await readdir(directory)).toHaveLength(1);
    await own.close();
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
  });
});
