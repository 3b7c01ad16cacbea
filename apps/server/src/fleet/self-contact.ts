import type { OwnHost, SeenHost } from '../own-host.ts';
import type { Store } from '../store/store.ts';
import type { ContactRecorder } from './contact-recorder.ts';
import { gapAfterMs, type FreshnessPolicy } from './freshness.ts';
import { storedSnapshotOf } from './stored-snapshot.ts';

export interface SelfContactOptions {
  readonly store: Store;
  readonly ownHost: OwnHost;
  readonly contacts: ContactRecorder;
  readonly policy: FreshnessPolicy;
  readonly version: string;
  /** A store that does not answer is asked again at the next heartbeat. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Records the host on which the server runs as any other host: after each probe, and on a heartbeat of its own, so that
 * its timeline shows when the server did not run.
 */
export function recordSelf({
  store,
  ownHost,
  contacts,
  policy,
  version,
  onFault,
}: SelfContactOptions): () => Promise<void> {
  let storedHash: string | null = null;
  let last: Promise<void> = Promise.resolve();
  let isClosed = false;

  const record = async (seen: SeenHost): Promise<void> => {
    const { host } = seen.snapshot;
    if (storedHash !== seen.hash) await store.contents.putSnapshots([storedSnapshotOf(seen.snapshot, seen.hash)]);
    storedHash = seen.hash;
    const seenAtMs = store.nowMs();
    await contacts.record(
      {
        hostId: host.id,
        name: host.name,
        labels: { ...host.labels },
        source: 'self',
        snapshotHash: seen.hash,
        fingerprint: seen.fingerprint,
        collectedAtMs: Math.round(seenAtMs - (performance.now() - seen.probedAtTicks)),
        seenAtMs,
        gapAfterMs: gapAfterMs(policy),
        agentVersion: version,
      },
      { takesCommands: true, harvests: new Map() },
    );
  };
  // One after the other, so that a heartbeat never overtakes a change.
  const beat = (seen: SeenHost | null): void => {
    if (seen === null || isClosed) return;
    last = last
      .then(() => record(seen))
      .catch((error: unknown) => {
        storedHash = null;
        onFault(error);
      });
  };
  const unsubscribe = ownHost.subscribe(beat);
  const timer = setInterval(() => beat(ownHost.seen), policy.heartbeatMs);
  timer.unref();
  return async () => {
    isClosed = true;
    unsubscribe();
    clearInterval(timer);
    await last;
  };
}
