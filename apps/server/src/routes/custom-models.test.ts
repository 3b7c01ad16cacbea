import { customModelListSchema, savedCustomModelSchema } from '@cpu-atlas/contract';
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
const put = (name: string, payload: object): Promise<LightMyRequestResponse> =>
  ask({ method: 'PUT', url: `/api/v1/custom-models/${encodeURIComponent(name)}`, payload });
const get = (path: string): Promise<LightMyRequestResponse> => ask(`/api/v1/custom-models${path}`);
const remove = (name: string): Promise<LightMyRequestResponse> =>
  ask({ method: 'DELETE', url: `/api/v1/custom-models/${name}` });
const avxLess = { base: 'EPYC', features: [{ name: 'avx', isOn: false }], properties: [] };

describe('custom models', () => {
  it('each save is a new version, and the old ones stay as they were', async () => {
    expect(read(await put('web', avxLess), savedCustomModelSchema)).toMatchObject({ version: 1, savedBy: 'local' });
    const saved = read(await put('web', { ...avxLess, base: 'EPYC-Rome' }), savedCustomModelSchema);
    expect(saved).toMatchObject({ version: 2, cpu: 'EPYC-Rome,avx=off', model: { name: 'web' } });
    expect(read(await get('/web'), savedCustomModelSchema)).toEqual(saved);
    expect(read(await get('/web?version=1'), savedCustomModelSchema).cpu).toBe('EPYC,avx=off');
    readProblem(await get('/web?version=3'), 404, 'CUSTOM_MODEL_NOT_FOUND');
  });

  it('the list has the newest of each, by name, and all of them as Proxmox reads them', async () => {
    await put('alpha', { base: 'host' });
    await put('beta', { ...avxLess, properties: [{ name: 'level', value: '13' }] });
    const { items, proxmox } = read(await get(''), customModelListSchema);
    const names = items.map(({ model }) => model.name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['alpha', 'beta']));
    expect(proxmox.text).toContain('cpu-model: alpha\n    reported-model host\n');
    expect(proxmox.leftOut).toEqual(['beta: level=13']);
  });

  it('a removed one leaves the list, its versions stay, and a later save continues them', async () => {
    await put('gone', avxLess);
    expect((await remove('gone')).statusCode).toBe(204);
    readProblem(await get('/gone'), 404, 'CUSTOM_MODEL_NOT_FOUND');
    readProblem(await remove('gone'), 404, 'CUSTOM_MODEL_NOT_FOUND');
    const { items } = read(await get(''), customModelListSchema);
    expect(items.map(({ model }) => model.name)).not.toContain('gone');
    expect(read(await get('/gone?version=1'), savedCustomModelSchema).cpu).toBe('EPYC,avx=off');
    expect(read(await put('gone', avxLess), savedCustomModelSchema).version).toBe(3);
  });

  it.each<[string, string, object]>([
    ['a name that needs quoting', 'a b', avxLess],
    ['a base that would begin another option', 'bad', { ...avxLess, base: 'EPYC,enforce=on' }],
    ['a feature that would begin another option', 'bad', { ...avxLess, features: [{ name: 'avx=on,x', isOn: true }] }],
    [
      'a value that would begin another option',
      'bad',
      { base: 'EPYC', properties: [{ name: 'level', value: '1,x=2' }] },
    ],
  ])('refuses %s', async (_, name, payload) => {
    readProblem(await put(name, payload), 400, 'REQUEST_INVALID');
    readProblem(await get('/bad'), 404, 'CUSTOM_MODEL_NOT_FOUND');
  });

  it('the argument that a saved one stands for resolves', async () => {
    const { cpu } = read(await put('resolved', avxLess), savedCustomModelSchema);
    const payload = { requests: [{ accel: 'kvm', machine: 'pc-q35-10.0', cpu }] };
    const response = await ask({ method: 'POST', url: '/api/v1/resolutions', payload });
    expect(response.statusCode, response.body.slice(0, 300)).toBe(200);
  });

  it('changes leave a line in the audit', async () => {
    await put('audited', avxLess);
    const rows = await server.services.store.audit.list({ limit: 5 });
    expect(rows[0]).toMatchObject({ action: 'custom-model.put', target: 'audited' });
  });
});
