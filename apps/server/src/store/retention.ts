import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { DeleteResult, Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type { HostRows } from './host-rows.ts';
import type { RetentionPolicy, RetentionReport } from './store.ts';
import type { Tables } from './tables.ts';
import { earliestId } from './time-ordered-id.ts';

/**
 * Rows of one transaction, so that writers never wait long. The queries of the embedded engine block the event loop:
 * between two steps it must turn.
 */
const rowsPerStep = 1_000;
const hourMs = 3_600_000;
const derivedMsByDefault = 30 * 24 * hourMs;

/**
 * Forgets in small transactions. Ended early, it has forgotten less; run by several hubs at once, each takes some.
 * @throws STORE_FAILED
 */
export async function applyRetention(
  { engine, rows }: { readonly engine: Engine; readonly rows: HostRows },
  policy: RetentionPolicy,
): Promise<RetentionReport> {
  const nowMs = engine.clock.nowMs();
  const { observationsMs, auditMs, changesMs, derivedMs = derivedMsByDefault } = policy;
  const ended = observationsMs === null ? 0 : await forgetObservations(engine, nowMs - observationsMs);
  const ofRemoved = observationsMs === null ? 0 : await forgetRemovedHosts({ engine, rows }, nowMs - observationsMs);
  await forgetSessions(engine, nowMs);
  await forgetCommands(engine, nowMs - hourMs);
  return {
    observations: ended + ofRemoved,
    snapshots: await forgetSnapshots(engine, nowMs - hourMs),
    auditLines: auditMs === null ? 0 : await forgetAudit(engine, nowMs - auditMs),
    changes: await forgetChanges(engine, nowMs - changesMs),
    derived: derivedMs === null ? 0 : await forgetDerived(engine, nowMs - derivedMs),
  };
}

/** Walks those that ended, oldest first; what is current is passed over, its last contact is told by its host. */
async function forgetObservations(engine: Engine, beforeMs: number): Promise<number> {
  let forgotten = 0;
  let from = { atMs: 0, id: '' };
  for (;;) {
    await letOthersRun();
    const step = await engine.write(async (transaction) => {
      const rows = await transaction
        .selectFrom('observations')
        .leftJoin('hosts', (join) =>
          join.onRef('hosts.id', '=', 'observations.host_id').onRef('hosts.observation_id', '=', 'observations.id'),
        )
        .select(['observations.id', 'observations.last_seen_at_ms', 'hosts.id as current_of'])
        .where('observations.last_seen_at_ms', '<', beforeMs)
        .where(({ eb, refTuple, tuple }) =>
          eb(refTuple('observations.last_seen_at_ms', 'observations.id'), '>', tuple(from.atMs, from.id)),
        )
        .orderBy('observations.last_seen_at_ms')
        .orderBy('observations.id')
        .limit(rowsPerStep)
        .execute();
      const ids = rows.flatMap(({ id, current_of: host }) => (host === null ? [id] : []));
      if (ids.length > 0) await transaction.deleteFrom('observations').where('id', 'in', ids).execute();
      return { last: rows.at(-1), deleted: ids.length, isFull: rows.length === rowsPerStep };
    });
    forgotten += step.deleted;
    if (!step.isFull || step.last === undefined) return forgotten;
    from = { atMs: step.last.last_seen_at_ms, id: step.last.id };
  }
}

/** Hosts that were removed and not heard since, with what is left of their observations. */
async function forgetRemovedHosts(
  { engine, rows }: { readonly engine: Engine; readonly rows: HostRows },
  beforeMs: number,
): Promise<number> {
  let forgotten = 0;
  for (;;) {
    await letOthersRun();
    const step = await engine.write(async (transaction) => {
      const hosts = await transaction
        .selectFrom('hosts')
        .select('id')
        .where('removed_at_ms', '<', beforeMs)
        .where('last_seen_at_ms', '<', beforeMs)
        .orderBy('id')
        .limit(rowsPerStep)
        .$if(engine.locksRows, (query) => query.forUpdate())
        .execute();
      if (hosts.length === 0) return null;
      const ids = hosts.map(({ id }) => id);
      rows.forget(ids);
      const { numDeletedRows } = await transaction
        .deleteFrom('observations')
        .where('host_id', 'in', ids)
        .executeTakeFirst();
      await transaction.deleteFrom('hosts').where('id', 'in', ids).execute();
      return Number(numDeletedRows);
    });
    if (step === null) return forgotten;
    forgotten += step;
  }
}

/** Those that no observation refers to, unless they were stored just now and are about to be observed. */
async function forgetSnapshots(engine: Engine, storedBeforeMs: number): Promise<number> {
  let forgotten = 0;
  let from = '';
  for (;;) {
    await letOthersRun();
    const step = await engine.write(async (transaction) => {
      const rows = await transaction
        .selectFrom('snapshots')
        .leftJoin('observations', 'observations.snapshot_hash', 'snapshots.hash')
        .select(['snapshots.hash', 'snapshots.stored_at_ms', 'observations.id as observation'])
        .where('snapshots.hash', '>', from)
        .orderBy('snapshots.hash')
        .limit(rowsPerStep)
        .execute();
      const hashes = rows.flatMap((row) =>
        row.observation === null && row.stored_at_ms < storedBeforeMs ? [row.hash] : [],
      );
      if (hashes.length > 0) await transaction.deleteFrom('snapshots').where('hash', 'in', hashes).execute();
      return { last: rows.at(-1), deleted: hashes.length, isFull: rows.length === rowsPerStep };
    });
    forgotten += step.deleted;
    if (!step.isFull || step.last === undefined) return forgotten;
    from = step.last.hash;
  }
}

/** Ids tell when a line was written. */
async function forgetAudit(engine: Engine, beforeMs: number): Promise<number> {
  return forgetInSteps(engine, (transaction) =>
    transaction
      .deleteFrom('audit')
      .where('id', 'in', (select) =>
        select.selectFrom('audit').select('id').where('id', '<', earliestId(beforeMs)).orderBy('id').limit(rowsPerStep),
      )
      .executeTakeFirst(),
  );
}

/** From the oldest on, up to the first that is kept, so that what is left has no gaps. */
async function forgetChanges(engine: Engine, beforeMs: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    await letOthersRun();
    const deleted = await engine.write(async (transaction) => {
      const rows = await transaction
        .selectFrom('changes')
        .select(['id', 'at_ms'])
        .orderBy('id')
        .limit(rowsPerStep)
        .execute();
      const kept = rows.findIndex((row) => row.at_ms >= beforeMs);
      const last = rows[(kept === -1 ? rows.length : kept) - 1];
      if (last === undefined) return 0;
      await transaction
        .updateTable('counters')
        .set({ value: last.id })
        .where('name', '=', 'changes-forgotten')
        .where('value', '<', last.id)
        .execute();
      const { numDeletedRows } = await transaction.deleteFrom('changes').where('id', '<=', last.id).executeTakeFirst();
      return Number(numDeletedRows);
    });
    forgotten += deleted;
    if (deleted < rowsPerStep) return forgotten;
  }
}

async function forgetDerived(engine: Engine, beforeMs: number): Promise<number> {
  return forgetInSteps(engine, (transaction) =>
    transaction
      .deleteFrom('derived')
      .where('key', 'in', (select) =>
        select
          .selectFrom('derived')
          .select('key')
          .where('stored_at_ms', '<', beforeMs)
          .orderBy('stored_at_ms')
          .limit(rowsPerStep),
      )
      .executeTakeFirst(),
  );
}

async function forgetSessions(engine: Engine, nowMs: number): Promise<void> {
  await engine.write((transaction) => transaction.deleteFrom('sessions').where('expires_at_ms', '<', nowMs).execute());
}

/** Of hubs that died while they waited for the outcome. */
async function forgetCommands(engine: Engine, beforeMs: number): Promise<void> {
  await engine.write((transaction) =>
    transaction.deleteFrom('commands').where('deadline_at_ms', '<', beforeMs).execute(),
  );
}

/** Repeats a deletion of at most `rowsPerStep` rows until there is no more. */
async function forgetInSteps(
  engine: Engine,
  deleteSome: (transaction: Transaction<Tables>) => Promise<DeleteResult>,
): Promise<number> {
  for (let forgotten = 0; ; await letOthersRun()) {
    const { numDeletedRows } = await engine.write(deleteSome);
    forgotten += Number(numDeletedRows);
    if (numDeletedRows < rowsPerStep) return forgotten;
  }
}
