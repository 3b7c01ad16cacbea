import type { FleetMember } from '../host-directory.ts';
import type { Store } from '../store/store.ts';
import type { FreshnessPolicy } from './freshness.ts';
import { listPastHost, type ListedHost } from './listed-host.ts';

/** Milliseconds since 1970 of an RFC 3339 time of a request; undefined: now was asked for. */
export function momentOf(at: string | null | undefined): number | undefined {
  return at === undefined || at === null ? undefined : Date.parse(at);
}

/**
 * All hosts as they were at a time, by name, then id: what each looked like when it was last heard then. A host that had been silent
 * for long at that time was stale or unreachable then, whatever was heard of it later. Hosts that were not known yet are
 * not among them: the fleet did not have them.
 * @throws STORE_FAILED
 */
export async function listFleetAt(
  { observations }: Pick<Store, 'observations'>,
  atMs: number,
  policy: FreshnessPolicy,
): Promise<readonly ListedHost[]> {
  const seenThen = new Map((await observations.observationsAt(atMs)).map((seen) => [seen.hostId, seen]));
  // A host that was removed is in no list, of no time.
  return (await observations.hosts()).flatMap((row): ListedHost[] => {
    const seen = seenThen.get(row.id);
    return seen === undefined ? [] : [listPastHost(row, seen, { atMs, policy })];
  });
}

/** A host of a list as answers about many hosts need it. */
export function memberOf(
  { id, name, labels, source, snapshotHash, fingerprint }: Omit<FleetMember, 'freshness'>,
  freshness: FleetMember['freshness'],
): FleetMember {
  return { id, name, labels, source, snapshotHash, fingerprint, freshness };
}
