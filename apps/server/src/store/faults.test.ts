import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { openStore } from './open-store.ts';
import { openSqliteEngine } from './sqlite/sqlite-engine.ts';
import { machineClock } from './store-clock.ts';
import type { Store } from './store.ts';
import { contactOf, snapshotOf } from './testing/contact-samples.ts';
import { engineCases, type StorePlaces } from './testing/engine-cases.ts';
import { startWriter } from './testing/start-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-faults-'));
let count = 0;
const newPath = (): string => join(folder, String((count += 1)), 'atlas.db');
const open: Store[] = [];
const openAt = async (url: string): Promise<Store> => {
  const store = await openStore(url);
  open.push(store);
  return store;
};
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the file of the embedded engine', () => {
  it('is its user’s alone', async () => {
    const path = newPath();
    await openAt(path);
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('belongs to one store at a time, and is free again when that is closed', async () => {
    const path = newPath();
    const first = await openAt(path);
    await expect(openStore(path)).rejects.toMatchObject({ code: 'STORE_LOCKED', where: path });
    await first.check();
    await first.close();
    await openAt(path);
  }, 20_000);

  it('stays locked by another process for as long as that lives, and no longer', async () => {
    const path = newPath();
    const writer = await startWriter(`file:${path}`);
    await expect(openStore(path)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await writer.kill();
    await (await openAt(path)).check();
  }, 60_000);

  it('waits for a predecessor that is about to end', async () => {
    const path = newPath();
    const first = await openStore(path);
    const second = openAt(path);
    setTimeout(() => void first.close(), 500);
    await (await second).check();
  });

  const foreign: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['text', (path) => writeFileSync(path, 'hello, this is no database at all'.repeat(99)), /not a database/],
    ['a database of another program', makeForeignDatabase, /another program/],
    ['a store whose pages were overwritten', overwritePages, /malformed|not a database/],
  ];
  it.each(foreign)('is refused and left as it is when it is %s', async (_what, make, message) => {
    const path = newPath();
    mkdirSync(dirname(path));
    make(path);
    const before = readFileSync(path);
    const fault = await openStore(path).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'STORE_FAILED', where: path, remedy: expect.any(String) });
    expect(String(fault)).toMatch(message);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('is refused when it is a folder, or lies in a file', async () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    await expect(openStore(path)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    const file = newPath();
    mkdirSync(dirname(file));
    writeFileSync(file, '');
    await expect(openStore(join(file, 'atlas.db'))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  const isRoot = process.getuid?.() === 0;
  it.skipIf(!isRoot)('is refused when it may only be read (skipped unless root, who can become nobody)', async () => {
    const path = newPath();
    await (await openStore(path)).close();
    chmodSync(folder, 0o755);
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0o644);
    const nobody = 65_534;
    process.seteuid?.(nobody);
    try {
      const fault = await openStore(path).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: 'STORE_FAILED', where: path, remedy: expect.stringContaining('writable') });
    } finally {
      process.seteuid?.(0);
    }
    chownSync(path, 0, 0);
    await (await openAt(path)).check();
  });

  it.skipIf(!canMount())(
    'survives a full disk (skipped where a small tmpfs cannot be mounted)',
    async () => {
      const disk = join(folder, 'small-disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=14m', 'tmpfs', disk]);
      try {
        const ballast = join(disk, 'ballast');
        writeFileSync(ballast, Buffer.alloc(8_000_000));
        const store = await openAt(join(disk, 'atlas.db'));
        const acknowledged: string[] = [];
        let fault: unknown = null;
        for (let index = 0; fault === null && index < 5_000; index += 1) {
          fault = await writeOne(store, index, acknowledged);
        }
        expect(fault).toMatchObject({ code: 'STORE_FAILED', remedy: expect.stringMatching(/space/) });
        expect(await writeOne(store, 9_000, acknowledged)).toMatchObject({ code: 'STORE_FAILED' });
        await expectComplete(store, acknowledged);
        rmSync(ballast);
        for (let index = 10_000; index < 10_020; index += 1)
          expect(await writeOne(store, index, acknowledged)).toBeNull();
        await store.check();
        await store.close();
        await expectComplete(await openAt(join(disk, 'atlas.db')), acknowledged);
      } finally {
        for (const store of open.splice(0)) await store.close();
        execFileSync('umount', ['-l', disk]);
      }
    },
    60_000,
  );

  it('keeps the store working when one query is refused', async () => {
    const store = await openAt(newPath());
    const token = {
      id: 't',
      name: 'n',
      role: 'viewer',
      hostId: null,
      createdAtMs: 1,
      createdBy: 'l',
      expiresAtMs: null,
    };
    await store.access.createToken({ ...token, role: 'viewer' }, 'hash');
    await expect(store.access.createToken({ ...token, role: 'viewer' }, 'hash')).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    await store.check();
  });
});

describe.each(engineCases)('migrations on $title', ({ engine, isAbsent, prepare }) => {
  let places: StorePlaces;
  beforeAll(async () => {
    if (!isAbsent) places = await prepare();
  }, 60_000);
  afterAll(async () => {
    if (!isAbsent) await places.close();
  }, 60_000);

  it.skipIf(isAbsent)('refuse a store that a later version wrote, and leave it as it is', async () => {
    const url = await places.newUrl();
    await (await openStore(url)).close();
    await run(engine, url, `update atlas_schema set version = ${migrations.length + 3}`);
    await expect(openStore(url)).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringContaining(`schema ${migrations.length + 3}`),
    });
    await run(engine, url, `update atlas_schema set version = ${migrations.length}`);
    await (await openAt(url)).check();
  });

  it.skipIf(isAbsent)('keep what a store of an earlier version holds', async () => {
    const url = await places.newUrl();
    const first = await openStore(url);
    await first.contents.putSnapshots([snapshotOf()]);
    await first.observations.recordContacts([contactOf()]);
    await first.close();
    const second = await openAt(url);
    expect(await second.observations.hosts()).toHaveLength(1);
    expect(await second.changes.latest()).toBe(1);
  });
});

it('a migration that fails half way leaves nothing behind', async () => {
  const path = newPath();
  const engine = await openSqliteEngine({ path, machine: machineClock });
  try {
    const failing = [...migrations, () => Promise.reject(new Error('broken'))];
    await expect(migrate(engine, failing)).rejects.toMatchObject({ code: 'INTERNAL' });
    const tables = await engine.read((database) => database.introspection.getTables());
    expect(tables.map(({ name }) => name)).toEqual(['atlas_schema']);
    await migrate(engine);
  } finally {
    await engine.close();
  }
  await (await openAt(path)).check();
});

async function writeOne(store: Store, index: number, acknowledged: string[]): Promise<unknown> {
  const hash = `snapshot-${index}`;
  const body = Buffer.from(Array.from({ length: 2_000 }, () => Math.random()).join());
  try {
    await store.contents.putSnapshots([snapshotOf({ hash, body })]);
    await store.observations.recordContacts([contactOf({ hostId: `host-${index}`, snapshotHash: hash })]);
    acknowledged.push(`host-${index}`);
    return null;
  } catch (error) {
    return error;
  }
}

async function expectComplete(store: Store, acknowledged: readonly string[]): Promise<void> {
  const hosts = await store.observations.hosts();
  expect(hosts.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());
  const known = await store.contents.knownSnapshots(hosts.map(({ snapshotHash }) => snapshotHash));
  expect(known.size).toBe(hosts.length);
  expect(await store.changes.latest()).toBe(hosts.length);
}

function makeForeignDatabase(path: string): void {
  const database = new Database(path);
  database.exec('create table recipes (id integer primary key, text text)');
  database.close();
}

function overwritePages(path: string): void {
  const database = new Database(path);
  database.exec('create table atlas_schema (id integer primary key, version integer)');
  database.exec('pragma application_id = 0x43505541');
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 100);
  writeFileSync(path, bytes);
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const probe = mkdtempSync(join(tmpdir(), 'cpu-atlas-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    if (existsSync(probe)) rmSync(probe, { recursive: true });
  }
}

async function run(engine: Store['engine'], url: string, query: string): Promise<void> {
  if (engine === 'sqlite') {
    const database = new Database(url.slice('file:'.length));
    database.exec(query);
    database.close();
    return;
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(query);
  await client.end();
}
