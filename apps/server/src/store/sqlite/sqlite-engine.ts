import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import { Kysely, sql } from 'kysely';
import type { Engine } from '../engine.ts';
import { StoreClock, type MachineClock } from '../store-clock.ts';
import type { Tables } from '../tables.ts';
import { LibsqlDatabase } from './libsql-database.ts';
import { LibsqlDialect } from './libsql-dialect.ts';
import { isFull, isLocked, sqliteFault } from './sqlite-faults.ts';

/** "CPUA": marks the file as a store of CPU Atlas. Source: https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x43505541;
/** A service that restarts may meet its predecessor for a moment. */
const lockWaitMs = 3_000;
const lockRetryMs = 100;
const walLimitBytes = 64 * 1024 * 1024;
const cacheKiB = 16 * 1024;

export interface SqliteEngineOptions {
  /** Absolute. */
  readonly path: string;
  readonly machine: MachineClock;
}

/**
 * The embedded engine: one file that this process alone uses.
 * @throws STORE_LOCKED when another process has it, STORE_FAILED
 */
export async function openSqliteEngine({ path, machine }: SqliteEngineOptions): Promise<Engine> {
  const file = await openFile(path);
  const database = new Kysely<Tables>({ dialect: new LibsqlDialect(file) });
  const clock = new StoreClock(machine.wallMs, machine.monotonicMs);
  let isClosed = false;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new AtlasError('STORE_FAILED', 'the store is closed', { where: path });
    try {
      return await work();
    } catch (cause) {
      if (isFull(cause)) makeRoom(file);
      throw sqliteFault(cause, path);
    }
  };
  return {
    kind: 'sqlite',
    clock,
    locksRows: false,
    bytesType: sql`blob`,
    jsonRows: (json) => sql`json_each(${json})`,
    among: (column, texts) => sql`${sql.ref(column)} in (select value from json_each(${JSON.stringify(texts)}))`,
    // It walks the list and looks each row up.
    narrowedTo: () => sql`true`,
    read: (query) => guarded(() => query(database)),
    write: (work) => guarded(() => database.transaction().execute(work)),
    // Alone it would wait for the disk on the event loop.
    writeAlone: (statement) => guarded(() => database.transaction().execute(statement)),
    announceChanges: async () => undefined,
    announcements: null,
    async close() {
      isClosed = true;
      await database.destroy();
      // Where no query ran, kysely does not close the file.
      file.close();
    },
  };
}

async function openFile(path: string): Promise<LibsqlDatabase> {
  try {
    createFile(path);
    for (const untilMs = performance.now() + lockWaitMs; ; await delay(lockRetryMs)) {
      const file = tryToOwn(path);
      if (file !== null) return file;
      if (performance.now() > untilMs) throw lockedFile(path);
    }
  } catch (cause) {
    throw isUncoded(cause) ? unopenable(path, cause) : sqliteFault(cause, path);
  }
}

/**
 * A new file is its user's alone; the ones that SQLite makes beside it take over its mode. A file that is there is not
 * touched: closing it would drop the lock that this process may hold on it already.
 * Source: https://www.sqlite.org/howtocorrupt.html §2.2
 */
function createFile(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** Null: another connection has it. */
function tryToOwn(path: string): LibsqlDatabase | null {
  const file = new LibsqlDatabase(path);
  try {
    refuseForeignFile(file, path);
    ownFile(file);
    return file;
  } catch (cause) {
    file.close();
    if (isLocked(cause)) return null;
    throw cause;
  }
}

function refuseForeignFile(file: LibsqlDatabase, path: string): void {
  if (file.pragma('application_id') === applicationId || file.pragma('schema_version') === 0) return;
  throw new AtlasError('STORE_FAILED', 'the file is a database of another program', {
    where: path,
    remedy: 'name another file',
  });
}

/**
 * The lock is taken once and held: by the kernel, for as long as the process lives, so that a crash leaves none behind.
 * Source: https://www.sqlite.org/pragma.html#pragma_locking_mode
 */
function ownFile(file: LibsqlDatabase): void {
  file.pragma('locking_mode = exclusive');
  file.pragma('journal_mode = wal');
  file.pragma(`journal_size_limit = ${walLimitBytes}`);
  file.pragma('synchronous = full');
  file.pragma('foreign_keys = on');
  file.pragma(`cache_size = -${cacheKiB}`);
  file.execute('begin immediate');
  file.execute(`pragma application_id = ${applicationId}`);
  file.execute('commit');
}

/** Of the file system; or of libsql, which has no code for files that cannot be opened at all. */
function isUncoded(cause: unknown): cause is Error {
  if (!(cause instanceof Error) || cause instanceof AtlasError) return false;
  return 'syscall' in cause || !('code' in cause) || cause.code === '';
}

function unopenable(path: string, cause: Error): AtlasError {
  return new AtlasError('STORE_FAILED', `the store cannot be opened: ${cause.message}`, {
    where: path,
    remedy: 'check that the directory exists, has space, and that the user of the server may write it',
    cause,
  });
}

/** The WAL may hold megabytes that are in the file already, or fit there. */
function makeRoom(file: LibsqlDatabase): void {
  try {
    file.pragma('wal_checkpoint(truncate)');
  } catch {
    // There is no room for that either: the fault that led here says so.
  }
}

function lockedFile(path: string): AtlasError {
  return new AtlasError('STORE_LOCKED', 'another process uses this store', {
    where: path,
    remedy: 'stop the other server, or name another file; several servers can share a store on PostgreSQL',
  });
}
