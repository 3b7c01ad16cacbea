import { gzipSync } from 'node:zlib';
import {
  catalogListSchema,
  commandListSchema,
  heartbeatAnswerSchema,
  hostDetailSchema,
  hostListSchema,
  hostMatrixSchema,
  probeResultSchema,
  resolutionsResultSchema,
  storedContentSchema,
  type Heartbeat,
} from '@cpu-atlas/contract';
import { canonicalJson } from '@cpu-atlas/core';
import type { Catalog, HostSnapshot } from '@cpu-atlas/core';
import { catalogHash } from '@cpu-atlas/catalog';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenId, createTokenSecret, hashSecret } from '../auth/secrets.ts';
import { snapshotHash } from '../content-hash.ts';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const startMs = Date.parse('2026-11-22T13:01:00Z');
let nowMs = startMs;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);

/** The recorded host under another name, as if an agent ran there. */
function hostNamed(id: string, change: Partial<HostSnapshot> = {}): HostSnapshot {
  return { ...server.snapshot, host: { id, name: `${id}.example`, labels: { rack: 'r7' } }, ...change };
}

async function makeToken(hostId: string | null): Promise<string> {
  const secret = createTokenSecret();
  const row = { id: createTokenId(), name: 'test', role: 'agent', hostId } as const;
  const times = { createdAtMs: startMs, createdBy: 'local', expiresAtMs: null };
  await server.services.store.access.createToken({ ...row, ...times }, hashSecret(secret));
  return secret;
}

/** The requests of one agent. */
function agentOf(id: string, token: string | null = null) {
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return {
    put: (snapshot: HostSnapshot, hash = snapshotHash(snapshot)) =>
      ask({ method: 'PUT', url: `/api/v1/snapshots/${hash}`, headers, payload: snapshot }),
    putCatalog: (catalog: Catalog, hash = catalogHash(catalog)) =>
      ask({ method: 'PUT', url: `/api/v1/catalogs/${hash}`, headers, payload: catalog }),
    beat: (snapshot: string, change: Partial<Heartbeat> = {}) =>
      ask({
        method: 'POST',
        url: `/api/v1/hosts/${id}/heartbeats`,
        headers,
        payload: { snapshot, snapshotAgeMs: 0, agentVersion: '0.1.0', takesCommands: false, ...change },
      }),
    commands: (wait: number) => ask({ url: `/api/v1/hosts/${id}/commands?wait=${wait}`, headers }),
    result: (commandId: string, payload: object) =>
      ask({ method: 'POST', url: `/api/v1/hosts/${id}/commands/${commandId}/result`, headers, payload }),
  };
}

async function join(snapshot: HostSnapshot): Promise<void> {
  const agent = agentOf(snapshot.host.id);
  expect((await agent.put(snapshot)).statusCode).toBe(200);
  expect(read(await agent.beat(snapshotHash(snapshot)), heartbeatAnswerSchema).isRecorded).toBe(true);
}

describe('joining', () => {
  it('a snapshot that the hub has not seen is wanted, stored once, and then the host is there', async () => {
    const snapshot = hostNamed('node-a');
    const hash = snapshotHash(snapshot);
    const agent = agentOf('node-a');
    expect(read(await agent.beat(hash), heartbeatAnswerSchema)).toMatchObject({
      isRecorded: false,
      wanted: { snapshot: hash, catalogs: [] },
    });
    readProblem(await ask('/api/v1/hosts/node-a'), 404, 'HOST_NOT_FOUND');
    expect(read(await agent.put(snapshot), storedContentSchema)).toEqual({ hash });
    expect(read(await agent.beat(hash), heartbeatAnswerSchema)).toMatchObject({
      isRecorded: true,
      wanted: { snapshot: null },
      heartbeatMs: 30_000,
    });
    const { summary, snapshot: stored, selfCheck } = read(await ask('/api/v1/hosts/node-a'), hostDetailSchema);
    expect(stored).toEqual(snapshot);
    expect(selfCheck.outcome).toBe('passed');
    expect(summary).toMatchObject({
      id: 'node-a',
      name: 'node-a.example',
      labels: { rack: 'r7' },
      source: 'agent',
      agentVersion: '0.1.0',
      isSelf: false,
      freshness: { state: 'fresh', silentSeconds: 0 },
    });
  });

  it('the age of a snapshot is what the agent measured, whatever its clock says', async () => {
    const snapshot = hostNamed('node-skewed', { collectedAt: '2031-01-01T00:00:00Z' });
    await join(snapshot);
    await agentOf('node-skewed').beat(snapshotHash(snapshot), { snapshotAgeMs: 5_000 });
    const { items } = read(await ask('/api/v1/hosts?q=node-skewed'), hostListSchema);
    expect(items[0]?.ageSeconds).toBe(0);
    nowMs += 7_000;
    await agentOf('node-skewed').beat(snapshotHash(snapshot), { snapshotAgeMs: 5_000 });
    const later = read(await ask('/api/v1/hosts?q=node-skewed'), hostListSchema);
    expect(later.items[0]).toMatchObject({ ageSeconds: 5, freshness: { state: 'fresh' } });
  });

  it('a snapshot that the hub has forgotten is wanted again', async () => {
    const [before, after] = ['0x1', '0x2'].map((microcode) =>
      hostNamed('node-back', { hardware: { ...server.snapshot.hardware, microcode } as HostSnapshot['hardware'] }),
    ) as [HostSnapshot, HostSnapshot];
    const agent = agentOf('node-back');
    await join(before);
    nowMs += 2 * 60 * 60_000;
    await join(after);
    const forgotten = await server.services.store.applyRetention({ observationsMs: 1, auditMs: null, changesMs: 1 });
    expect(forgotten.snapshots).toBe(1);
    expect(read(await agent.beat(snapshotHash(before)), heartbeatAnswerSchema)).toMatchObject({
      isRecorded: false,
      wanted: { snapshot: snapshotHash(before) },
    });
    await join(before);
    expect(read(await ask('/api/v1/hosts/node-back'), hostDetailSchema).snapshot).toEqual(before);
  });

  it('whatever this server does for its own host, it does for a joined one', async () => {
    await join(hostNamed('node-b'));
    const matrix = read(await ask('/api/v1/matrix?host=node-b&catalog=10.0'), hostMatrixSchema);
    const own = read(await ask('/api/v1/matrix?catalog=10.0'), hostMatrixSchema);
    expect(matrix.status).toEqual(own.status);
    expect(matrix.snapshotHash).not.toBe(own.snapshotHash);
    const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan', host: 'node-b' };
    const response = await ask({ method: 'POST', url: '/api/v1/resolutions', payload: { requests: [cell] } });
    expect(read(response, resolutionsResultSchema).resolutions[0]).toMatchObject({ ok: true });
  });

  it('the QEMU of a joined host answers from its own catalog, once the hub has it', async () => {
    const shipped = server.services.library.list().find(({ version }) => version.startsWith('10.0'));
    const catalog = await server.services.library.read(shipped?.hash ?? '');
    const theirs: Catalog = { ...catalog, qemu: { ...catalog.qemu, package: 'Their own build' } };
    const hash = catalogHash(theirs);
    const snapshot = hostNamed('node-c', { qemu: [{ path: '/usr/bin/qemu', version: '10.0.13', catalog: hash }] });
    const agent = agentOf('node-c');
    await agent.put(snapshot);
    const { wanted } = read(await agent.beat(snapshotHash(snapshot)), heartbeatAnswerSchema);
    expect(wanted.catalogs).toEqual([hash]);
    expect(read(await agent.putCatalog(theirs), storedContentSchema)).toEqual({ hash });
    expect(read(await agent.beat(snapshotHash(snapshot)), heartbeatAnswerSchema).wanted.catalogs).toEqual([]);
    const matrix = read(await ask('/api/v1/matrix?host=node-c'), hostMatrixSchema);
    expect(matrix.catalog).toMatchObject({ hash, match: 'exact' });
    const { items } = read(await ask('/api/v1/catalogs'), catalogListSchema);
    expect(items.find((one) => one.hash === hash)).toMatchObject({ source: 'fleet', models: theirs.models.length });
    // By version ours answers still: one host cannot change the answers for others.
    const byVersion = read(await ask('/api/v1/matrix?catalog=10.0'), hostMatrixSchema);
    expect(byVersion.catalog.hash).toBe(shipped?.hash);
  });

  it('content may be compressed', async () => {
    const snapshot = hostNamed('node-zipped');
    const response = await ask({
      method: 'PUT',
      url: `/api/v1/snapshots/${snapshotHash(snapshot)}`,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      payload: gzipSync(canonicalJson(snapshot)),
    });
    read(response, storedContentSchema);
  });
});

describe('what is refused', () => {
  const send = (payload: Buffer | string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    ask({
      method: 'PUT',
      url: `/api/v1/snapshots/sha256:${'0'.repeat(64)}`,
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    });

  it.each<[string, () => Promise<LightMyRequestResponse>, number, string]>([
    [
      'a body that is not what its hash says',
      () => agentOf('x').put(hostNamed('x'), `sha256:${'1'.repeat(64)}`),
      422,
      'CONTENT_MISMATCH',
    ],
    ['a body that is no snapshot', () => send('{"schema":"something"}'), 422, 'SNAPSHOT_INVALID'],
    ['a body that is no JSON', () => send('{'), 422, 'SNAPSHOT_INVALID'],
    ['no body', () => send(''), 422, 'SNAPSHOT_INVALID'],
    ['a body that says gzip and is not', () => send('{}', { 'content-encoding': 'gzip' }), 400, 'REQUEST_INVALID'],
    [
      'an encoding that nobody asked for',
      () => send('{}', { 'content-encoding': 'br' }),
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    [
      'a few kilobytes that inflate to more than a snapshot may have',
      () => send(gzipSync(Buffer.alloc(9 * 1024 * 1024, 32)), { 'content-encoding': 'gzip' }),
      413,
      'REQUEST_TOO_LARGE',
    ],
    [
      'another type of content',
      () => send('a: b', { 'content-type': 'application/yaml' }),
      415,
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['a hash that is none', () => agentOf('x').put(hostNamed('x'), 'sha256:00'), 400, 'REQUEST_INVALID'],
    ['a heartbeat without a hash', () => agentOf('x').beat('none'), 400, 'REQUEST_INVALID'],
  ])('%s', async (_, run, status, code) => {
    readProblem(await run(), status, code);
  });

  it('a heartbeat with the snapshot of another host', async () => {
    const snapshot = hostNamed('node-real');
    await join(snapshot);
    readProblem(await agentOf('node-fake').beat(snapshotHash(snapshot)), 403, 'ACCESS_DENIED');
    readProblem(await ask('/api/v1/hosts/node-fake'), 404, 'HOST_NOT_FOUND');
  });

  it('an agent that writes for another host, by its address or by its snapshot', async () => {
    const mine = hostNamed('node-mine');
    const agent = agentOf('node-mine', await makeToken('node-mine'));
    expect((await agent.put(mine)).statusCode).toBe(200);
    readProblem(await agent.put(hostNamed('node-other')), 403, 'ACCESS_DENIED');
    const other = agentOf('node-other', await makeToken('node-mine'));
    readProblem(await other.beat(snapshotHash(mine)), 403, 'ACCESS_DENIED');
    readProblem(await other.commands(0), 403, 'ACCESS_DENIED');
    readProblem(await other.result('x', { kind: 'probe', snapshot: snapshotHash(mine) }), 403, 'ACCESS_DENIED');
  });

  it('an agent’s token belongs to the first host that it writes', async () => {
    const token = await makeToken(null);
    expect((await agentOf('node-first', token).put(hostNamed('node-first'))).statusCode).toBe(200);
    readProblem(await agentOf('node-second', token).put(hostNamed('node-second')), 403, 'ACCESS_DENIED');
    readProblem(await agentOf('node-second', token).beat(`sha256:${'0'.repeat(64)}`), 403, 'ACCESS_DENIED');
  });

  it('a catalog that no QEMU of the agent’s host is known to have', async () => {
    const catalog = await server.services.library.read(server.services.library.list()[0]?.hash ?? '');
    const foreign: Catalog = { ...catalog, qemu: { ...catalog.qemu, package: 'Nobody’s' } };
    const agent = agentOf('node-mine', await makeToken('node-mine'));
    readProblem(await agent.putCatalog(foreign), 409, 'CONTENT_UNWANTED');
    readProblem(await agentOf('', await makeToken(null)).putCatalog(foreign), 409, 'CONTENT_UNWANTED');
  });
});

describe('silence', () => {
  it('a host that is silent becomes stale, then unreachable, and says so in its answers', async () => {
    const snapshot = hostNamed('node-silent');
    await join(snapshot);
    const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan', host: 'node-silent' };
    const look = async (): Promise<unknown[]> => {
      const { items } = read(await ask('/api/v1/hosts?q=node-silent'), hostListSchema);
      const response = await ask({ method: 'POST', url: '/api/v1/resolutions', payload: { requests: [cell] } });
      const [answer] = read(response, resolutionsResultSchema).resolutions;
      const assumptions = answer?.ok === true ? answer.resolution.assumptions : [];
      return [items[0]?.freshness.state, assumptions.some((line) => /is (stale|unreachable)/.test(line))];
    };
    expect(await look()).toEqual(['fresh', false]);
    nowMs += 100_000;
    expect(await look()).toEqual(['stale', true]);
    nowMs += 300_000;
    expect(await look()).toEqual(['unreachable', true]);
    const { byFreshness, total } = read(await ask('/api/v1/hosts?source=agent&freshness=fresh'), hostListSchema);
    expect([byFreshness.fresh, total]).toEqual([0, 0]);
    await agentOf('node-silent').beat(snapshotHash(snapshot));
    expect(await look()).toEqual(['fresh', false]);
    const rows = await server.services.store.observations.observations('node-silent', { limit: 10 });
    expect(rows).toHaveLength(2);
  });

  it('a change is a new observation, and the host can be seen as it was', async () => {
    const before = hostNamed('node-changing');
    await join(before);
    const wasAtMs = nowMs;
    nowMs += 20_000;
    const after = hostNamed('node-changing', { qemu: [] });
    await join(after);
    const then = await server.services.hosts.find('node-changing', wasAtMs + 1_000);
    expect(then.snapshot).toEqual(before);
    expect(then.freshness.state).toBe('fresh');
    expect((await server.services.hosts.find('node-changing')).snapshot).toEqual(after);
    await expect(server.services.hosts.find('node-changing', wasAtMs - 1_000)).rejects.toMatchObject({
      code: 'HOST_NOT_FOUND',
    });
  });
});

describe('what an operator says about a host', () => {
  const change = (payload: object): Promise<LightMyRequestResponse> =>
    ask({ method: 'PATCH', url: '/api/v1/hosts/node-labelled', payload });

  it('wins over what the host says, and outlives its heartbeats', async () => {
    const snapshot = hostNamed('node-labelled');
    await join(snapshot);
    const { summary } = read(await change({ name: 'rack seven', labels: { owner: 'ops' } }), probeResultSchema);
    expect(summary).toMatchObject({ name: 'rack seven', labels: { rack: 'r7', owner: 'ops' } });
    await agentOf('node-labelled').beat(snapshotHash(snapshot));
    await join(hostNamed('node-labelled', { qemu: [] }));
    const { items } = read(await ask('/api/v1/hosts?label=owner=ops'), hostListSchema);
    expect(items).toMatchObject([{ id: 'node-labelled', name: 'rack seven' }]);
    expect(read(await change({ name: '' }), probeResultSchema).summary.name).toBe('node-labelled.example');
  });

  it('a host that was removed is gone until it is heard again; the host of the hub stays', async () => {
    const snapshot = hostNamed('node-labelled');
    const url = '/api/v1/hosts/node-labelled';
    expect((await ask({ method: 'DELETE', url })).statusCode).toBe(204);
    readProblem(await ask(url), 404, 'HOST_NOT_FOUND');
    readProblem(await ask({ method: 'DELETE', url }), 404, 'HOST_NOT_FOUND');
    nowMs += 1_000;
    await join(snapshot);
    read(await ask(url), hostDetailSchema);
    readProblem(await ask({ method: 'DELETE', url: '/api/v1/hosts/epyc-milan' }), 409, 'COMMAND_REFUSED');
  });

  it('the host of the hub takes no agent besides', async () => {
    const problem = readProblem(
      await agentOf('epyc-milan').beat(snapshotHash(server.snapshot)),
      409,
      'CONTENT_UNWANTED',
    );
    expect(problem.detail).toContain('the hub runs on that host');
  });
});

describe('commands', () => {
  const waitFor = async (agent: ReturnType<typeof agentOf>): Promise<string> => {
    const { commands } = read(await agent.commands(5), commandListSchema);
    return commands[0]?.id ?? '';
  };

  it('POST /probes reaches the agent that waits, and answers with what it found', async () => {
    const snapshot = hostNamed('node-asked');
    await join(snapshot);
    const agent = agentOf('node-asked');
    await agent.beat(snapshotHash(snapshot), { takesCommands: true });
    const waiting = waitFor(agent);
    const probing = ask({ method: 'POST', url: '/api/v1/probes', payload: { host: 'node-asked' } });
    const id = await waiting;
    expect((await agent.result(id, { kind: 'probe', snapshot: snapshotHash(snapshot) })).statusCode).toBe(204);
    expect(read(await probing, probeResultSchema, 201).summary.id).toBe('node-asked');
    readProblem(await agent.result(id, { kind: 'probe', snapshot: snapshotHash(snapshot) }), 404, 'COMMAND_NOT_FOUND');
  });

  it('without a request that waits they travel with the heartbeat, one at a time for each host', async () => {
    const snapshot = hostNamed('node-polled');
    await join(snapshot);
    const agent = agentOf('node-polled');
    await agent.beat(snapshotHash(snapshot), { takesCommands: true });
    const probe = (): Promise<LightMyRequestResponse> =>
      ask({ method: 'POST', url: '/api/v1/probes', payload: { host: 'node-polled' } });
    const both = [probe(), probe()];
    readProblem(await Promise.race(both), 409, 'HOST_BUSY');
    const { commands } = read(await agent.beat(snapshotHash(snapshot), { takesCommands: true }), heartbeatAnswerSchema);
    expect(commands).toMatchObject([{ work: { kind: 'probe' } }]);
    const problem = { type: 'x', title: 'x', status: 500, code: 'PROBE_FAILED', detail: 'no /proc here' };
    await agent.result(commands[0]?.id ?? '', { kind: 'fault', problem });
    const faults = await Promise.all(both);
    expect(faults.map(({ statusCode }) => statusCode).sort()).toEqual([409, 500]);
    expect(faults.map(({ body }) => body).join()).toContain('no /proc here');
  });

  it.each<[string, string, string]>([
    ['a host that takes none', 'node-deaf', 'COMMAND_REFUSED'],
    ['a host that nobody knows', 'node-nobody', 'HOST_NOT_FOUND'],
  ])('are refused at once for %s', async (_, id, code) => {
    await join(hostNamed('node-deaf'));
    const response = await ask({ method: 'POST', url: '/api/v1/probes', payload: { host: id } });
    readProblem(response, code === 'COMMAND_REFUSED' ? 409 : 404, code);
  });

  it('are refused at once for a host that is unreachable', async () => {
    const snapshot = hostNamed('node-lost');
    await join(snapshot);
    await agentOf('node-lost').beat(snapshotHash(snapshot), { takesCommands: true });
    nowMs += 400_000;
    const response = await ask({ method: 'POST', url: '/api/v1/probes', payload: { host: 'node-lost' } });
    readProblem(response, 504, 'HOST_SILENT');
  });
});
