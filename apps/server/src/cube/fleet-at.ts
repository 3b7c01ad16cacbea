import { freshnessOf, type FreshnessPolicy } from '../fleet/freshness.ts';
import type { FleetMember } from '../host-directory.ts';
import type { Store } from '../store/store.ts';

/** One host of a cube. */
export type CubeMember = Pick<FleetMember, 'id' | 'name' | 'snapshotHash' | 'fingerprint' | 'freshness'>;

/**
 * All hosts as they were at a time, by name, then id: what each looked like when it was last heard then. A host that had been silent
 * for long at that time was stale or unreachable then, whatever was heard of it later. Hosts that were not known yet are
 * not among them.
 * @throws STORE_FAILED
 */
export async function fleetAt(
  { observations }: Pick<Store, 'observations'>,
  atMs: number,
  policy: FreshnessPolicy,
): Promise<readonly CubeMember[]> {
  const seenThen = new Map((await observations.observationsAt(atMs)).map((seen) => [seen.hostId, seen]));
  // A host that was removed is in no list, of no time.
  return (await observations.hosts()).flatMap(({ id, name, source }): CubeMember[] => {
    const seen = seenThen.get(id);
    if (seen === undefined) return [];
    const { snapshotHash, fingerprint, collectedAtMs } = seen;
    const contact = { source, collectedAtMs, lastSeenAtMs: Math.min(seen.lastSeenAtMs, atMs) };
    return [{ id, name, snapshotHash, fingerprint, freshness: freshnessOf(contact, atMs, policy) }];
  });
}
