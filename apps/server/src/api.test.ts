import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  catalogListSchema,
  catalogSchema,
  featureListSchema,
  hostDetailSchema,
  hostListSchema,
  hostMatrixSchema,
  hostSnapshotSchema,
  limits,
  machineTypeListSchema,
  modelListSchema,
  probeResultSchema,
  problemSchema,
  resolutionAnswerSchema,
  resolutionsResultSchema,
} from '@cpu-atlas/contract';
import { AtlasError, type HostSnapshot } from '@cpu-atlas/core';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);

/** The body, checked against the documented shape: nothing missing, nothing undocumented. */
function read<T>(response: LightMyRequestResponse, schema: z.ZodType<T>, status = 200): T {
  expect(response.statusCode, response.body.slice(0, 500)).toBe(status);
  const body: unknown = response.json();
  const parsed = schema.parse(body);
  expect(parsed).toEqual(body);
  return parsed;
}

function readProblem(response: LightMyRequestResponse, status: number, code: string): z.output<typeof problemSchema> {
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  const problem = read(response, problemSchema, status);
  expect(problem).toMatchObject({ status, code, type: `urn:cpu-atlas:error:${code}` });
  return problem;
}

const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } as const;
const post = (url: string, payload: object, headers = {}): Promise<LightMyRequestResponse> =>
  ask({ method: 'POST', url, payload, headers });

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
      layers: { hardware: { state: 'known' }, kernel: { state: 'known' }, kvm: { state: 'known' }, qemu: { state: 'known' } },
      qemu: [{ path: '/usr/bin/qemu-system-x86_64', version: '10.0.13', catalogMatch: 'nearest', harvest: { state: 'off' } }],
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

describe('catalogs', () => {
  it('GET /catalogs lists the shipped ones, newest first', async () => {
    const { items } = read(await ask('/api/v1/catalogs'), catalogListSchema);
    expect(items.map(({ version }) => version.replace(/\.\d+$/, ''))).toEqual(expect.arrayContaining(['11.1', '10.0', '7.2']));
    expect(items.every(({ source }) => source === 'shipped')).toBe(true);
    expect(Number.parseInt(items[0]?.version ?? '', 10)).toBeGreaterThanOrEqual(11);
  });

  it('GET /catalogs/{hash} is compressed and may be kept for ever', async () => {
    const { items } = read(await ask('/api/v1/catalogs'), catalogListSchema);
    const url = `/api/v1/catalogs/${items[0]?.hash}`;
    expect(read(await ask(url), catalogSchema).models).toHaveLength(items[0]?.models ?? -1);
    const packed = await ask({ url, headers: { 'accept-encoding': 'br' } });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'br', vary: expect.stringContaining('accept-encoding') as string });
    expect(packed.rawPayload.length).toBeLessThan(200_000);
    const again = await ask({ url, headers: { 'accept-encoding': 'br', 'if-none-match': String(packed.headers['etag']) } });
    expect(again.statusCode).toBe(304);
  });

  it('GET /catalogs/{hash} of something else is CATALOG_NOT_FOUND', async () => {
    readProblem(await ask('/api/v1/catalogs/sha256:00'), 404, 'CATALOG_NOT_FOUND');
  });

  it.each([
    ['/api/v1/models?catalog=10.0', modelListSchema, { name: 'EPYC-Milan-v2', vendor: 'AMD', family: 'AMD EPYC' }],
    ['/api/v1/machine-types?catalog=10.0', machineTypeListSchema, { name: 'pc-q35-10.0', alias: 'q35', hasTcg: true }],
    ['/api/v1/features?catalog=10.0', featureListSchema, { name: 'avx2', word: '7.0.EBX', bits: ['CPUID.07H.0:EBX[5]'] }],
  ])('GET %s lists the names of that QEMU', async (url, schema, entry) => {
    const { catalog, items, nextCursor } = read<z.output<typeof schema>>(await ask(url), schema);
    expect(catalog).toMatchObject({ match: 'exact', assumption: null });
    expect(items).toContainEqual(expect.objectContaining(entry));
    expect(nextCursor).toBeNull();
  });

  it('pages with a cursor, and every item comes once', async () => {
    const all = read(await ask('/api/v1/models?catalog=10.0'), modelListSchema).items.map(({ name }) => name);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: z.output<typeof modelListSchema> = read(await ask(`/api/v1/models?catalog=10.0&limit=50${cursor === '' ? '' : `&cursor=${cursor}`}`), modelListSchema);
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all);
  });

  it('without a catalog takes the one of this host, and says what it assumed', async () => {
    const { catalog } = read(await ask('/api/v1/models'), modelListSchema);
    expect(catalog).toMatchObject({ match: 'nearest', assumption: expect.stringContaining('10.0.13') as string });
  });

  it('a version that is not there is answered by the nearest, with that said', async () => {
    const { catalog } = read(await ask('/api/v1/models?catalog=9.2'), modelListSchema);
    expect(catalog).toMatchObject({ match: 'nearest', assumption: expect.stringContaining('9.2') as string });
  });

  it.each(['nonsense', 'sha256:00', '../../etc/passwd'])('catalog=%s is CATALOG_NOT_FOUND', async (catalog) => {
    readProblem(await ask({ url: '/api/v1/models', query: { catalog } }), 404, 'CATALOG_NOT_FOUND');
  });
});

describe('matrix', () => {
  it.each(['accel=kvm', 'accel=tcg', 'accel=kvm&kernelIrqchip=split'])('GET /matrix?%s has a cell for each model and column', async (query) => {
    const matrix = read(await ask(`/api/v1/matrix?catalog=10.0&${query}`), hostMatrixSchema);
    const cells = matrix.models.length * matrix.columns.length;
    for (const list of [matrix.status, matrix.filteredCount, matrix.enabledCount, matrix.requestedCount, matrix.aliasOf]) {
      expect(list).toHaveLength(cells);
    }
    expect(new Set(matrix.status).size).toBeGreaterThan(1);
  });

  it('agrees with the resolution of a cell', async () => {
    const matrix = read(await ask('/api/v1/matrix?catalog=10.0'), hostMatrixSchema);
    const column = matrix.columns.findIndex(({ machines }) => machines.includes(cell.machine));
    const model = matrix.models.findIndex(({ name }) => name === cell.cpu);
    const at = model * matrix.columns.length + column;
    const answers = read(await post('/api/v1/resolutions', { requests: [{ ...cell, catalog: '10.0' }] }), resolutionsResultSchema);
    const statuses = ['runnable', 'filtered', 'refused', 'unknown'];
    expect(answers.resolutions[0]).toMatchObject({ ok: true, resolution: { status: statuses[matrix.status[at] ?? -1] } });
  });

  it.each([
    ['accel=xen', 400, 'REQUEST_INVALID'],
    ['kernelIrqchip=maybe', 400, 'REQUEST_INVALID'],
    ['host=nobody', 404, 'HOST_NOT_FOUND'],
    [`snapshot=sha256:${'0'.repeat(64)}`, 404, 'SNAPSHOT_NOT_FOUND'],
    ['catalog=x', 404, 'CATALOG_NOT_FOUND'],
  ])('GET /matrix?%s is %d %s', async (query, status, code) => {
    readProblem(await ask(`/api/v1/matrix?${query}`), status, code);
  });
});

describe('resolutions', () => {
  it('answers each request in order, with its id, and each fault in its place', async () => {
    const requests = [
      { ...cell, id: 'a' },
      { ...cell, id: 2, cpu: 'Nosuch' },
      { ...cell, id: 'c', machine: 'pc-q35-99.9' },
      { ...cell, cpu: 'EPYC,avx=maybe' },
      { ...cell, id: 'e', accel: 'tcg', explain: true },
      { ...cell, id: 'f', host: 'nobody' },
    ];
    const { resolutions } = read(await post('/api/v1/resolutions', { requests }), resolutionsResultSchema);
    expect(resolutions.map(({ id }) => id)).toEqual(['a', 2, 'c', undefined, 'e', 'f']);
    expect(resolutions).toMatchObject([
      { ok: true, resolution: { machine: 'pc-q35-10.0', cpu: 'EPYC-Milan', assumptions: expect.arrayContaining([expect.stringContaining('stands for it')]) as string[] } },
      { ok: false, error: { code: 'CPU_MODEL_UNKNOWN' } },
      { ok: false, error: { code: 'MACHINE_TYPE_UNKNOWN' } },
      { ok: false, error: { status: 422 } },
      { ok: true, features: expect.arrayContaining([expect.objectContaining({ name: 'avx2' })]) as unknown[] },
      { ok: false, error: { code: 'HOST_NOT_FOUND' } },
    ]);
    expect(resolutions[0]).not.toHaveProperty('features');
  });

  it('answers one a line where the client asks for lines', async () => {
    const requests = [1, 2, 3].map((id) => ({ ...cell, id }));
    const response = await post('/api/v1/resolutions', { requests }, { accept: 'application/x-ndjson' });
    expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = response.body.trimEnd().split('\n').map((line) => resolutionAnswerSchema.parse(JSON.parse(line)));
    expect(lines.map(({ id, ok }) => [id, ok])).toEqual([[1, true], [2, true], [3, true]]);
  });

  it(`takes ${limits.requestsPerCall} requests and lets others in meanwhile`, async () => {
    const requests = Array.from({ length: limits.requestsPerCall }, (_, id) => ({ ...cell, id, catalog: '10.0' }));
    const order: string[] = [];
    const many = post('/api/v1/resolutions', { requests }).then((response) => {
      order.push('many');
      return response;
    });
    await delay(50);
    await ask('/healthz').then(() => order.push('health'));
    const { resolutions } = JSON.parse((await many).body) as { resolutions: { id: number; ok: boolean }[] };
    expect(resolutions.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
    expect(resolutions.every(({ ok }) => ok)).toBe(true);
    expect(order).toEqual(['health', 'many']);
  }, 60_000);

  it.each<[string, object, string]>([
    ['no requests', { requests: [] }, 'body: $.requests'],
    ['too many', { requests: new Array(limits.requestsPerCall + 1).fill(cell) }, 'body: $.requests'],
    ['another accelerator', { requests: [cell, { ...cell, accel: 'xen' }] }, 'body: $.requests[1].accel'],
    ['a missing machine', { requests: [{ accel: 'kvm', cpu: 'max' }] }, 'body: $.requests[0].machine'],
    ['a topology of zero', { requests: [{ ...cell, smp: { cores: 0 } }] }, 'body: $.requests[0].smp.cores'],
    ['no object', [], 'body: $'],
  ])('refuses %s with the place', async (_, body, where) => {
    expect(readProblem(await post('/api/v1/resolutions', body), 400, 'REQUEST_INVALID').where).toBe(where);
  });

  it('refuses a body nested 10,000 deep', async () => {
    const payload = `{"requests":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const response = await ask({ method: 'POST', url: '/api/v1/resolutions', payload, headers: { 'content-type': 'application/json' } });
    readProblem(response, 400, 'REQUEST_INVALID');
  });

  it.each([
    ['broken JSON', '{"requests":', 'application/json', 400, 'REQUEST_INVALID'],
    ['no JSON at all', '', 'application/json', 400, 'REQUEST_INVALID'],
    ['XML', '<a/>', 'application/xml', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a prototype in disguise', '{"__proto__":{"a":1},"requests":[]}', 'application/json', 400, 'REQUEST_INVALID'],
    ['more than a request may have', ' '.repeat(limits.requestBytes + 1), 'application/json', 413, 'REQUEST_TOO_LARGE'],
  ])('refuses %s', async (_, payload, type, status, code) => {
    const response = await ask({ method: 'POST', url: '/api/v1/resolutions', payload, headers: { 'content-type': type } });
    readProblem(response, status, code);
  });
});

describe('a host that knows little', () => {
  it('says what it does not know, and nothing becomes yes or no', async () => {
    const denied = { code: 'KVM_DENIED', reason: 'EACCES', remedy: 'add the user to group kvm' };
    const bare: HostSnapshot = { ...server.snapshot, kernel: { release: '6.1.0', kvm: { unknown: denied } }, qemu: [] };
    const poor = await startTestServer({ machine: { probe: async () => bare } });
    const { items } = read(await poor.app.inject('/api/v1/hosts'), hostListSchema);
    expect(items[0]?.layers).toMatchObject({ kvm: { state: 'unknown', ...denied }, qemu: { state: 'unknown', code: 'QEMU_NOT_INSTALLED' } });
    const response = await poor.app.inject({ method: 'POST', url: '/api/v1/resolutions', payload: { requests: [{ ...cell, machine: 'q35' }] } });
    const { resolutions } = read(response, resolutionsResultSchema);
    expect(resolutions[0]).toMatchObject({
      ok: true,
      catalog: { match: 'nearest' },
      resolution: { status: 'unknown', assumptions: expect.arrayContaining([expect.stringContaining('no QEMU is known')]) as string[] },
    });
    const proof = await poor.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: { ...cell, machine: 'q35' } });
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

describe('operation', () => {
  it('GET /healthz and /readyz', async () => {
    await server.services.start();
    expect((await ask('/healthz')).json()).toEqual({ status: 'ok', version: '0.0.0-test' });
    expect((await ask('/readyz')).json()).toEqual({ status: 'ready', version: '0.0.0-test' });
  });

  it('GET /readyz is NOT_READY before the first probe has ended', async () => {
    const hanging = await startTestServer({ machine: { probe: () => new Promise(() => undefined) } });
    readProblem(await hanging.app.inject('/readyz'), 503, 'NOT_READY');
    expect((await hanging.app.inject('/healthz')).statusCode).toBe(200);
    expect((await hanging.app.inject('/metrics')).body).toContain('cpu_atlas_hosts 0\n');
    await hanging.close();
  });

  it('GET /metrics is text for Prometheus', async () => {
    const response = await ask('/metrics');
    expect(response.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(response.body).toContain('cpu_atlas_hosts 1\n');
  });

  it('an unknown fault is INTERNAL with the request id, and not a word of its inside', async () => {
    const broken = await startTestServer({
      machine: {
        verify: async () => {
          throw new RangeError('secret of the inside');
        },
      },
    });
    const response = await broken.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell });
    const problem = readProblem(response, 500, 'INTERNAL');
    expect(problem.where).toBe(`request ${String(response.headers['x-request-id'])}`);
    expect(response.body).not.toContain('secret');
    await broken.close();
  });

  it('GET /api/v1/nothing is ROUTE_NOT_FOUND, as is a wrong method', async () => {
    readProblem(await ask('/api/v1/nothing'), 404, 'ROUTE_NOT_FOUND');
    readProblem(await ask({ method: 'DELETE', url: '/api/v1/hosts' }), 404, 'ROUTE_NOT_FOUND');
  });

  it('a path that cannot be decoded is REQUEST_INVALID', async () => {
    readProblem(await ask('/api/v1/hosts/%E0%A4%A'), 400, 'REQUEST_INVALID');
  });
});

describe('verifications', () => {
  const live = { outcome: 'equal', differences: [], notCompared: [], otherMessages: [], command: ['qemu'], live: null, exit: null, durationMs: 9 } as const;

  it('runs the binary that the probe found with the request, and answers with the resolution', async () => {
    const calls: unknown[] = [];
    const proving = await startTestServer({
      machine: {
        verify: async (given) => {
          calls.push(given);
          return live;
        },
      },
    });
    const response = await proving.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell });
    expect(response.json()).toMatchObject({ outcome: 'equal', command: ['qemu'], resolution: { cpu: 'EPYC-Milan' }, catalog: { match: 'nearest' } });
    expect(calls).toMatchObject([{ binary: '/usr/bin/qemu-system-x86_64', ...cell }]);
    await proving.close();
  });

  it.each<[string, object, number, string]>([
    ['a path of the client’s own', { ...cell, qemu: '/tmp/evil' }, 422, 'QEMU_NOT_FOUND'],
    ['a machine type with an option in it', { ...cell, machine: 'pc,firmware=/etc/passwd' }, 422, 'MACHINE_TYPE_UNKNOWN'],
    ['a CPU property that is none', { ...cell, cpu: 'EPYC,x-no-such=1' }, 422, 'CPU_PROPERTY_UNKNOWN'],
    ['another host', { ...cell, host: 'nobody' }, 404, 'HOST_NOT_FOUND'],
    ['no cell', {}, 400, 'REQUEST_INVALID'],
  ])('never launches anything for %s', async (_, body, status, code) => {
    let launches = 0;
    const guarded = await startTestServer({ machine: { verify: async () => ((launches += 1), live) } });
    readProblem(await guarded.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: body }), status, code);
    expect(launches).toBe(0);
    await guarded.close();
  });

  it('a second one at the same time is VERIFY_BUSY', async () => {
    const slow = await startTestServer({ machine: { verify: async () => delay(100, live) } });
    await slow.services.start();
    const prove = (): Promise<LightMyRequestResponse> => slow.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell });
    const [first, second] = await Promise.all([prove(), delay(20).then(prove)]);
    expect(first.statusCode).toBe(200);
    readProblem(second, 409, 'VERIFY_BUSY');
    expect((await prove()).statusCode).toBe(200);
    await slow.close();
  });

  it('a fault of QEMU keeps its code', async () => {
    const dead = await startTestServer({
      machine: {
        verify: async () => {
          throw new AtlasError('QEMU_TIMEOUT', 'it hangs');
        },
      },
    });
    readProblem(await dead.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell }), 504, 'QEMU_TIMEOUT');
    await dead.close();
  });
});

describe('pages of other sites', () => {
  it.each<[string, InjectOptions, number]>([
    ['a name pointed at this host is refused', { url: '/api/v1/hosts', headers: { host: 'evil.example' } }, 403],
    ['a name that was allowed is not', { url: '/api/v1/hosts', headers: { host: 'ATLAS.example:8080' } }, 200],
    ['an address is not', { url: '/api/v1/hosts', headers: { host: '127.0.0.1:4280' } }, 200],
    ['nor is one of IPv6', { url: '/api/v1/hosts', headers: { host: '[::1]:4280' } }, 200],
    ['a form of another site is refused', { method: 'POST', url: '/api/v1/probes', headers: { origin: 'https://evil.example' } }, 403],
    ['one that hides its origin is too', { method: 'POST', url: '/api/v1/probes', headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['one without an origin to name is too', { method: 'POST', url: '/api/v1/probes', headers: { origin: 'null' } }, 403],
    ['the dashboard itself is not', { method: 'POST', url: '/api/v1/probes', headers: { host: 'localhost:4280', origin: 'http://localhost:4280', 'sec-fetch-site': 'same-origin' } }, 201],
  ])('%s', async (_, request, status) => {
    const response = await ask(request);
    expect(response.statusCode).toBe(status);
    if (status === 403) readProblem(response, 403, 'ORIGIN_REFUSED');
  });
});

describe('the dashboard', () => {
  it('is not built: a page says how to build it', async () => {
    const response = await ask({ url: '/', headers: { accept: 'text/html' } });
    expect(response.statusCode).toBe(503);
    expect(response.headers['content-type']).toContain('text/html');
    expect(response.body).toContain('npm run build');
  });

  it('is built: its files, and index.html for every view, but not for missing files', async () => {
    const web = join(server.directory, 'built');
    await mkdir(join(web, 'assets'), { recursive: true });
    await writeFile(join(web, 'index.html'), '<title>atlas</title>');
    await writeFile(join(web, 'assets', 'app-1a2b.js'), 'let a;');
    await writeFile(join(server.directory, 'secret.txt'), 'private words');
    const built = await startTestServer({ webDirectory: web });
    const get = (url: string, accept = 'text/html'): Promise<LightMyRequestResponse> => built.app.inject({ url, headers: { accept } });
    for (const url of ['/', '/matrix', '/models/EPYC-Milan?accel=kvm']) {
      const page = await get(url);
      expect([url, page.statusCode, page.body, page.headers['cache-control']]).toEqual([url, 200, '<title>atlas</title>', 'no-cache']);
    }
    const script = await get('/assets/app-1a2b.js', '*/*');
    expect([script.statusCode, script.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await get('/assets/gone.js', '*/*')).statusCode).toBe(404);
    expect((await get('/data.json', 'application/json')).statusCode).toBe(404);
    for (const url of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt']) {
      expect((await get(url)).body).not.toContain('private words');
    }
    await built.close();
  });

  it('may load nothing from elsewhere and run nothing inline', async () => {
    const policy = String((await ask('/')).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('is sent with headers that keep it to itself', async () => {
    expect((await ask('/healthz')).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect((await ask('/healthz')).headers).not.toHaveProperty('strict-transport-security');
  });
});

describe('documentation', () => {
  it('GET /api/openapi.json is OpenAPI 3.1 and covers every route', async () => {
    const document = (await ask('/api/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown>; summary?: string }>>;
      components: { schemas: Record<string, unknown> };
    }>();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(
      [
        ...['hosts', 'hosts/{id}', 'snapshots/{hash}', 'probes', 'catalogs', 'catalogs/{hash}', 'models', 'machine-types', 'features', 'matrix', 'resolutions', 'verifications'].map((path) => `/api/v1/${path}`),
        ...['/healthz', '/readyz', '/metrics'],
      ].sort(),
    );
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { summary }] of Object.entries(methods)) expect(summary, `${method} ${path}`).toBeTruthy();
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['HostSnapshot', 'Resolution', 'Problem', 'Catalog']));
    expect(JSON.stringify(document)).not.toContain('"$ref":"#/definitions');
  });

  it('GET /api/docs can be browsed without the network', async () => {
    const page = await ask('/api/docs');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const [, file] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await ask(String(file).replace(/^\.\//, '/api/docs/'))).statusCode, file).toBe(200);
    }
  });
});
