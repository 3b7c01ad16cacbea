import { sql } from 'kysely';
import type { Engine } from './engine.ts';
import type { Contact } from './store.ts';
import { storableText } from './storable-text.ts';

/**
 * Writes those contacts that only move the times of their host's row, as most do, in one statement. A host that was heard
 * of otherwise (new, changed, removed, silent for too long, heard later already) is left as it is, for the ledger; so is
 * the second contact of a host. What a row must say is compared with a row of the list, even that it is not removed: of a
 * table without statistics, as in the first minute of a fleet, a planner would take that for one row in two hundred, and
 * walk the list once for each.
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
      with heard as materialized (
        select
          value ->> 0 as id,
          cast(value ->> 1 as bigint) as collected_at_ms,
          cast(value ->> 2 as bigint) as seen_at_ms,
          cast(value ->> 3 as bigint) as known_since_ms,
          value ->> 4 as snapshot_hash,
          value ->> 5 as fingerprint,
          value ->> 6 as name,
          value ->> 7 as labels,
          value ->> 8 as source,
          value ->> 9 as agent_version,
          cast(value ->> 10 as integer) as takes_commands,
          cast(null as bigint) as removed_at_ms
        from ${table} as contact
      )
      update hosts
      set collected_at_ms = heard.collected_at_ms, last_seen_at_ms = heard.seen_at_ms
      from heard
      where hosts.id = heard.id
        and ${engine.narrowedTo('hosts.id', [...first.keys()])}
        and hosts.removed_at_ms is not distinct from heard.removed_at_ms
        and hosts.last_seen_at_ms <= heard.seen_at_ms
        and hosts.last_seen_at_ms >= heard.known_since_ms
        and hosts.snapshot_hash = heard.snapshot_hash
        and hosts.fingerprint = heard.fingerprint
        and hosts.name = heard.name
        and hosts.labels = heard.labels
        and hosts.source = heard.source
        and coalesce(hosts.agent_version, '') = heard.agent_version
        and hosts.takes_commands = heard.takes_commands
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
