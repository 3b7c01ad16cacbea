import { hostListSchema, type HostSummary } from '@cpu-atlas/contract';
import { expect } from 'vitest';
import { openStore } from '../../apps/server/src/store/open-store.ts';
import type { SteadyFleet } from './steady-fleet.ts';

/** Lists of hosts are as old as the way from the hub to here; a request that broke off may have been read a bit later. */
const slackMs = 2_000;
const timelineLimit = 100_000;

/** All hosts on a hub's list; null: it does not answer. */
export async function readHosts(hub: string): Promise<readonly HostSummary[] | null> {
  const reply = await fetch(`${hub}/api/v1/hosts?limit=1000`).catch(() => null);
  return reply?.ok === true ? hostListSchema.parse(await reply.json()).items : null;
}

/**
 * Fails if a hub claims to have heard a host later than it can have, or shows one as fresh that was silent for longer
 * than it may be. Returns how many hosts were looked at.
 */
export async function expectNoneFresher(hub: string, fleet: SteadyFleet, staleAfterMs: number): Promise<number> {
  const askedAtMs = Date.now();
  const hosts = (await readHosts(hub)) ?? [];
  const claims = hosts.flatMap(({ id, freshness }) => {
    const heardAtMs = fleet.heardAtMostMs(id);
    if (heardAtMs === null) return [];
    const isTooLate = Date.parse(freshness.lastSeenAt) > heardAtMs + slackMs;
    const isTooFresh = freshness.state === 'fresh' && askedAtMs - heardAtMs > staleAfterMs + slackMs;
    return [{ id, freshness, heardAtMs, isWrong: isTooLate || isTooFresh }];
  });
  expect(claims.filter(({ isWrong }) => isWrong)).toEqual([]);
  return claims.length;
}

/** Opens the store of a hub that has ended: every acknowledged word must be in its host's timeline, with its content. */
export async function expectNothingLost(storeUrl: string, fleet: SteadyFleet): Promise<void> {
  const store = await openStore(storeUrl);
  try {
    for (const [host, words] of fleet.acknowledged) {
      if (words.length === 0) continue;
      const timeline = await store.observations.observations(host, { limit: timelineLimit });
      const recorded = new Set(timeline.map(({ snapshotHash }) => snapshotHash));
      expect([host, words.filter((hash) => !recorded.has(hash))]).toEqual([host, []]);
      const known = await store.contents.knownSnapshots(words);
      expect([host, words.filter((hash) => !known.has(hash))]).toEqual([host, []]);
    }
    const latest = await store.changes.latest();
    const changes = (await store.changes.after(0, latest + 1)) ?? [];
    expect(changes.map(({ id }) => id)).toEqual(Array.from({ length: latest }, (_, index) => index + 1));
  } finally {
    await store.close();
  }
}
