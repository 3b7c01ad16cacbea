import type { HostSummary } from '@cpu-atlas/contract';
import type { CatalogLibrary } from './catalog-library.ts';
import { summariseBinary } from './fleet/host-catalog.ts';
import type { ListedHost } from './fleet/listed-host.ts';
import type { SnapshotFacts } from './fleet/snapshot-facts.ts';

export interface SummaryInput {
  readonly host: ListedHost;
  readonly facts: SnapshotFacts;
  readonly nowMs: number;
  readonly isSelf: boolean;
  readonly isProbing: boolean;
}

/** What a list of hosts shows of one. */
export function summariseHost(input: SummaryInput, library: CatalogLibrary): HostSummary {
  const { host, facts, nowMs, isSelf, isProbing } = input;
  return {
    id: host.id,
    name: host.name,
    labels: { ...host.labels },
    source: host.source,
    freshness: {
      state: host.seen.state,
      lastSeenAt: new Date(host.seen.lastSeenAtMs).toISOString(),
      silentSeconds: host.seen.silentMs / 1000,
    },
    collectedAt: new Date(host.confirmedAtMs).toISOString(),
    // A clock that was set back makes no age below zero.
    ageSeconds: Math.max(0, (nowMs - host.confirmedAtMs) / 1000),
    isSelf,
    isProbing,
    cpuName: facts.cpuName,
    vendor: facts.vendor,
    kernelRelease: facts.kernelRelease,
    hypervisor: facts.hypervisor,
    snapshotHash: host.snapshotHash,
    fingerprint: host.fingerprint,
    agentVersion: host.agentVersion,
    takesCommands: host.takesCommands,
    layers: facts.layers,
    qemu: facts.qemu.map((binary) => summariseBinary(library, binary, host.harvestOf(binary.path))),
  };
}
