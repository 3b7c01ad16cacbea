import { setTimeout as delay } from 'node:timers/promises';
import {
  catalogListSchema,
  hostDetailSchema,
  hostListSchema,
  hostSnapshotSchema,
  probeResultSchema,
  resolutionsResultSchema,
} from '@cpu-atlas/contract';
import { type HostSnapshot } from '@cpu-atlas/core';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);
const post = (url: string, payload: object, headers = {}): Promise<LightMyRequestResponse> =>
  ask({ method: 'POST', url, payload, headers });
const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } as const;

describe('hosts', () => {
  it('GET /hosts lists this host with its layers, its age and its QEMU', async () => {
    const { items, nextCursor } = read(await ask('/api/v1/hosts'), hostListSchema);
    expect(nextCursor).toBeNull();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: 'epyc-milan',
      isSelf: true,
      isProbing: false,
      ageSeconds: 60,
      vendor: 'AuthenticAMD',
      layers: {
        hardware: { state: 'known' },
        kernel: { state: 'known' },
        kvm: { state: 'known' },
        qemu: { state: 'known' },
      },
      qemu: [
        { path: '/usr/bin/qemu-system-x86_64', version: '10.0.13', catalogMatch: 'nearest', harvest: { state: 'off' } },
      ],
    });
  });

  it('GET /hosts/{id} gives the snapshot and the self-check', async () => {
    const { snapshot, selfCheck } = read(await ask('/api/v1/hosts/epyc-milan'), hostDetailSchema);
    expect(snapshot).toEqual(server.snapshot);
    expect(selfCheck.outcome).toBe('passed');
  });

  it('GET /hosts/{id} of another host is HOST_NOT_FOUND', async () => {
    readProblem(await ask('/api/v1/hosts/nobody'), 404, 'HOST_NOT_FOUND');
  });

  it('GET /snapshots/{hash} may be kept for ever, and is not sent twice', async () => {
    const { items } = read(await ask('/api/v1/hosts'), hostListSchema);
    const url = `/api/v1/snapshots/${items[0]?.snapshotHash}`;
    const first = await ask(url);
    expect(read(first, hostSnapshotSchema)).toEqual(server.snapshot);
    expect(first.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const again = await ask({ url, headers: { 'if-none-match': String(first.headers['etag']) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('GET /snapshots/{hash} of something else is SNAPSHOT_NOT_FOUND', async () => {
    readProblem(await ask(`/api/v1/snapshots/sha256:${'0'.repeat(64)}`), 404, 'SNAPSHOT_NOT_FOUND');
  });

  it('GET /hosts?limit=0 is REQUEST_INVALID with the place', async () => {
    const problem = readProblem(await ask('/api/v1/hosts?limit=0'), 400, 'REQUEST_INVALID');
    expect(problem.where).toBe('querystring: $.limit');
  });
});

describe('probes', () => {
  it('POST /probes probes again, with and without a body', async () => {
    const response = await ask({ method: 'POST', url: '/api/v1/probes' });
    expect(read(response, probeResultSchema, 201).summary.id).toBe('epyc-milan');
    expect(response.headers['location']).toBe('/api/v1/hosts/epyc-milan');
    read(await post('/api/v1/probes', { host: 'epyc-milan' }), probeResultSchema, 201);
  });

  it('POST /probes of another host is HOST_NOT_FOUND', async () => {
    readProblem(await post('/api/v1/probes', { host: 'nobody' }), 404, 'HOST_NOT_FOUND');
  });

  it('a second probe at the same time is PROBE_BUSY; reading goes on meanwhile', async () => {
    let probes = 0;
    const slow = await startTestServer({
      machine: {
        probe: async () => {
          probes += 1;
          if (probes > 1) await delay(100);
          return server.snapshot;
        },
      },
    });
    await slow.services.start();
    const [first, second, list] = await Promise.all([
      slow.app.inject({ method: 'POST', url: '/api/v1/probes' }),
      delay(20).then(() => slow.app.inject({ method: 'POST', url: '/api/v1/probes' })),
      delay(20).then(() => slow.app.inject('/api/v1/hosts')),
    ]);
    expect([first.statusCode, second.statusCode]).toEqual([201, 409]);
    readProblem(second, 409, 'PROBE_BUSY');
    expect(read(list, hostListSchema).items[0]?.isProbing).toBe(true);
    expect(probes).toBe(2);
    await slow.close();
  });

  it('a probe that fails is told as such, without a word of its inside, and the next one may work', async () => {
    let fails = true;
    const broken = await startTestServer({
      machine: {
        probe: async () => {
          if (fails) throw new TypeError('secret of the inside');
          return server.snapshot;
        },
      },
    });
    const response = await broken.app.inject('/api/v1/hosts');
    readProblem(response, 500, 'PROBE_FAILED');
    expect(response.body).not.toContain('secret');
    fails = false;
    expect((await broken.app.inject({ method: 'POST', url: '/api/v1/probes' })).statusCode).toBe(201);
    expect((await broken.app.inject('/api/v1/hosts')).statusCode).toBe(200);
    await broken.close();
  });
});

describe('a host that knows little', () => {
  it('says what it does not know, and nothing becomes yes or no', async () => {
    const denied = { code: 'KVM_DENIED', reason: 'EACCES', remedy: 'add the user to group kvm' };
    const bare: HostSnapshot = { ...server.snapshot, kernel: { release: '6.1.0', kvm: { unknown: denied } }, qemu: [] };
    const poor = await startTestServer({ machine: { probe: async () => bare } });
    const { items } = read(await poor.app.inject('/api/v1/hosts'), hostListSchema);
    expect(items[0]?.layers).toMatchObject({
      kvm: { state: 'unknown', ...denied },
      qemu: { state: 'unknown', code: 'QEMU_NOT_INSTALLED' },
    });
    const response = await poor.app.inject({
      method: 'POST',
      url: '/api/v1/resolutions',
      payload: { requests: [{ ...cell, machine: 'q35' }] },
    });
    const { resolutions } = read(response, resolutionsResultSchema);
    expect(resolutions[0]).toMatchObject({
      ok: true,
      catalog: { match: 'nearest' },
      resolution: {
        status: 'unknown',
        assumptions: expect.arrayContaining([expect.stringContaining('no QEMU is known')]) as string[],
      },
    });
    const proof = await poor.app.inject({
      method: 'POST',
      url: '/api/v1/verifications',
      payload: { ...cell, machine: 'q35' },
    });
    readProblem(proof, 409, 'VERIFY_UNAVAILABLE');
    await poor.close();
  });

  it('has no catalog at all: that is said, and the rest works', async () => {
    const empty = await startTestServer({ catalogDirectory: '/nonexistent' });
    const { items } = read(await empty.app.inject('/api/v1/hosts'), hostListSchema);
    expect(items[0]?.qemu[0]).toMatchObject({ catalog: null, catalogMatch: 'none' });
    expect(read(await empty.app.inject('/api/v1/catalogs'), catalogListSchema).items).toEqual([]);
    readProblem(await empty.app.inject('/api/v1/matrix'), 404, 'CATALOG_NOT_FOUND');
    await empty.close();
  });
});
