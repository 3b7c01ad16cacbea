import { AtlasError } from '@cpu-atlas/core';
import { sql, type Transaction } from 'kysely';
import { appendChanges, type ChangeLine } from './change-log.ts';
import { ContactLedger, late } from './contact-ledger.ts';
import { Overtaken, type Engine } from './engine.ts';
import { writeObservation } from './host-record.ts';
import type { HostRows } from './host-rows.ts';
import { inChunks } from './in-chunks.ts';
import { recordLateContact } from './record-late-contact.ts';
import type { Contact, RecordedContact } from './store.ts';
import type { HostTable, Tables } from './tables.ts';

/** Rows of one statement: 15 values each, of 32,766 that the embedded engine takes. */
const rowsPerStatement = 1_000;

/** How contacts are written. */
export interface Recording {
  readonly engine: Engine;
  readonly nextId: () => string;
  readonly rows: HostRows;
}

/**
 * Writes contacts of several callers in one transaction. A caller that names a snapshot that is not stored is refused
 * alone, and nothing of it is written.
 */
export async function recordContactGroups(
  { engine, nextId, rows }: Recording,
  transaction: Transaction<Tables>,
  groups: readonly (readonly Contact[])[],
): Promise<readonly (readonly RecordedContact[] | AtlasError)[]> {
  const ids = [...new Set(groups.flat().map(({ hostId }) => hostId))];
  const hosts = await rows.read(ids, (missing) => lockHosts(engine, transaction, missing));
  const refusals = await refuseUnknownSnapshots(engine, transaction, groups, hosts);
  const ledger = new ContactLedger(hosts, nextId);
  const taken = groups.map((group, index) => refusals[index] ?? group.map((contact) => ledger.take(contact)));
  await writeLedger(engine, transaction, ledger);
  const changes: ChangeLine[] = [...ledger.changes()];
  const results: (readonly RecordedContact[] | AtlasError)[] = [];
  for (const [index, outcome] of taken.entries()) {
    results.push(
      outcome instanceof AtlasError
        ? outcome
        : await placeLateOnes(transaction, groups[index] ?? [], outcome, { nextId, changes }),
    );
  }
  await appendChanges(engine, transaction, changes);
  rows.keep(ledger.hosts());
  rows.forget(taken.flatMap((outcome, index) => (isLate(outcome) ? hostsOf(groups[index]) : [])));
  return results;
}

/** The rows of hosts, kept from other hubs until the end of the transaction; always in the same order. */
async function lockHosts(
  engine: Engine,
  transaction: Transaction<Tables>,
  ids: readonly string[],
): Promise<readonly HostTable[]> {
  const query = transaction.selectFrom('hosts').selectAll().where(engine.among('id', ids)).orderBy('id');
  return query.$if(engine.locksRows, (locked) => locked.forUpdate()).execute();
}

async function refuseUnknownSnapshots(
  engine: Engine,
  transaction: Transaction<Tables>,
  groups: readonly (readonly Contact[])[],
  hosts: readonly HostTable[],
): Promise<readonly (AtlasError | null)[]> {
  const known = new Set(hosts.map((row) => row.snapshot_hash));
  const asked = new Set(groups.flat().flatMap(({ snapshotHash }) => (known.has(snapshotHash) ? [] : [snapshotHash])));
  if (asked.size > 0) {
    const query = transaction
      .selectFrom('snapshots')
      .select('hash')
      .where(engine.among('hash', [...asked]));
    for (const { hash } of await query.execute()) known.add(hash);
  }
  return groups.map((group) => {
    const stranger = group.find(({ snapshotHash }) => !known.has(snapshotHash));
    return stranger === undefined ? null : unknownSnapshot(stranger);
  });
}

async function writeLedger(engine: Engine, transaction: Transaction<Tables>, ledger: ContactLedger): Promise<void> {
  for (const rows of inChunks(ledger.begun(), rowsPerStatement)) {
    await transaction.insertInto('observations').values(rows.map(writeObservation)).execute();
  }
  await endObservations(engine, transaction, ledger.ended());
  await moveHosts(engine, transaction, ledger.movedHosts());
  for (const rows of inChunks(ledger.newHosts(), rowsPerStatement)) await insertHosts(transaction, rows);
  for (const rows of inChunks(ledger.changedHosts(), rowsPerStatement)) await updateHosts(transaction, rows);
}

/** Writes when observations were seen last, by id. */
async function endObservations(
  engine: Engine,
  transaction: Transaction<Tables>,
  ends: ReadonlyMap<string, number>,
): Promise<void> {
  if (ends.size === 0) return;
  await sql`
    update observations
    set last_seen_at_ms = cast(ended.value ->> 1 as bigint)
    from ${engine.jsonRows(JSON.stringify([...ends]))} as ended
    where observations.id = ended.value ->> 0
      and ${engine.narrowedTo('observations.id', [...ends.keys()])}`.execute(transaction);
}

async function insertHosts(transaction: Transaction<Tables>, rows: readonly HostTable[]): Promise<void> {
  const inserted = await transaction
    .insertInto('hosts')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  // Another hub heard one of them first.
  if (inserted.length < rows.length) throw new Overtaken();
}

/** Writes the times of rows that are there and locked. */
async function moveHosts(engine: Engine, transaction: Transaction<Tables>, rows: readonly HostTable[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  const times = JSON.stringify(rows.map((row) => [row.id, row.collected_at_ms, row.last_seen_at_ms]));
  await sql`
    update hosts
    set collected_at_ms = cast(moved.value ->> 1 as bigint), last_seen_at_ms = cast(moved.value ->> 2 as bigint)
    from ${engine.jsonRows(times)} as moved
    where hosts.id = moved.value ->> 0
      and ${engine.narrowedTo('hosts.id', ids)}`.execute(transaction);
}

/** The rows are there and locked; an upsert changes many of them in one statement. */
async function updateHosts(transaction: Transaction<Tables>, rows: readonly HostTable[]): Promise<void> {
  await transaction
    .insertInto('hosts')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((column) => ({
        name: column.ref('excluded.name'),
        labels: column.ref('excluded.labels'),
        source: column.ref('excluded.source'),
        snapshot_hash: column.ref('excluded.snapshot_hash'),
        fingerprint: column.ref('excluded.fingerprint'),
        observation_id: column.ref('excluded.observation_id'),
        collected_at_ms: column.ref('excluded.collected_at_ms'),
        first_seen_at_ms: column.ref('excluded.first_seen_at_ms'),
        last_seen_at_ms: column.ref('excluded.last_seen_at_ms'),
        agent_version: column.ref('excluded.agent_version'),
        removed_at_ms: column.ref('excluded.removed_at_ms'),
        takes_commands: column.ref('excluded.takes_commands'),
      })),
    )
    .execute();
}

async function placeLateOnes(
  transaction: Transaction<Tables>,
  contacts: readonly Contact[],
  outcomes: readonly (RecordedContact | typeof late)[],
  control: { readonly nextId: () => string; readonly changes: ChangeLine[] },
): Promise<readonly RecordedContact[]> {
  const results: RecordedContact[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const contact = contacts[index];
    if (outcome !== late) results.push(outcome);
    else if (contact !== undefined) results.push(await recordLateContact(transaction, contact, control));
  }
  return results;
}

/** What a late contact does to its host's row is not in the ledger. */
function isLate(outcome: readonly (RecordedContact | typeof late)[] | AtlasError): boolean {
  return !(outcome instanceof AtlasError) && outcome.includes(late);
}

function hostsOf(contacts: readonly Contact[] = []): readonly string[] {
  return contacts.map(({ hostId }) => hostId);
}

function unknownSnapshot({ hostId, snapshotHash }: Contact): AtlasError {
  return new AtlasError('SNAPSHOT_NOT_FOUND', `host ${hostId} names a snapshot that is not stored`, {
    where: snapshotHash,
    remedy: 'send the snapshot first',
  });
}
