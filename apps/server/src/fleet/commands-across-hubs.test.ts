import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { commandListSchema, heartbeatAnswerSchema, probeResultSchema, type CommandOutcome } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { snapshotHash } from '../content-hash.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { findPostgres, startPostgres, type TestPostgres } from '../testing/postgres.ts';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';
import { createHostCommands, type HostCommands } from './commands.ts';

const isAbsent = findPostgres() === null;
const title = isAbsent ? 'commands across hubs (skipped: initdb is not installed)' : 'commands across hubs';
const probe = { kind: 'probe' } as const;
const probed: CommandOutcome = { kind: 'probe', snapshot: `sha256:${'a'.repeat(64)}` };
const agent = { hostId: 'node-x', run: 'run-1' };
const never = new AbortController().signal;

describe.skipIf(isAbsent)(title, () => {
  let postgres: TestPostgres;
  const closers: (() => Promise<void>)[] = [];
  const faults: unknown[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(() => postgres.close(), 60_000);

  const startHub = async (url: string): Promise<TestServer> => {
    const hub = await startTestServer({ storeUrl: url, nowMs: () => Date.now() });
    closers.push(() => hub.close());
    return hub;
  };
  const openCommands = async (url: string): Promise<{ store: Store; commands: HostCommands }> => {
    const store = await openStore(url);
    const commands = createHostCommands({
      ...{ store, parkedLimit: 10, pendingLimit: 10, makeId: randomUUID },
      onFault: (error) => void faults.push(error),
    });
    closers.push(async () => {
      commands.close();
      await store.close();
    });
    return { store, commands };
  };

  it('POST /probes at one hub reaches the agent that waits at another, and answers with what it found', async () => {
    const url = await postgres.createDatabase();
    const [asked, heard] = [await startHub(url), await startHub(url)];
    const snapshot = { ...asked.snapshot, host: { id: 'node-x', name: 'node-x', labels: {} } };
    const hash = snapshotHash(snapshot);
    const path = '/api/v1/hosts/node-x';
    const beat = (): Promise<unknown> =>
      heard.app
        .inject({
          method: 'POST',
          url: `${path}/heartbeats`,
          payload: { snapshot: hash, snapshotAgeMs: 0, agentVersion: '1', takesCommands: true, run: 'run-1' },
        })
        .then((response) => read(response, heartbeatAnswerSchema));
    await heard.app.inject({ method: 'PUT', url: `/api/v1/snapshots/${hash}`, payload: snapshot });
    expect(await beat()).toMatchObject({ isRecorded: true, commands: [] });
    await expect.poll(async () => (await asked.app.inject(path)).statusCode, { timeout: 10_000 }).toBe(200);

    const waiting = heard.app.inject(`${path}/commands?wait=20&run=run-1`);
    const startedAt = performance.now();
    const probing = asked.app.inject({ method: 'POST', url: '/api/v1/probes', payload: { host: 'node-x' } });
    const [command] = read(await waiting, commandListSchema).commands;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(command?.work).toEqual(probe);
    const second = await heard.app.inject({ method: 'POST', url: '/api/v1/probes', payload: { host: 'node-x' } });
    readProblem(second, 409, 'HOST_BUSY');
    const result = await heard.app.inject({
      method: 'POST',
      url: `${path}/commands/${command?.id}/result`,
      payload: { kind: 'probe', snapshot: hash },
    });
    expect(result.statusCode).toBe(204);
    expect(read(await probing, probeResultSchema, 201).summary.id).toBe('node-x');
  }, 60_000);

  const ways = [
    ['with LISTEN', ''],
    ['by polling', '?atlas_listen=off'],
  ] as const;
  it.each(ways)(
    '%s, an agent may take a command at one hub and answer at another',
    async (_way, suffix) => {
      const url = (await postgres.createDatabase()) + suffix;
      const [first, second, third] = [await openCommands(url), await openCommands(url), await openCommands(url)];
      const waiting = second.commands.waitFor(agent, 10_000, never);
      const asked = first.commands.ask('node-x', probe, 20_000);
      const [command] = (await waiting) ?? [];
      await third.commands.settle('node-x', command?.id ?? '', probed);
      expect(await asked).toEqual(probed);
      expect(await first.store.commands.open()).toEqual([]);
    },
    60_000,
  );

  it('of hubs that ask one host at once, one gets it', async () => {
    const url = await postgres.createDatabase();
    const hubs = [await openCommands(url), await openCommands(url), await openCommands(url)];
    const codes = await Promise.all(
      hubs.map(({ commands }) =>
        commands
          .ask('node-x', probe, 700)
          .catch((error: unknown) => (error instanceof AtlasError ? error.code : error)),
      ),
    );
    expect(codes.sort()).toEqual(['HOST_BUSY', 'HOST_BUSY', 'HOST_SILENT']);
  }, 60_000);

  it('a hub that hands a command out and dies: the agent gets no second one, and its answer arrives by another hub', async () => {
    const url = await postgres.createDatabase();
    const [asking, dying, living] = [await openCommands(url), await openCommands(url), await openStore(url)];
    closers.push(() => living.close());
    const waiting = dying.commands.waitFor(agent, 10_000, never);
    const asked = asking.commands.ask('node-x', probe, 20_000);
    const [command] = (await waiting) ?? [];
    await dying.store.close();
    const after = await openCommands(url);
    expect(
      (await after.commands.handOut(agent)).map(({ id }) => id),
      'the same, which that run knows',
    ).toEqual([command?.id]);
    expect(await after.commands.handOut({ ...agent, run: 'run-2' }), 'a new run of the agent').toEqual([]);
    await after.commands.settle('node-x', command?.id ?? '', probed);
    expect(await asked).toEqual(probed);
  }, 60_000);

  it('a hub that asks and dies: the command is over after its time, and the host can be asked again', async () => {
    const url = await postgres.createDatabase();
    const living = await openCommands(url);
    const { store } = living;
    // What is left of a hub after kill -9: a row, and nobody who waits.
    await store.commands.put({
      ...{ id: 'orphan', hostId: 'node-x', work: JSON.stringify(probe) },
      deadlineAtMs: store.nowMs() + 1_000,
    });
    await expect(living.commands.ask('node-x', probe, 500)).rejects.toMatchObject({ code: 'HOST_BUSY' });
    await delay(1_100);
    await expect(living.commands.settle('node-x', 'orphan', probed)).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    });
    const asked = living.commands.ask('node-x', probe, 10_000);
    const [command] = (await living.commands.waitFor(agent, 5_000, never)) ?? [];
    expect(command?.id).not.toBe('orphan');
    await living.commands.settle('node-x', command?.id ?? '', probed);
    expect(await asked).toEqual(probed);
  }, 60_000);

  it('the store restarts while a command is under way: its answer still arrives, or its asker hears a coded fault', async () => {
    const url = await postgres.createDatabase();
    const [asking, hearing] = [await openCommands(url), await openCommands(url)];
    const waiting = hearing.commands.waitFor(agent, 10_000, never);
    const asked = asking.commands.ask('node-x', probe, 20_000).catch((error: unknown) => error);
    const [command] = (await waiting) ?? [];
    await postgres.stop('immediate');
    await postgres.start();
    const settle = (): Promise<boolean> =>
      hearing.commands.settle('node-x', command?.id ?? '', probed).then(
        () => true,
        () => false,
      );
    await expect.poll(settle, { timeout: 15_000 }).toBe(true);
    const heard = await asked;
    if (heard instanceof AtlasError) expect(heard.code).toBe('STORE_FAILED');
    else expect(heard).toEqual(probed);
    // Who looks for commands meanwhile says that it could not.
    for (const fault of faults.splice(0)) expect(fault).toMatchObject({ code: 'STORE_FAILED' });
  }, 60_000);
});
