import { assertNever } from '@cpu-atlas/core';
import { createAccessStore } from './access-store.ts';
import { createAuditStore } from './audit-store.ts';
import { openChangeFeed } from './change-feed.ts';
import { createCommandStore } from './command-store.ts';
import { createContentStore } from './content-store.ts';
import { createCustomModelStore } from './custom-model-store.ts';
import type { Engine, OnTrouble } from './engine.ts';
import { createHostRows, sharedHostRows } from './host-rows.ts';
import { migrate } from './migrate.ts';
import { createObservationStore } from './observation-store.ts';
import { openPostgresqlEngine } from './postgresql/postgresql-engine.ts';
import { applyRetention } from './retention.ts';
import { openSqliteEngine } from './sqlite/sqlite-engine.ts';
import { machineClock, type MachineClock } from './store-clock.ts';
import { parseStoreUrl, type StorePlace } from './store-url.ts';
import type { Store } from './store.ts';
import { createIdMaker } from './time-ordered-id.ts';

export interface OpenStoreOptions {
  /** Hears what goes wrong between calls, for the log. */
  readonly onTrouble?: OnTrouble | undefined;
  /** The clock of this machine; tests turn it. */
  readonly machine?: MachineClock | undefined;
  /** How long to wait for a database server that does not answer yet; 15 s if absent. */
  readonly serverWaitMs?: number | undefined;
}

/** Machines and containers often start both at once. */
const serverWaitMs = 15_000;

/**
 * Opens the store at a URL (see `parseStoreUrl`), makes it where there is none, and brings its tables to this version.
 * @throws USAGE_INVALID for another URL, STORE_LOCKED, STORE_NEWER, STORE_FAILED
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const onTrouble = options.onTrouble ?? ((): void => undefined);
  const engine = await openEngine(parseStoreUrl(url), {
    machine: options.machine ?? machineClock,
    serverWaitMs: options.serverWaitMs ?? serverWaitMs,
  });
  try {
    await migrate(engine);
    engine.clock.advanceTo(await lastHeardMs(engine));
    return await assembleStore(engine, onTrouble);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

interface EngineOptions {
  readonly machine: MachineClock;
  readonly serverWaitMs: number;
}

async function openEngine(place: StorePlace, options: EngineOptions): Promise<Engine> {
  switch (place.engine) {
    case 'sqlite':
      return openSqliteEngine({ ...options, path: place.path });
    case 'postgresql':
      return openPostgresqlEngine({ ...options, ...place });
    default:
      return assertNever(place);
  }
}

/** The clock may have been set back while the store was closed. What imports and demos say about time does not count. */
async function lastHeardMs(engine: Engine): Promise<number> {
  const row = await engine.read((database) =>
    database
      .selectFrom('hosts')
      .select(({ fn }) => fn.max('last_seen_at_ms').as('last'))
      .where('source', 'in', ['self', 'agent'])
      .executeTakeFirst(),
  );
  return row?.last ?? 0;
}

async function assembleStore(engine: Engine, onTrouble: OnTrouble): Promise<Store> {
  const nextId = createIdMaker(() => engine.clock.nowMs());
  const feed = await openChangeFeed(engine, onTrouble);
  const contents = createContentStore(engine, feed.wake);
  const rows = engine.locksRows ? sharedHostRows : createHostRows();
  const observations = createObservationStore(engine, { nextId, onChanged: feed.wake, rows });
  const audit = createAuditStore(engine, nextId);
  const access = createAccessStore(engine);
  const commands = createCommandStore(engine, { subscribe: feed.subscribeToCommands, onChanged: feed.wake });
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    feed.close();
    await Promise.all([contents.drained(), observations.drained(), audit.drained()]);
    await engine.close();
  };
  return {
    engine: engine.kind,
    isShared: engine.announcements !== null,
    contents,
    observations,
    access,
    audit,
    changes: feed,
    commands,
    customModels: createCustomModelStore(engine),
    nowMs: () => engine.clock.nowMs(),
    applyRetention: (policy) => applyRetention({ engine, rows }, policy),
    check: () => checkEngine(engine),
    close: () => (closing ??= close()),
  };
}

/** A committed write to a row of its own, and a read. */
async function checkEngine(engine: Engine): Promise<void> {
  const value = engine.clock.nowMs();
  await engine.write((transaction) =>
    transaction.updateTable('counters').set({ value }).where('name', '=', 'check').execute(),
  );
  await engine.read((database) =>
    database.selectFrom('counters').select('value').where('name', '=', 'check').executeTakeFirstOrThrow(),
  );
}
