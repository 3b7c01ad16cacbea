import type { Contact, StoredSnapshot } from '../store.ts';

/** A contact of host-1 with snapshot-1, at 1,000 ms, that becomes a new observation after 100 ms of silence. */
export function contactOf(change: Partial<Contact> = {}): Contact {
  const hostId = change.hostId ?? 'host-1';
  return {
    hostId,
    name: `node ${hostId}`,
    labels: { rack: 'r1' },
    source: 'agent',
    snapshotHash: 'snapshot-1',
    fingerprint: 'fingerprint-1',
    collectedAtMs: 900,
    seenAtMs: 1_000,
    gapAfterMs: 100,
    agentVersion: '1.0.0',
    ...change,
  };
}

export function snapshotOf(change: Partial<StoredSnapshot> = {}): StoredSnapshot {
  const hash = change.hash ?? 'snapshot-1';
  const body = Buffer.from(JSON.stringify({ hash, padding: 'x'.repeat(200) }));
  return { hash, hostId: 'host-1', fingerprint: 'fingerprint-1', body, ...change };
}

export function snapshotsOf(hashes: readonly string[]): readonly StoredSnapshot[] {
  return hashes.map((hash) => snapshotOf({ hash }));
}
