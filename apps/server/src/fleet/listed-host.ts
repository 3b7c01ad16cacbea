import type { HarvestState } from '@cpu-atlas/contract';
import type { OwnHost, SeenHost } from '../own-host.ts';
import type { HostRow, HostSource, ObservationRow } from '../store/store.ts';
import { freshnessOf, type FreshnessPolicy, type FreshnessState, type HostFreshness } from './freshness.ts';
import type { FleetHost, HostIndex } from './host-index.ts';

/** A host of the lists, wherever it is known from. */
export interface ListedHost {
  readonly id: string;
  /** Name and labels as they are shown: an operator's win. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: HostSource;
  readonly snapshotHash: string;
  readonly fingerprint: string;
  readonly agentVersion: string | null;
  /** For filters; the same as `seen.state`. */
  readonly freshness: FreshnessState;
  readonly seen: HostFreshness;
  /** When it was last found to look like this. */
  readonly confirmedAtMs: number;
  readonly takesCommands: boolean;
  readonly harvestOf: (path: string) => HarvestState;
}

const nobodyHarvests: HarvestState = { state: 'off', reason: 'no CPU Atlas runs on this host' };
const notToldYet: HarvestState = { state: 'off', reason: 'the agent of this host has not told it yet' };

/** The host on which the server runs is seen by this process: it is fresh, whatever the store knows of it. */
export function listOwnHost(seen: SeenHost, ownHost: OwnHost, index: HostIndex, nowMs: number): ListedHost {
  const { host, collectedAt } = seen.snapshot;
  const row = index.get(host.id)?.row;
  return {
    id: host.id,
    name: row?.name ?? host.name,
    labels: row?.labels ?? { ...host.labels },
    source: 'self',
    snapshotHash: seen.hash,
    fingerprint: seen.fingerprint,
    agentVersion: row?.agentVersion ?? null,
    freshness: 'fresh',
    seen: { state: 'fresh', lastSeenAtMs: nowMs, silentMs: 0, freshUntilMs: Number.POSITIVE_INFINITY },
    confirmedAtMs: Date.parse(collectedAt),
    takesCommands: true,
    harvestOf: ownHost.harvestOf,
  };
}

export function listFleetHost(host: FleetHost, index: HostIndex): ListedHost {
  const { row, confirmedAtMs, takesCommands, harvests } = host;
  const seen = index.freshnessOf(host);
  const otherwise = row.source === 'agent' ? notToldYet : nobodyHarvests;
  return {
    ...row,
    freshness: seen.state,
    seen,
    confirmedAtMs,
    takesCommands: takesCommands && seen.state !== 'unreachable',
    harvestOf: (path) => harvests.get(path) ?? otherwise,
  };
}

/** A host as an observation tells it, judged as it would have been at that time. */
export function listPastHost(
  row: HostRow,
  observation: ObservationRow,
  { atMs, policy }: { readonly atMs: number; readonly policy: FreshnessPolicy },
): ListedHost {
  const { snapshotHash, fingerprint, collectedAtMs } = observation;
  const lastSeenAtMs = Math.min(observation.lastSeenAtMs, atMs);
  const seen = freshnessOf({ source: row.source, collectedAtMs, lastSeenAtMs }, atMs, policy);
  return {
    ...{ ...row, snapshotHash, fingerprint, seen },
    freshness: seen.state,
    confirmedAtMs: collectedAtMs,
    takesCommands: false,
    harvestOf: () => nobodyHarvests,
  };
}
