import type { ChangeLine } from './change-log.ts';
import { storableText } from './storable-text.ts';
import type { Contact, ObservationRow, RecordedContact } from './store.ts';
import type { HostTable } from './tables.ts';

/** A contact was overtaken: its host was heard later already. It belongs into the past: see `late-contact.ts`. */
export const late = 'late';

/**
 * What a group of contacts does to the tables, computed in memory from the rows of their hosts: contacts are taken one
 * after the other, and what they come to is written at the end, each row once.
 */
export class ContactLedger {
  readonly #before: ReadonlyMap<string, HostTable>;
  readonly #hosts: Map<string, HostTable>;
  readonly #nextId: () => string;
  readonly #touched = new Set<string>();
  readonly #begun = new Map<string, ObservationRow>();
  readonly #ended = new Map<string, number>();
  readonly #changes: ChangeLine[] = [];

  /** `hosts`: the rows of all hosts that will be taken, as far as there are any. */
  constructor(hosts: readonly HostTable[], nextId: () => string) {
    this.#before = new Map(hosts.map((row) => [row.id, row]));
    this.#hosts = new Map(this.#before);
    this.#nextId = nextId;
  }

  /** Takes the next contact of a host. Late ones change nothing here. */
  take(contact: Contact): RecordedContact | typeof late {
    const row = this.#hosts.get(contact.hostId);
    if (row === undefined) return this.#begin(contact, null, 'host-new');
    const { seenAtMs } = contact;
    if (seenAtMs < row.last_seen_at_ms) return late;
    const isBack = row.removed_at_ms !== null && seenAtMs >= row.removed_at_ms;
    const isSame = contact.snapshotHash === row.snapshot_hash && seenAtMs - row.last_seen_at_ms <= contact.gapAfterMs;
    if (!isSame) return this.#begin(contact, row, isBack ? 'host-new' : 'host-observed');
    this.#put(contact, row, row.observation_id);
    if (!isBack) return { hostId: row.id, observationId: row.observation_id, kind: 'contact' };
    this.#changes.push({ kind: 'host-new', subject: row.id });
    return { hostId: row.id, observationId: row.observation_id, kind: 'new-host' };
  }

  /** Rows of all hosts that were taken, as they are now. */
  hosts(): ReadonlyMap<string, HostTable> {
    return this.#hosts;
  }

  /** Rows of hosts that had none, by id. */
  newHosts(): readonly HostTable[] {
    return this.#rowsOf((_, before) => before === undefined);
  }

  /** Rows of hosts of which only the times moved, by id. */
  movedHosts(): readonly HostTable[] {
    return this.#rowsOf((row, before) => before !== undefined && hasOnlyMoved(row, before));
  }

  /** Rows of hosts that changed otherwise, by id. */
  changedHosts(): readonly HostTable[] {
    return this.#rowsOf((row, before) => before !== undefined && !hasOnlyMoved(row, before));
  }

  /** Observations to add. Of those that are still current the last contact is told by their host's row. */
  begun(): readonly ObservationRow[] {
    return [...this.#begun.values()];
  }

  /** When observations that were there before were seen last, by id. */
  ended(): ReadonlyMap<string, number> {
    return this.#ended;
  }

  changes(): readonly ChangeLine[] {
    return this.#changes;
  }

  /** A new observation; the one before has ended with its last contact. */
  #begin(contact: Contact, row: HostTable | null, kind: 'host-new' | 'host-observed'): RecordedContact {
    if (row !== null) this.#end(row);
    const { hostId, snapshotHash, fingerprint, collectedAtMs, seenAtMs } = contact;
    const id = this.#nextId();
    const span = { collectedAtMs, firstSeenAtMs: seenAtMs, lastSeenAtMs: seenAtMs };
    this.#begun.set(id, { id, hostId, snapshotHash, fingerprint, ...span });
    this.#put(contact, row, id);
    this.#changes.push({ kind, subject: hostId });
    return { hostId, observationId: id, kind: kind === 'host-new' ? 'new-host' : 'new-observation' };
  }

  #end(row: HostTable): void {
    const begun = this.#begun.get(row.observation_id);
    if (begun === undefined) this.#ended.set(row.observation_id, row.last_seen_at_ms);
    else this.#begun.set(begun.id, { ...begun, lastSeenAtMs: row.last_seen_at_ms });
  }

  #put(contact: Contact, row: HostTable | null, observationId: string): void {
    this.#hosts.set(contact.hostId, hostAfter(contact, row, observationId));
    this.#touched.add(contact.hostId);
  }

  #rowsOf(isWanted: (row: HostTable, before: HostTable | undefined) => boolean): readonly HostTable[] {
    return [...this.#touched].sort().flatMap((id) => {
      const row = this.#hosts.get(id);
      return row !== undefined && isWanted(row, this.#before.get(id)) ? [row] : [];
    });
  }
}

/** What most contacts change. */
const times: ReadonlySet<string> = new Set(['collected_at_ms', 'last_seen_at_ms'] satisfies (keyof HostTable)[]);

function hasOnlyMoved(row: HostTable, before: HostTable): boolean {
  const entries = Object.entries(before) as [keyof HostTable, unknown][];
  return entries.every(([name, value]) => times.has(name) || row[name] === value);
}

/** A host's row after its newest contact. A removed host comes back only with a contact later than its removal. */
function hostAfter(contact: Contact, row: HostTable | null, observationId: string): HostTable {
  const removedAtMs = row?.removed_at_ms ?? null;
  return {
    id: contact.hostId,
    name: storableText(contact.name),
    labels: JSON.stringify(contact.labels),
    given_name: row?.given_name ?? null,
    given_labels: row?.given_labels ?? null,
    source: contact.source,
    snapshot_hash: contact.snapshotHash,
    fingerprint: contact.fingerprint,
    observation_id: observationId,
    collected_at_ms: contact.collectedAtMs,
    first_seen_at_ms: row?.first_seen_at_ms ?? contact.seenAtMs,
    last_seen_at_ms: contact.seenAtMs,
    agent_version: contact.agentVersion === null ? null : storableText(contact.agentVersion),
    removed_at_ms: removedAtMs !== null && contact.seenAtMs < removedAtMs ? removedAtMs : null,
    takes_commands: contact.takesCommands === true ? 1 : 0,
  };
}
