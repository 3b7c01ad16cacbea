import { createHash } from 'node:crypto';
import { canonicalJson } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';

/**
 * `sha256:…` of what a snapshot saw. When it was seen does not count: two probes that saw the same have one hash, and
 * the times are kept beside it.
 */
export function snapshotHash(snapshot: HostSnapshot): string {
  const { collectedAt: _, ...seen } = snapshot;
  return `sha256:${createHash('sha256').update(canonicalJson(seen)).digest('hex')}`;
}
