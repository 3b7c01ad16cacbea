import { setImmediate as letOthersRun } from 'node:timers/promises';
import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import type { Engine } from './engine.ts';
import { readObservation } from './host-record.ts';
import { inChunks } from './in-chunks.ts';
import { storableText } from './storable-text.ts';
import type { ObservationRow } from './store.ts';
import type { ObservationTable, Tables } from './tables.ts';

const idsPerStatement = 1_000;

/** Observations of a host, newest first. */
export async function readTimeline(
  engine: Engine,
  hostId: string,
  { before, limit }: { readonly before?: string | undefined; readonly limit: number },
): Promise<readonly ObservationRow[]> {
  return engine.read(async (database) => {
    const ofHost = selectObservations(database).where('observations.host_id', '=', hostId);
    const newestFirst = ofHost
      .orderBy('observations.first_seen_at_ms', 'desc')
      .orderBy('observations.id', 'desc')
      .limit(limit);
    if (before === undefined) return (await newestFirst.execute()).map(readObservation);
    const last = await ofHost.where('observations.id', '=', storableText(before)).executeTakeFirst();
    if (last === undefined) return [];
    const rows = await newestFirst
      .where(({ eb, refTuple, tuple }) =>
        eb(refTuple('observations.first_seen_at_ms', 'observations.id'), '<', tuple(last.first_seen_at_ms, last.id)),
      )
      .execute();
    return rows.map(readObservation);
  });
}

/**
 * Of each host that is not removed, the last observation that began at that time or earlier; in no order.
 *
 * In two steps: asked for all at once, PostgreSQL reads every observation that there is, where one look into the index
 * for each host does.
 */
export async function readMoment(engine: Engine, atMs: number): Promise<readonly ObservationRow[]> {
  return engine.read(async (database) => {
    const { rows: picked } = await sql<{ readonly id: string | null }>`
      select (
        select id from observations
        where observations.host_id = hosts.id and observations.first_seen_at_ms <= ${atMs}
        order by observations.first_seen_at_ms desc, observations.id desc limit 1
      ) as id
      from hosts where hosts.removed_at_ms is null`.execute(database);
    const found: ObservationRow[] = [];
    const ids = picked.flatMap(({ id }) => id ?? []);
    for (const chunk of inChunks(ids, idsPerStatement)) {
      const rows = await selectObservations(database).where('observations.id', 'in', chunk).execute();
      found.push(...rows.map(readObservation));
      // The queries of the embedded engine block the event loop.
      await letOthersRun();
    }
    return found;
  });
}

const lastSeen = sql<number>`case when hosts.observation_id = observations.id
  then hosts.last_seen_at_ms else observations.last_seen_at_ms end`;

/** With the last contact of current ones, which is kept by their hosts. */
function selectObservations(
  database: Kysely<Tables>,
): SelectQueryBuilder<Tables, 'observations' | 'hosts', ObservationTable> {
  return database
    .selectFrom('observations')
    .innerJoin('hosts', 'hosts.id', 'observations.host_id')
    .select([
      'observations.id',
      'observations.host_id',
      'observations.snapshot_hash',
      'observations.fingerprint',
      'observations.collected_at_ms',
      'observations.first_seen_at_ms',
      lastSeen.as('last_seen_at_ms'),
    ]);
}
