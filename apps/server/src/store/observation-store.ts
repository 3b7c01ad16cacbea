import { setImmediate as letOthersRun } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import { appendChanges } from './change-log.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Engine } from './engine.ts';
import { readHost } from './host-record.ts';
import type { HostRows } from './host-rows.ts';
import { inChunks } from './in-chunks.ts';
import { moveContacts } from './move-contacts.ts';
import { readMoment, readTimeline } from './observation-history.ts';
import { recordContactGroups } from './record-contacts.ts';
import { storableKey, storableText } from './storable-text.ts';
import type { Contact, HostRow, ObservationStore, RecordedContact } from './store.ts';

export interface ClosableObservationStore extends ObservationStore {
  /** Resolves when all that waits is written. */
  drained(): Promise<void>;
}

/** Rows are read in some milliseconds, in which nothing else runs. */
const idsPerStatement = 250;

/** What the two queues of contacts have in common; a contact weighs 1. */
const contactsTogether = { name: 'contacts', groupWeight: 1_000, waitingWeight: 20_000 } as const;

interface ObservationStoreOptions {
  readonly nextId: () => string;
  readonly onChanged: () => void;
  readonly rows: HostRows;
}

export function createObservationStore(
  engine: Engine,
  { nextId, onChanged, rows }: ObservationStoreOptions,
): ClosableObservationStore {
  const queue = new CommitQueue<readonly Contact[], readonly RecordedContact[]>({
    ...contactsTogether,
    weigh: (contacts) => contacts.length,
    commit: async (groups) => {
      try {
        const results = await engine.write((transaction) =>
          recordContactGroups({ engine, nextId, rows }, transaction, groups),
        );
        if (results.some(hasChanged)) onChanged();
        return results;
      } catch (error) {
        rows.forgetAll();
        throw error;
      }
    },
  });
  const moves = new CommitQueue<Contact, string | null>({
    ...contactsTogether,
    weigh: () => 1,
    commit: async (contacts) => {
      const moved = await moveContacts(engine, contacts);
      return contacts.map((contact) => moved.get(contact) ?? null);
    },
  });
  /** Where rows are shared a transaction is a dozen journeys; most contacts take one. Null: it is more than a move. */
  const move = async (contacts: readonly Contact[]): Promise<readonly RecordedContact[] | null> => {
    const [contact] = contacts;
    if (!engine.locksRows || contact === undefined || contacts.length > 1) return null;
    const observationId = await moves.add(contact);
    return observationId === null ? null : [{ hostId: contact.hostId, observationId, kind: 'contact' }];
  };
  return {
    async recordContacts(contacts) {
      if (contacts.length === 0) return [];
      const storable = contacts.map(storableContact);
      return (await move(storable)) ?? queue.add(storable);
    },
    host: async (id) => (await readHosts(engine, [id])).get(storableText(id)) ?? null,
    hostsById: (ids) => readHosts(engine, ids),
    async hosts() {
      const rows = await readAllHosts(engine);
      // Databases sort text each by its own rules.
      return rows.sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id));
    },
    observations: (hostId, page) => readTimeline(engine, storableText(hostId), page),
    async observationsAt(atMs) {
      const rows = await readMoment(engine, storableTime(atMs));
      return [...rows].sort((a, b) => compareText(a.hostId, b.hostId));
    },
    async relabel(hostId, change) {
      const row = await relabelHost({ engine, rows }, storableText(hostId), change);
      if (row !== null) onChanged();
      return row;
    },
    async remove(hostId) {
      const isRemoved = await removeHost({ engine, rows }, storableText(hostId));
      if (isRemoved) onChanged();
      return isRemoved;
    },
    async drained() {
      await moves.drained();
      // What was no move is in the other queue by then.
      await letOthersRun();
      await queue.drained();
    },
  };
}

async function readHosts(engine: Engine, ids: readonly string[]): Promise<ReadonlyMap<string, HostRow>> {
  const found = new Map<string, HostRow>();
  for (const chunk of inChunks([...new Set(ids.map(storableText))], idsPerStatement)) {
    if (found.size > 0) await letOthersRun();
    const rows = await engine.read((database) =>
      database
        .selectFrom('hosts')
        .selectAll()
        .where(engine.among('id', chunk))
        .where('removed_at_ms', 'is', null)
        .execute(),
    );
    for (const row of rows) found.set(row.id, readHost(row));
  }
  return found;
}

/** By id, some at a time: heartbeats are answered between two pages. */
async function readAllHosts(engine: Engine): Promise<HostRow[]> {
  const found: HostRow[] = [];
  for (let after = ''; ;) {
    const rows = await engine.read((database) =>
      database
        .selectFrom('hosts')
        .selectAll()
        .where('removed_at_ms', 'is', null)
        .where('id', '>', after)
        .orderBy('id')
        .limit(idsPerStatement)
        .execute(),
    );
    for (const row of rows) found.push(readHost(row));
    const last = rows.at(-1);
    if (last === undefined || rows.length < idsPerStatement) return found;
    after = last.id;
    await letOthersRun();
  }
}

/** Most contacts only move a time. */
function hasChanged(result: readonly RecordedContact[] | AtlasError): boolean {
  return !(result instanceof AtlasError) && result.some(({ kind }) => kind !== 'contact');
}

interface HostsTable {
  readonly engine: Engine;
  readonly rows: HostRows;
}

async function relabelHost(
  { engine, rows }: HostsTable,
  hostId: string,
  {
    name,
    labels,
  }: { readonly name?: string | undefined; readonly labels?: Readonly<Record<string, string>> | undefined },
): Promise<HostRow | null> {
  if (name === undefined && labels === undefined) {
    const row = await engine.read((database) =>
      database
        .selectFrom('hosts')
        .selectAll()
        .where('id', '=', hostId)
        .where('removed_at_ms', 'is', null)
        .executeTakeFirst(),
    );
    return row === undefined ? null : readHost(row);
  }
  return engine.write(async (transaction) => {
    rows.forget([hostId]);
    const row = await transaction
      .updateTable('hosts')
      .set({
        ...(name === undefined ? {} : { given_name: name === '' ? null : storableText(name) }),
        ...(labels === undefined ? {} : { given_labels: JSON.stringify(labels) }),
      })
      .where('id', '=', hostId)
      .where('removed_at_ms', 'is', null)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return null;
    await appendChanges(engine, transaction, [{ kind: 'host-relabelled', subject: hostId }]);
    return readHost(row);
  });
}

async function removeHost({ engine, rows }: HostsTable, hostId: string): Promise<boolean> {
  return engine.write(async (transaction) => {
    rows.forget([hostId]);
    const row = await transaction
      .updateTable('hosts')
      .set({ removed_at_ms: engine.clock.nowMs() })
      .where('id', '=', hostId)
      .where('removed_at_ms', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (row === undefined) return false;
    await appendChanges(engine, transaction, [{ kind: 'host-removed', subject: hostId }]);
    return true;
  });
}

function storableContact(contact: Contact): Contact {
  return {
    ...contact,
    hostId: storableKey(contact.hostId),
    snapshotHash: storableKey(contact.snapshotHash),
    fingerprint: storableKey(contact.fingerprint),
    collectedAtMs: storableTime(contact.collectedAtMs),
    seenAtMs: storableTime(contact.seenAtMs),
  };
}

/** @throws REQUEST_INVALID for what is no time */
function storableTime(atMs: number): number {
  const whole = Math.floor(atMs);
  if (Number.isSafeInteger(whole)) return whole;
  throw new AtlasError('REQUEST_INVALID', `${atMs} is no time in milliseconds since 1970`);
}

/** By code units, as JavaScript compares. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
