import { createHash } from 'node:crypto';
import { fingerprintText } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { snapshotHash } from '../content-hash.ts';
import type { StoredSnapshot } from '../store/store.ts';

/** `sha256:…` of what decides a host's answers: hosts of one fingerprint have equal matrices. */
export function fingerprintOf(snapshot: HostSnapshot): string {
  return `sha256:${createHash('sha256').update(fingerprintText(snapshot)).digest('hex')}`;
}

/** A snapshot as the store keeps it. `hash` spares computing it where it is known. */
export function storedSnapshotOf(snapshot: HostSnapshot, hash = snapshotHash(snapshot)): StoredSnapshot {
  return {
    hash,
    hostId: snapshot.host.id,
    fingerprint: fingerprintOf(snapshot),
    body: new TextEncoder().encode(JSON.stringify(snapshot)),
  };
}
