import { sql } from 'kysely';
import type { Engine } from './engine.ts';
import type { Contact } from './store.ts';
import { storableText } from './storable-text.ts';

/**
 * Writes those contacts that only move the times of their host's row, as most do, in one statement. A host that was heard
 * of otherwise (new, changed, removed, silent for too long, heard later already) is left as it is, for the ledger; so is
 * the second contact of a host.
 * @returns the observations that go on, by contact
 */
export async function moveContacts(
  engine: Engine,
  contacts: readonly Contact[],
): Promise<ReadonlyMap<Contact, string>> {
  const first = new Map<string, Contact>();
  for (const contact of contacts) if (!first.has(contact.hostId)) first.set(contact.hostId, contact);
  const table = engine.jsonRows(JSON.stringify([...first.values()].map(valuesOf)));
  const { rows } = await engine.writeAlone((database) =>
    sql<{ readonly id: string; readonly observation_id: string }>`
      update hosts
      set collected_at_ms = cast(heard.value ->> 1 as bigint), last_seen_at_ms = cast(heard.value ->> 2 as bigint)
      from ${table} as heard
      where hosts.id = heard.value ->> 0
        and ${engine.narrowedTo('hosts.id', [...first.keys()])}
        and hosts.removed_at_ms is null
        and hosts.last_seen_at_ms <= cast(heard.value ->> 2 as bigint)
        and hosts.last_seen_at_ms >= cast(heard.value ->> 3 as bigint)
        and hosts.snapshot_hash = heard.value ->> 4
        and hosts.fingerprint = heard.value ->> 5
        and hosts.name = heard.value ->> 6
        and hosts.labels = heard.value ->> 7
        and hosts.source = heard.value ->> 8
        and coalesce(hosts.agent_version, '') = heard.value ->> 9
        and hosts.takes_commands = cast(heard.value ->> 10 as integer)
      returning hosts.id, hosts.observation_id`.execute(database),
  );
  const moved = new Map<Contact, string>();
  for (const { id, observation_id: observationId } of rows) {
    const contact = first.get(id);
    if (contact !== undefined) moved.set(contact, observationId);
  }
  return moved;
}

/** The times to write, and what the row must say for that: as `ContactLedger` takes a contact. */
function valuesOf(contact: Contact): readonly (string | number)[] {
  return [
    ...[contact.hostId, contact.collectedAtMs, contact.seenAtMs, contact.seenAtMs - contact.gapAfterMs],
    ...[contact.snapshotHash, contact.fingerprint, storableText(contact.name), JSON.stringify(contact.labels)],
    contact.source,
    // A version of no letters and none are told apart by nobody.
    contact.agentVersion === null ? '' : storableText(contact.agentVersion),
    contact.takesCommands === true ? 1 : 0,
  ];
}
