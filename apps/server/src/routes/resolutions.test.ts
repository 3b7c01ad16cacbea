import { setTimeout as delay } from 'node:timers/promises';
import { limits, resolutionAnswerSchema, resolutionsResultSchema } from '@cpu-atlas/contract';
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
      {
        ok: true,
        resolution: {
          machine: 'pc-q35-10.0',
          cpu: 'EPYC-Milan',
          assumptions: expect.arrayContaining([expect.stringContaining('stands for it')]) as string[],
        },
      },
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
    const lines = response.body
      .trimEnd()
      .split('\n')
      .map((line) => resolutionAnswerSchema.parse(JSON.parse(line)));
    expect(lines.map(({ id, ok }) => [id, ok])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
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
    ['a topology below zero', { requests: [{ ...cell, smp: { cores: -1 } }] }, 'body: $.requests[0].smp.cores'],
    ['no object', [], 'body: $'],
  ])('refuses %s with the place', async (_, body, where) => {
    expect(readProblem(await post('/api/v1/resolutions', body), 400, 'REQUEST_INVALID').where).toBe(where);
  });

  it('refuses a body nested 10,000 deep', async () => {
    const payload = `{"requests":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const response = await ask({
      method: 'POST',
      url: '/api/v1/resolutions',
      payload,
      headers: { 'content-type': 'application/json' },
    });
    readProblem(response, 400, 'REQUEST_INVALID');
  });

  it.each([
    ['broken JSON', '{"requests":', 'application/json', 400, 'REQUEST_INVALID'],
    ['no JSON at all', '', 'application/json', 400, 'REQUEST_INVALID'],
    ['XML', '<a/>', 'application/xml', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a prototype in disguise', '{"__proto__":{"a":1},"requests":[]}', 'application/json', 400, 'REQUEST_INVALID'],
    ['more than a request may have', ' '.repeat(limits.requestBytes + 1), 'application/json', 413, 'REQUEST_TOO_LARGE'],
  ])('refuses %s', async (_, payload, type, status, code) => {
    const response = await ask({
      method: 'POST',
      url: '/api/v1/resolutions',
      payload,
      headers: { 'content-type': type },
    });
    readProblem(response, status, code);
  });
});
