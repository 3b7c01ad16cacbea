import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgres, startPostgres, type TestPostgres } from '../../testing/postgres.ts';
import type { StoreEngine } from '../store.ts';

/** Where the stores of one test file lie. */
export interface StorePlaces {
  /** A place where no store is yet. */
  newUrl(): Promise<string>;
  /** The server of the stores; null: there is none. */
  readonly server: TestPostgres | null;
  close(): Promise<void>;
}

export interface EngineCase {
  readonly engine: StoreEngine;
  /** For `describe`; says why it is skipped, if it is. */
  readonly title: string;
  readonly isAbsent: boolean;
  prepare(): Promise<StorePlaces>;
}

/** Every engine, the absent ones, too, so that a skipped one is seen. */
export const engineCases: readonly EngineCase[] = [
  { engine: 'sqlite', title: 'embedded engine', isAbsent: false, prepare: preparePlaces },
  {
    engine: 'postgresql',
    title: findPostgres() === null ? 'PostgreSQL (skipped: initdb is not installed)' : 'PostgreSQL',
    isAbsent: findPostgres() === null,
    prepare: prepareServer,
  },
];

async function preparePlaces(): Promise<StorePlaces> {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-store-'));
  let count = 0;
  return {
    newUrl: async () => `file:${join(folder, String((count += 1)), 'atlas.db')}`,
    server: null,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function prepareServer(): Promise<StorePlaces> {
  const server = await startPostgres();
  return { newUrl: () => server.createDatabase(), server, close: () => server.close() };
}
