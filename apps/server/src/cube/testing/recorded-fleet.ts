import { readFile } from 'node:fs/promises';
import type { HostSnapshot } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';
import { storedSnapshotOf } from '../../fleet/stored-snapshot.ts';
import type { Store } from '../../store/store.ts';

/** A host of data/snapshots. */
export async function readDemoHost(name: string): Promise<HostSnapshot> {
  const file = new URL(`../../../../../data/snapshots/${name}.json`, import.meta.url);
  return parseSnapshotText(await readFile(file, 'utf8'), name);
}

/** A host that was heard at some times, on the store's clock. */
export interface HeardHost {
  readonly snapshot: HostSnapshot;
  readonly seenAtMs: readonly number[];
}

/** Puts hosts into a store as agents that were heard. */
export async function recordHosts({ contents, observations }: Store, hosts: readonly HeardHost[]): Promise<void> {
  const gapAfterMs = 300_000;
  for (const { snapshot, seenAtMs } of hosts) {
    const stored = storedSnapshotOf(snapshot);
    await contents.putSnapshots([stored]);
    for (const at of seenAtMs)
      await observations.recordContacts([
        {
          hostId: snapshot.host.id,
          name: snapshot.host.name,
          labels: snapshot.host.labels ?? {},
          source: 'agent',
          snapshotHash: stored.hash,
          fingerprint: stored.fingerprint,
          collectedAtMs: at,
          seenAtMs: at,
          gapAfterMs,
          agentVersion: '0.1.0',
        },
      ]);
  }
}

/** The same host under another id. */
export function asHost(snapshot: HostSnapshot, id: string): HostSnapshot {
  return { ...snapshot, host: { ...snapshot.host, id, name: id } };
}
