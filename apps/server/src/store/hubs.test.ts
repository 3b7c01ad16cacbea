import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findPostgres, startPostgres, type TestPostgres } from '../testing/postgres.ts';
import { openStore } from './open-store.ts';
import type { Change, Store } from './store.ts';
import { contactOf, snapshotsOf } from './testing/contact-samples.ts';

const isAbsent = findPostgres() === null;
const title = isAbsent ? 'hubs on one PostgreSQL (skipped: initdb is not installed)' : 'hubs on one PostgreSQL';

describe.skipIf(isAbsent)(title, () => {
  let server: TestPostgres;
  const open: Store[] = [];
  const clients: Client[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const store of open.splice(0)) await store.close();
  });
  afterAll(() => server.close(), 60_000);
  const openAt = async (url: string): Promise<Store> => {
    const store = await openStore(url);
    open.push(store);
    return store;
  };
  const connect = async (url: string): Promise<Client> => {
    const client = new Client({ connectionString: url });
    clients.push(client);
    await client.connect();
    return client;
  };
  const catalog = (hash: string) => ({ hash, version: '1', package: 'p', body: Buffer.from('{}') });

  it('start at once on an empty database, and all of them work', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openAt(url)));
    await Promise.all(stores.map((store) => store.check()));
    await Promise.all(stores.map(({ contents }, index) => contents.putCatalog(catalog(`c${index}`))));
    expect(await stores[0]?.changes.latest()).toBe(5);
  });

  const ways = [
    ['with LISTEN', ''],
    ['by polling', '?atlas_listen=off'],
  ] as const;
  it.each(ways)('%s, see all changes of each other in one order without gaps', async (_way, suffix) => {
    const url = (await server.createDatabase()) + suffix;
    const stores = await Promise.all([openAt(url), openAt(url), openAt(url)]);
    const heard = stores.map(({ changes }) => {
      const lines: Change[] = [];
      changes.subscribe((some) => lines.push(...some));
      return lines;
    });
    await stores[0]?.contents.putSnapshots(snapshotsOf(['snapshot-1', 'snapshot-2']));
    const writes = stores.flatMap(({ observations, contents }, hub) =>
      Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0
          ? contents.putCatalog(catalog(`c${hub}-${index}`))
          : observations.recordContacts([contactOf({ hostId: `h${hub}-${index}` })]),
      ),
    );
    await Promise.all(writes);
    for (const lines of heard) await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(90);
    expect(heard[0]?.map(({ id }) => id)).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    for (const lines of heard) expect(lines).toEqual(heard[0]);
  });

  it('never see a line before one with a smaller id, whoever commits first', async () => {
    const url = await server.createDatabase();
    const [writer, reader] = [await openAt(url), await openAt(url)];
    const heard: number[] = [];
    reader.changes.subscribe((lines) => heard.push(...lines.map(({ id }) => id)));
    const slow = await connect(url);
    await slow.query('begin');
    await slow.query("update counters set value = value + 1 where name = 'changes'");
    await slow.query("insert into changes (id, at_ms, kind, subject) values (1, 1, 'host-new', 'slow')");
    const fast = writer.contents.putCatalog(catalog('fast'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(heard).toEqual([]);
    expect(await reader.changes.latest()).toBe(0);
    await slow.query('commit');
    await fast;
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([1, 2]);
  });

  it('leave no gap when a transaction is rolled back', async () => {
    const url = await server.createDatabase();
    const store = await openAt(url);
    const slow = await connect(url);
    await slow.query('begin');
    await slow.query("update counters set value = value + 1 where name = 'changes'");
    const written = store.contents.putCatalog(catalog('kept'));
    await slow.query('rollback');
    await written;
    expect(await store.changes.after(0, 5)).toMatchObject([{ id: 1, subject: 'kept' }]);
  });

  it('record contacts of the same hosts at once, as if one had done it', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all([openAt(url), openAt(url), openAt(url)]);
    const hashes = ['snapshot-1', 'snapshot-2', 'snapshot-3'];
    await stores[0]?.contents.putSnapshots(snapshotsOf(hashes));
    const hosts = Array.from({ length: 40 }, (_, index) => `host-${index}`);
    const outcomes = await Promise.all(
      stores.flatMap(({ observations }, hub) =>
        hosts.flatMap((hostId) =>
          [0, 1, 2].map(async (round) => {
            const seenAtMs = 1_000 + round * 10 + hub;
            const snapshotHash = hashes[(round + hub) % 3] ?? '';
            const [recorded] = await observations.recordContacts([contactOf({ hostId, seenAtMs, snapshotHash })]);
            return { hostId, seenAtMs, snapshotHash, kind: recorded?.kind };
          }),
        ),
      ),
    );
    expect(outcomes.filter(({ kind }) => kind === 'new-host')).toHaveLength(hosts.length);
    const observations = stores[1]?.observations;
    for (const { hostId, seenAtMs, snapshotHash } of outcomes) {
      const then = (await observations?.observationsAt(seenAtMs))?.find((row) => row.hostId === hostId);
      expect(then?.snapshotHash, `${hostId} at ${seenAtMs}`).toBe(snapshotHash);
    }
    for (const host of (await observations?.hosts()) ?? []) {
      expect(host).toMatchObject({ lastSeenAtMs: 1_022, snapshotHash: 'snapshot-2' });
    }
  });

  it('share one clock: that of the server', async () => {
    const url = await server.createDatabase();
    const skewed = { wallMs: () => 0, monotonicMs: () => performance.now() };
    const odd = await openStore(url, { machine: skewed });
    open.push(odd);
    const right = await openAt(url);
    expect(Math.abs(odd.nowMs() - right.nowMs())).toBeLessThan(250);
    expect(Math.abs(odd.nowMs() - Date.now())).toBeLessThan(250);
  });

  it('fail while the server is away, work again by themselves, and have lost nothing', async () => {
    const url = await server.createDatabase();
    const stores = await Promise.all([openAt(url), openAt(`${url}?atlas_listen=off`)]);
    await stores[0]?.contents.putSnapshots(snapshotsOf(['snapshot-1']));
    const heard = stores.map(({ changes }) => {
      const lines: Change[] = [];
      changes.subscribe((some) => lines.push(...some));
      return lines;
    });
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    let isOver = false;
    const writers = stores.map(async ({ observations }, hub) => {
      for (let index = 0; !isOver; index += 1) {
        const hostId = `h${hub}-${index}`;
        await observations.recordContacts([contactOf({ hostId })]).then(
          () => acknowledged.push(hostId),
          async (error: unknown) => {
            refused.push(error);
            await new Promise((resolve) => setTimeout(resolve, 20));
          },
        );
      }
    });
    const modes = ['immediate', 'fast', 'immediate'] as const;
    for (const mode of modes) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.stop(mode);
      const before = refused.length;
      await expect.poll(() => refused.length, { timeout: 10_000 }).toBeGreaterThan(before);
      await server.start();
      const done = acknowledged.length;
      await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(done);
    }
    isOver = true;
    await Promise.all(writers);
    for (const store of stores) await expect.poll(() => works(store), { timeout: 15_000 }).toBe(true);
    expect(refused.filter((error) => !isStoreFault(error))).toEqual([]);
    const there = new Set((await stores[1]?.observations.hosts())?.map(({ id }) => id));
    expect(acknowledged.filter((hostId) => !there.has(hostId))).toEqual([]);
    const latest = (await stores[0]?.changes.latest()) ?? 0;
    for (const lines of heard) {
      await expect.poll(() => lines.length, { timeout: 15_000 }).toBe(latest);
      expect(lines.map(({ id }) => id)).toEqual(Array.from({ length: latest }, (_, index) => index + 1));
    }
  }, 90_000);

  it('wait for a server that starts a moment later, and say when none comes', async () => {
    const url = await server.createDatabase();
    await server.stop('fast');
    await expect(openStore(url, { serverWaitMs: 300 })).rejects.toMatchObject({ code: 'STORE_FAILED' });
    const opening = openAt(url);
    await server.start();
    await (await opening).check();
  }, 60_000);

  const refusals: readonly (readonly [string, (url: string) => string, RegExp])[] = [
    ['a wrong password', (url) => url.replace(/:[0-9a-f]+@/, ':wrong@'), /password authentication failed.*28P01/],
    ['a database that is not there', (url) => url.replace(/\/[^/]*$/, '/nowhere'), /does not exist.*3D000/],
  ];
  it.each(refusals)('say at once what is wrong with %s, without the password', async (_title, wrong, message) => {
    const url = await server.createDatabase();
    const password = /:([0-9a-f]+)@/.exec(url)?.[1] ?? '';
    const fault = await openStore(wrong(url)).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'STORE_FAILED', remedy: expect.any(String) });
    expect(String(fault)).toMatch(message);
    expect(String(fault)).not.toContain(password);
  });
});

async function works(store: Store): Promise<boolean> {
  return store.check().then(
    () => true,
    () => false,
  );
}

function isStoreFault(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'STORE_FAILED';
}
