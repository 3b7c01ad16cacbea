import { AtlasError } from '@cpu-atlas/core';
import { hostSources, type HostRow, type HostSource, type ObservationRow } from './store.ts';
import type { HostTable, ObservationTable } from './tables.ts';

/** A host as the tables have it. */
export function readHost(row: HostTable): HostRow {
  const given = row.given_labels === null ? {} : readLabels(row.given_labels, row.id);
  return {
    id: row.id,
    name: row.given_name ?? row.name,
    labels: { ...readLabels(row.labels, row.id), ...given },
    source: readSource(row.source, row.id),
    snapshotHash: row.snapshot_hash,
    fingerprint: row.fingerprint,
    observationId: row.observation_id,
    collectedAtMs: row.collected_at_ms,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
    agentVersion: row.agent_version,
    takesCommands: row.takes_commands === 1,
  };
}

export function readObservation(row: ObservationTable): ObservationRow {
  return {
    id: row.id,
    hostId: row.host_id,
    snapshotHash: row.snapshot_hash,
    fingerprint: row.fingerprint,
    collectedAtMs: row.collected_at_ms,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}

export function writeObservation(row: ObservationRow): ObservationTable {
  return {
    id: row.id,
    host_id: row.hostId,
    snapshot_hash: row.snapshotHash,
    fingerprint: row.fingerprint,
    collected_at_ms: row.collectedAtMs,
    first_seen_at_ms: row.firstSeenAtMs,
    last_seen_at_ms: row.lastSeenAtMs,
  };
}

function readLabels(text: string, hostId: string): Readonly<Record<string, string>> {
  try {
    const labels: unknown = JSON.parse(text);
    if (isTextRecord(labels)) return labels;
  } catch (cause) {
    throw damagedHost(hostId, 'labels', cause);
  }
  throw damagedHost(hostId, 'labels');
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((one) => typeof one === 'string');
}

function readSource(text: string, hostId: string): HostSource {
  const source = hostSources.find((known) => known === text);
  if (source === undefined) throw damagedHost(hostId, 'source');
  return source;
}

function damagedHost(hostId: string, what: string, cause?: unknown): AtlasError {
  return new AtlasError('STORE_FAILED', `the ${what} of a stored host cannot be read`, {
    where: `hosts ${hostId}`,
    remedy: 'remove the host from the store; it comes back with its next contact',
    cause,
  });
}
