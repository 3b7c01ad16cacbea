import { sql } from 'kysely';
import { BodyCodec } from './body-codec.ts';
import { appendChanges } from './change-log.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Engine } from './engine.ts';
import { inChunks } from './in-chunks.ts';
import { storableKey, storableText } from './storable-text.ts';
import type { ContentStore, NewSnapshot, StoredCatalog, StoredSnapshot } from './store.ts';
import { asBytes, type DerivedTable, type SnapshotTable } from './tables.ts';

/** Rows of one statement: six values each, of 32,766 that the embedded engine takes. */
const snapshotsPerStatement = 500;
const keysPerStatement = 1_000;
/** Of one call, so that a large import does not take the whole queue. */
const snapshotsPackedAtOnce = 8;

export interface ClosableContentStore extends ContentStore {
  /** Resolves when all that waits is written. */
  drained(): Promise<void>;
}

export function createContentStore(engine: Engine, onChanged: () => void): ClosableContentStore {
  const codec = new BodyCodec();
  const snapshotQueue = new CommitQueue<readonly SnapshotTable[], true>({
    name: 'snapshots',
    weigh: weighRows,
    groupWeight: 8 * 1024 * 1024,
    waitingWeight: 64 * 1024 * 1024,
    commit: async (jobs) => {
      for (const rows of inChunks(uniqueBy(jobs.flat(), 'hash'), snapshotsPerStatement)) {
        await engine.writeAlone((database) =>
          database
            .insertInto('snapshots')
            .values(rows)
            // What is sent again is about to be used: retention must not take it for old.
            .onConflict((conflict) =>
              conflict
                .column('hash')
                .doUpdateSet((column) => ({ stored_at_ms: column.ref('excluded.stored_at_ms') }))
                .whereRef('snapshots.stored_at_ms', '<', 'excluded.stored_at_ms'),
            )
            .execute(),
        );
      }
      return jobs.map(() => true);
    },
  });
  const derivedQueue = new CommitQueue<readonly DerivedTable[], true>({
    name: 'derived entries',
    weigh: weighRows,
    groupWeight: 8 * 1024 * 1024,
    waitingWeight: 64 * 1024 * 1024,
    commit: async (jobs) => {
      for (const rows of inChunks(uniqueBy(jobs.flat(), 'key'), snapshotsPerStatement)) {
        await engine.writeAlone((database) =>
          database
            .insertInto('derived')
            .values(rows)
            .onConflict((conflict) =>
              conflict.column('key').doUpdateSet((column) => ({
                body: column.ref('excluded.body'),
                stored_at_ms: column.ref('excluded.stored_at_ms'),
              })),
            )
            .execute(),
        );
      }
      return jobs.map(() => true);
    },
  });

  const readSnapshot = async (row: SnapshotTable): Promise<StoredSnapshot> => ({
    hash: row.hash,
    hostId: row.host_id,
    fingerprint: row.fingerprint,
    body: await codec.unpack(row.body, row.hash),
  });

  return {
    async putSnapshots(snapshots) {
      if (snapshots.length === 0) return;
      const storedAtMs = engine.clock.nowMs();
      const rows: SnapshotTable[] = [];
      for (const some of inChunks(snapshots, snapshotsPackedAtOnce)) {
        rows.push(...(await Promise.all(some.map((snapshot) => packSnapshot(codec, snapshot, storedAtMs)))));
      }
      await snapshotQueue.add(rows);
    },
    async snapshot(hash) {
      const row = await engine.read((database) =>
        database.selectFrom('snapshots').selectAll().where('hash', '=', storableText(hash)).executeTakeFirst(),
      );
      return row === undefined ? null : readSnapshot(row);
    },
    async knownSnapshots(hashes) {
      const known = new Set<string>();
      for (const chunk of inChunks([...new Set(hashes.map(storableText))], keysPerStatement)) {
        const rows = await engine.read((database) =>
          database.selectFrom('snapshots').select('hash').where(engine.among('hash', chunk)).execute(),
        );
        for (const { hash } of rows) known.add(hash);
      }
      return known;
    },
    async snapshotsByFingerprint(fingerprints) {
      const found = new Map<string, StoredSnapshot>();
      for (const chunk of inChunks([...new Set(fingerprints.map(storableText))], keysPerStatement)) {
        const wanted = sql.join(chunk.map((fingerprint) => sql`(${fingerprint})`));
        // One look into the index for each fingerprint: thousands of snapshots may share it.
        const { rows } = await engine.read((database) =>
          sql<SnapshotTable>`
            select snapshots.* from (values ${wanted}) as wanted
            inner join snapshots on snapshots.hash = (
              select hash from snapshots as same where same.fingerprint = wanted.column1 order by hash limit 1
            )`.execute(database),
        );
        for (const snapshot of await Promise.all(rows.map(readSnapshot))) found.set(snapshot.fingerprint, snapshot);
      }
      return found;
    },
    async putCatalog({ hash, version, package: packageName, body }: StoredCatalog) {
      const row = {
        hash: storableKey(hash),
        version: storableText(version),
        package: storableText(packageName),
        size_bytes: body.byteLength,
        stored_at_ms: engine.clock.nowMs(),
        body: await codec.pack(body),
      };
      await engine.write(async (transaction) => {
        const added = await transaction
          .insertInto('catalogs')
          .values(row)
          .onConflict((conflict) => conflict.column('hash').doNothing())
          .returning('hash')
          .executeTakeFirst();
        if (added !== undefined) await appendChanges(engine, transaction, [{ kind: 'catalog-new', subject: hash }]);
      });
      onChanged();
    },
    async catalog(hash) {
      const row = await engine.read((database) =>
        database.selectFrom('catalogs').selectAll().where('hash', '=', storableText(hash)).executeTakeFirst(),
      );
      if (row === undefined) return null;
      return {
        hash: row.hash,
        version: row.version,
        package: row.package,
        body: await codec.unpack(row.body, row.hash),
      };
    },
    async catalogs() {
      const rows = await engine.read((database) =>
        database
          .selectFrom('catalogs')
          .select(['hash', 'version', 'package', 'size_bytes', 'stored_at_ms'])
          .orderBy('stored_at_ms')
          .orderBy('hash')
          .execute(),
      );
      return rows.map(({ size_bytes: sizeBytes, stored_at_ms: storedAtMs, ...row }) => ({
        ...row,
        sizeBytes,
        storedAtMs,
      }));
    },
    async putDerived(entries) {
      if (entries.size === 0) return;
      const storedAtMs = engine.clock.nowMs();
      const rows = [...entries].map(([key, body]) => ({ key: storableKey(key), stored_at_ms: storedAtMs, body }));
      await derivedQueue.add(rows);
    },
    async derived(keys) {
      const found = new Map<string, Uint8Array>();
      for (const chunk of inChunks([...new Set(keys.map(storableText))], keysPerStatement)) {
        const rows = await engine.read((database) =>
          database.selectFrom('derived').select(['key', 'body']).where('key', 'in', chunk).execute(),
        );
        for (const { key, body } of rows) found.set(key, asBytes(body));
      }
      return found;
    },
    async drained() {
      await Promise.all([snapshotQueue.drained(), derivedQueue.drained()]);
    },
  };
}

async function packSnapshot(
  codec: BodyCodec,
  { hash, hostId, fingerprint, body }: NewSnapshot,
  storedAtMs: number,
): Promise<SnapshotTable> {
  return {
    hash: storableKey(hash),
    host_id: storableKey(hostId),
    fingerprint: storableKey(fingerprint),
    stored_at_ms: storedAtMs,
    ...('gzip' in body
      ? { size_bytes: body.sizeBytes, body: body.gzip }
      : { size_bytes: body.byteLength, body: await codec.pack(body) }),
  };
}

/** Bytes that wait: packed bodies, and the row about them. */
function weighRows(rows: readonly { readonly body: SnapshotTable['body'] }[]): number {
  return rows.reduce((sum, { body }) => sum + body.byteLength + 256, 0);
}

/**
 * The last one of each key, by key: one statement must not write a row twice, and two hubs that write the same rows
 * must lock them in the same order.
 */
function uniqueBy<Key extends string, Row extends Readonly<Record<Key, string>>>(
  rows: readonly Row[],
  key: Key,
): readonly Row[] {
  const unique = [...new Map(rows.map((row) => [row[key], row])).values()];
  return unique.sort((a, b) => (a[key] < b[key] ? -1 : 1));
}
