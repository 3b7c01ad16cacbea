import { AtlasError } from '@cpu-atlas/core';
import type { ImportedHost, ImportRefusalDocument, ImportResultDocument } from '@cpu-atlas/contract';
import type { Contact, HostRow, Store } from '../store/store.ts';
import type { PreparedHost, PreparedImport } from './prepare-import.ts';

export interface RecordOptions {
  readonly store: Pick<Store, 'contents' | 'observations' | 'nowMs'>;
  readonly isDryRun: boolean;
  /** A snapshot may replace what is known of a host that tells of itself. */
  readonly mayReplace: boolean;
}

/** What is to happen to one host of an import. */
interface Plan {
  readonly host: PreparedHost;
  readonly outcome: ImportedHost['outcome'];
  readonly collectedAtMs: number;
}

/**
 * Stores the hosts of an import, or tells what storing them would do. A host that is imported again is observed again;
 * an older snapshot than the newest becomes a part of its past.
 * @throws IMPORT_CONFLICT where there is nothing else in the import, STORE_FAILED
 */
export async function recordImport(prepared: PreparedImport, options: RecordOptions): Promise<ImportResultDocument> {
  const { store } = options;
  const nowMs = store.nowMs();
  const known = await knownHosts(prepared.hosts, store);
  const refused: ImportRefusalDocument[] = prepared.refused.map((part) => ({ ...part, remedy: part.remedy ?? null }));
  const notes = [...prepared.notes];
  const plans: Plan[] = [];
  for (const host of prepared.hosts) {
    const row = known.get(host.stored.hostId) ?? null;
    const conflict = conflictOf(row, options.mayReplace);
    if (conflict !== null) {
      refused.push(conflict);
      continue;
    }
    const { collectedAtMs, note } = timeOf(host, nowMs);
    if (note !== null) notes.push(note);
    plans.push({ host, collectedAtMs, outcome: outcomeOf(host, row, collectedAtMs) });
  }
  const [first] = refused;
  if (plans.length === 0 && first !== undefined) throw nothingLeft(first);
  const done = options.isDryRun ? plans : await storePlans(plans, store);
  return { format: prepared.format, isDryRun: options.isDryRun, hosts: done.map(tell), notes, refused };
}

async function knownHosts(
  hosts: readonly PreparedHost[],
  { observations }: RecordOptions['store'],
): Promise<ReadonlyMap<string, HostRow>> {
  const ids = new Set(hosts.map(({ stored }) => stored.hostId));
  return observations.hostsById([...ids]);
}

/** Hosts that tell of themselves, and hosts of the demo fleet, are not overwritten by somebody's paste. */
function conflictOf(row: HostRow | null, mayReplace: boolean): ImportRefusalDocument | null {
  if (row === null || row.source === 'import' || mayReplace) return null;
  const who = { self: 'is the host on which the server runs', agent: 'joined', demo: 'is of the demo fleet' } as const;
  return {
    where: `host ${row.id}`,
    code: 'IMPORT_CONFLICT',
    message: `the host ${who[row.source]}, so it tells of itself`,
    remedy: 'leave it out, or replace what is known of it with replace=true',
  };
}

/** A snapshot of the future was taken by a clock that is wrong: it counts as taken now. */
function timeOf(
  { collectedAt, name }: PreparedHost,
  nowMs: number,
): { readonly collectedAtMs: number; readonly note: string | null } {
  const toldMs = Date.parse(collectedAt);
  if (toldMs <= nowMs) return { collectedAtMs: toldMs, note: null };
  return { collectedAtMs: nowMs, note: `${name}: ${collectedAt} lies in the future; taken as now` };
}

function outcomeOf({ stored }: PreparedHost, row: HostRow | null, collectedAtMs: number): ImportedHost['outcome'] {
  if (row === null) return 'new-host';
  const isKnown = row.snapshotHash === stored.hash && row.lastSeenAtMs === collectedAtMs;
  return isKnown ? 'unchanged' : 'new-observation';
}

/** Stores the hosts; the outcomes are those that the store tells, which knows the whole past. */
async function storePlans(
  plans: readonly Plan[],
  { contents, observations }: RecordOptions['store'],
): Promise<readonly Plan[]> {
  await contents.putSnapshots(plans.map(({ host }) => host.stored));
  // Several snapshots of one host are taken in the order of their times.
  const ordered = [...plans].sort((a, b) => a.collectedAtMs - b.collectedAtMs);
  const recorded = await observations.recordContacts(ordered.map(contactOf));
  return ordered.map((plan, at) => {
    const kind = recorded[at]?.kind ?? 'contact';
    return { ...plan, outcome: kind === 'contact' ? 'unchanged' : kind };
  });
}

function contactOf({ host, collectedAtMs }: Plan): Contact {
  return {
    hostId: host.stored.hostId,
    name: host.name,
    labels: host.labels,
    source: 'import',
    snapshotHash: host.stored.hash,
    fingerprint: host.stored.fingerprint,
    collectedAtMs,
    // Nobody heard the host later than that.
    seenAtMs: collectedAtMs,
    // Nobody saw it between two imports.
    gapAfterMs: 0,
    agentVersion: null,
  };
}

function tell({ host, outcome, collectedAtMs }: Plan): ImportedHost {
  return {
    id: host.stored.hostId,
    name: host.name,
    outcome,
    snapshotHash: host.stored.hash,
    fingerprint: host.stored.fingerprint,
    collectedAt: new Date(collectedAtMs).toISOString(),
    knows: host.knows,
  };
}

function nothingLeft({ message, where, remedy }: ImportRefusalDocument): AtlasError {
  return new AtlasError('IMPORT_CONFLICT', message, { where, remedy: remedy ?? undefined });
}
