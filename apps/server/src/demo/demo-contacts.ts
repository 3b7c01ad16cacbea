import { silenceLimits, type FreshnessPolicy } from '../fleet/freshness.ts';
import { storedSnapshotOf } from '../fleet/stored-snapshot.ts';
import type { Contact, StoredSnapshot } from '../store/store.ts';
import type { DemoState } from './demo-files.ts';

/** A state of the demo fleet as the store takes it. */
export interface StagedHost extends DemoState {
  readonly stored: StoredSnapshot;
}

const dayMs = 24 * 60 * 60_000;
/** Nothing in the demo is a gap: a host is heard at both ends of a span, and was there in between. */
const neverMs = 10 * 365 * dayMs;

export function stageHost(state: DemoState): StagedHost {
  return { ...state, stored: storedSnapshotOf(state.snapshot) };
}

/** The past and the present of the fleet, in the order of time. */
export function historyContacts(hosts: readonly StagedHost[], nowMs: number, policy: FreshnessPolicy): Contact[] {
  const contacts = hosts.flatMap((host) => {
    const { fromDaysAgo } = host.staging;
    return [contactAt(host, nowMs - fromDaysAgo * dayMs), contactAt(host, nowMs - silenceMs(host, policy))];
  });
  return contacts.sort((a, b) => a.seenAtMs - b.seenAtMs);
}

/** What is heard of the fleet at a later time: live hosts now, a stale one a while ago, others no more. */
export function beatContacts(hosts: readonly StagedHost[], nowMs: number, policy: FreshnessPolicy): Contact[] {
  return hosts
    .filter(({ staging }) => staging.role === 'live' || staging.role === 'stale')
    .map((host) => contactAt(host, nowMs - silenceMs(host, policy)));
}

/** For how long a host has been silent. A stale one stays halfway between stale and unreachable. */
function silenceMs({ staging }: StagedHost, policy: FreshnessPolicy): number {
  switch (staging.role) {
    case 'live':
      return 0;
    case 'stale': {
      const { staleMs, unreachableMs } = silenceLimits('demo', policy);
      return (staleMs + unreachableMs) / 2;
    }
    case 'earlier':
      // The next state of the host begins at that time.
      return staging.untilDaysAgo * dayMs + 1;
    case 'unreachable':
      return staging.untilDaysAgo * dayMs;
  }
}

function contactAt({ snapshot, stored }: StagedHost, seenAtMs: number): Contact {
  return {
    hostId: stored.hostId,
    name: snapshot.host.name,
    labels: snapshot.host.labels ?? {},
    source: 'demo',
    snapshotHash: stored.hash,
    fingerprint: stored.fingerprint,
    collectedAtMs: seenAtMs,
    seenAtMs,
    gapAfterMs: neverMs,
    agentVersion: null,
  };
}
