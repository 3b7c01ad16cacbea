import { defaultFreshnessPolicy, type FreshnessPolicy } from '../fleet/freshness.ts';
import type { Store } from '../store/store.ts';
import { beatContacts, historyContacts, stageHost } from './demo-contacts.ts';
import { demoDirectory, readDemoStates } from './demo-files.ts';

export interface DemoFleetOptions {
  readonly store: Pick<Store, 'contents' | 'observations' | 'nowMs'>;
  /** Hears of a store that does not take the heartbeats. */
  readonly onFault: (error: unknown) => void;
  /** Folder of the snapshots; left out: `data/snapshots` of the checkout. */
  readonly directory?: string | undefined;
  readonly policy?: FreshnessPolicy | undefined;
}

export interface DemoFleet {
  readonly hostCount: number;
  /** No more heartbeats. */
  stop(): void;
}

/**
 * Puts the demo fleet into a store that is its own, with its history relative to now, and keeps it alive: what is staged
 * as live stays fresh while the server runs, what is staged as stale stays stale.
 * @throws FILE_UNREADABLE, SNAPSHOT_INVALID, STORE_FAILED
 */
export async function loadDemoFleet(options: DemoFleetOptions): Promise<DemoFleet> {
  const { store, onFault, directory = demoDirectory, policy = defaultFreshnessPolicy } = options;
  const hosts = (await readDemoStates(directory)).map(stageHost);
  await store.contents.putSnapshots(hosts.map(({ stored }) => stored));
  await store.observations.recordContacts(historyContacts(hosts, store.nowMs(), policy));
  const beat = (): void => {
    store.observations.recordContacts(beatContacts(hosts, store.nowMs(), policy)).catch(onFault);
  };
  const timer = setInterval(beat, policy.heartbeatMs).unref();
  return { hostCount: new Set(hosts.map(({ stored }) => stored.hostId)).size, stop: () => clearInterval(timer) };
}
