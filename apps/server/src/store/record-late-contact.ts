import type { Transaction } from 'kysely';
import type { ChangeLine } from './change-log.ts';
import { readObservation, writeObservation } from './host-record.ts';
import { placeLateContact, type Surroundings } from './late-contact.ts';
import type { Contact, ObservationRow, RecordedContact } from './store.ts';
import type { Tables } from './tables.ts';

/** Writes a contact into the past of its host, whose row is locked. What changed is added to `changes`. */
export async function recordLateContact(
  transaction: Transaction<Tables>,
  contact: Contact,
  { nextId, changes }: { readonly nextId: () => string; readonly changes: ChangeLine[] },
): Promise<RecordedContact> {
  const { hostId, seenAtMs } = contact;
  const surroundings = await readSurroundings(transaction, contact);
  const { kind, observationId, rows, continuedAs } = placeLateContact(contact, surroundings, nextId);
  if (rows.length > 0) await upsertObservations(transaction, rows);
  if (continuedAs !== null && surroundings.before !== null) {
    await transaction
      .updateTable('hosts')
      .set({ observation_id: continuedAs })
      .where('id', '=', hostId)
      .where('observation_id', '=', surroundings.before.id)
      .execute();
  }
  await transaction
    .updateTable('hosts')
    .set({ first_seen_at_ms: seenAtMs })
    .where('id', '=', hostId)
    .where('first_seen_at_ms', '>', seenAtMs)
    .execute();
  if (kind === 'new-observation') changes.push({ kind: 'host-observed', subject: hostId });
  return { hostId, observationId, kind };
}

async function readSurroundings(transaction: Transaction<Tables>, contact: Contact): Promise<Surroundings> {
  const { hostId, seenAtMs } = contact;
  const ofHost = transaction.selectFrom('observations').selectAll().where('host_id', '=', hostId).limit(1);
  const before = await ofHost
    .where('first_seen_at_ms', '<=', seenAtMs)
    .orderBy('first_seen_at_ms', 'desc')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  const after = await ofHost
    .where('first_seen_at_ms', '>', seenAtMs)
    .orderBy('first_seen_at_ms')
    .orderBy('id')
    .executeTakeFirst();
  const host = await transaction
    .selectFrom('hosts')
    .select(['observation_id', 'last_seen_at_ms'])
    .where('id', '=', hostId)
    .executeTakeFirst();
  const current = (row: ObservationRow): ObservationRow =>
    row.id === host?.observation_id ? { ...row, lastSeenAtMs: host.last_seen_at_ms } : row;
  return {
    before: before === undefined ? null : current(readObservation(before)),
    after: after === undefined ? null : current(readObservation(after)),
  };
}

async function upsertObservations(transaction: Transaction<Tables>, rows: readonly ObservationRow[]): Promise<void> {
  await transaction
    .insertInto('observations')
    .values(rows.map(writeObservation))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((column) => ({
        first_seen_at_ms: column.ref('excluded.first_seen_at_ms'),
        last_seen_at_ms: column.ref('excluded.last_seen_at_ms'),
      })),
    )
    .execute();
}
