import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import { Kysely, PostgresDialect, sql, type RawBuilder, type SqlBool } from 'kysely';
import type { Engine } from '../engine.ts';
import type { MachineClock } from '../store-clock.ts';
import type { Tables } from '../tables.ts';
import { announceFrom, listenForChanges, pollForChanges } from './change-announcements.ts';
import { connectionConfig, ConnectionPool } from './connection-pool.ts';
import { isOvertaken, postgresqlFault } from './postgresql-faults.ts';
import { followServerClock } from './server-clock.ts';

const attempts = 8;
const firstPauseMs = 5;

export interface PostgresqlEngineOptions {
  readonly connectionString: string;
  /** Server and database, without user and password. */
  readonly shown: string;
  /** Whether LISTEN is tried. */
  readonly listens: boolean;
  /** How long to wait for a server that does not answer yet. */
  readonly serverWaitMs: number;
  readonly machine: MachineClock;
}

/**
 * PostgreSQL, or an engine that speaks its protocol: shared by any number of hubs.
 * @throws STORE_FAILED
 */
export async function openPostgresqlEngine(options: PostgresqlEngineOptions): Promise<Engine> {
  const { connectionString, shown, listens, machine } = options;
  const pool = new ConnectionPool(connectionString, shown);
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await pool.waitForServer(options.serverWaitMs);
    const hub = randomUUID();
    const announces = await hasNotify(database, hub);
    const { clock, close: stopClock } = await followServerClock(database, machine);
    const listener = listens && announces ? listenForChanges(connectionConfig(connectionString), hub) : pollForChanges;
    let isClosed = false;
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isClosed) throw new AtlasError('STORE_FAILED', 'the store is closed', { where: shown });
      try {
        return await work();
      } catch (cause) {
        throw postgresqlFault(cause, shown);
      }
    };
    return {
      kind: 'postgresql',
      clock,
      locksRows: true,
      bytesType: sql`bytea`,
      among: isAmong,
      narrowedTo: isAmong,
      jsonRows: (json) => sql`json_array_elements(cast(${json} as json))`,
      read: (query) => guarded(() => query(database)),
      write: (work) => guarded(() => persistently(() => database.transaction().execute(work))),
      writeAlone: (statement) => guarded(() => persistently(() => statement(database))),
      async announceChanges(transaction) {
        if (announces) await announceFrom(hub).execute(transaction);
      },
      announcements: listener,
      async close() {
        isClosed = true;
        stopClock();
        await Promise.all([listener.close(), pool.end()]);
      },
    };
  } catch (cause) {
    await pool.end();
    throw postgresqlFault(cause, shown);
  }
}

/** With an array the planner knows how many rows are meant, and looks them up; a list of JSON it takes for a hundred. */
function isAmong(column: string, texts: readonly string[]): RawBuilder<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} = any(cast(${texts} as text[]))`;
}

/** Runs a transaction again for as long as others are in its way; each time after a longer pause, of chance in part. */
async function persistently<T>(write: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write();
    } catch (cause) {
      if (!isOvertaken(cause) || attempt === attempts) throw cause;
      await delay(firstPauseMs * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/** Engines without NOTIFY refuse the function. */
async function hasNotify(database: Kysely<Tables>, hub: string): Promise<boolean> {
  try {
    await announceFrom(hub).execute(database);
    return true;
  } catch (cause) {
    if (postgresqlFault(cause, '').code === 'INTERNAL') return false;
    throw cause;
  }
}
