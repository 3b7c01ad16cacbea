import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Pool, types, type ClientConfig, type PoolClient } from 'pg';
import { isAbsent, isConnectionLost } from './postgresql-faults.ts';

/** Writers come in groups, one at a time for each kind; the rest are for readers. */
const connections = 6;
/** While nobody answers, callers fail at once, but for one that looks again after this time. */
const firstPauseMs = 100;
const lastPauseMs = 1_000;

const bigintType = 20;

/** How each connection is made: what can hang, ends. The URL may name other limits. */
export function connectionConfig(connectionString: string): ClientConfig {
  return {
    connectionString,
    application_name: 'cpu-atlas',
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 15_000,
    query_timeout: 20_000,
    types: {
      // All our whole numbers are far below 2^53.
      getTypeParser: (type: number, format?: 'text' | 'binary') =>
        type === bigintType && format !== 'binary' ? Number : types.getTypeParser(type, format),
    },
  };
}

/** A pool that survives restarts of its server: lost connections leave it, new ones are made with pauses in between. */
export class ConnectionPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #where: string;
  #pauseMs = firstPauseMs;
  #pausedUntilMs = 0;
  #lastFault: unknown = null;

  constructor(connectionString: string, where: string) {
    this.#where = where;
    this.#pool = new Pool({ ...connectionConfig(connectionString), max: connections, idleTimeoutMillis: 60_000 });
    // A connection that breaks tells so by an event, too, which would end the process if nobody listened.
    this.#pool.on('error', ignore);
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  /** @throws STORE_FAILED at once while the server is known to be away */
  async connect(): Promise<PostgresPoolClient> {
    if (performance.now() < this.#pausedUntilMs) throw this.#away();
    try {
      const client = await this.#pool.connect();
      this.#pauseMs = firstPauseMs;
      this.#pausedUntilMs = 0;
      return lease(client);
    } catch (cause) {
      if (isAbsent(cause)) this.#pause(cause);
      throw cause;
    }
  }

  /** Waits for a server that is about to start. @throws whatever connecting throws at the end of that time */
  async waitForServer(limitMs: number): Promise<void> {
    const untilMs = performance.now() + limitMs;
    for (;;) {
      try {
        this.#pausedUntilMs = 0;
        (await this.connect()).release();
        return;
      } catch (cause) {
        if (!isAbsent(cause) || performance.now() >= untilMs) throw cause;
        await delay(this.#pauseMs);
      }
    }
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  #pause(cause: unknown): void {
    this.#lastFault = cause;
    this.#pausedUntilMs = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(lastPauseMs, this.#pauseMs * 2);
  }

  #away(): AtlasError {
    const reason = this.#lastFault instanceof Error ? this.#lastFault.message : String(this.#lastFault);
    return new AtlasError('STORE_FAILED', `the database server does not answer: ${reason}`, {
      where: this.#where,
      remedy: 'check that PostgreSQL runs and can be reached; the store works again by itself',
      cause: this.#lastFault,
    });
  }
}

/** One use of a connection. After a fault of the connection itself it is not given to anybody else. */
function lease(client: PoolClient): PostgresPoolClient {
  let isLost = false;
  const query = async (sql: string, parameters: readonly unknown[]): Promise<unknown> => {
    try {
      return await client.query(sql, [...parameters]);
    } catch (cause) {
      isLost ||= isConnectionLost(cause);
      throw cause;
    }
  };
  return { query: query as PostgresPoolClient['query'], release: () => client.release(isLost) };
}

function ignore(): void {}
