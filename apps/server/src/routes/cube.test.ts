import { createContext, decodeCube, indexCatalog, pivotCube, resolve, type Cube } from '@cpu-atlas/core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { asHost, readDemoHost, recordHosts } from '../cube/testing/recorded-fleet.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const nowMs = Date.parse('2026-11-22T13:01:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
  const [milan, opteron, skylake] = await Promise.all(
    ['lab-epyc-milan-6.1', 'lab-opteron_g3-6.1', 'xeon-gold-6148'].map(readDemoHost),
  );
  await recordHosts(server.services.store, [
    { snapshot: asHost(milan, 'milan-1'), seenAtMs: [nowMs - hourMs, nowMs - 1000] },
    { snapshot: asHost(milan, 'milan-2'), seenAtMs: [nowMs - 1000] },
    { snapshot: asHost(opteron, 'opteron'), seenAtMs: [nowMs - 3 * hourMs, nowMs - hourMs] },
    { snapshot: asHost(skylake, 'skylake'), seenAtMs: [nowMs - 1000] },
  ]);
});

afterAll(() => server.close());

async function fetchCube(query: string, headers: Record<string, string> = {}): Promise<Cube> {
  const reply = await server.app.inject({ url: `/api/v1/cube${query}`, headers });
  expect(reply.statusCode).toBe(200);
  return decodeCube(reply.rawPayload);
}

const freshnessOf = ({ hosts }: Cube): Record<string, number> =>
  Object.fromEntries(hosts.ids.map((id, i) => [id, hosts.freshness[i]]));

describe('GET /cube', () => {
  it('has every host once, hosts of one fingerprint share a column, silent ones are there', async () => {
    const cube = await fetchCube('?catalog=10.0.13');
    expect(cube.hosts.ids.length).toBe(5);
    expect(cube.fingerprints.length).toBe(4);
    const of = (id: string): number => cube.hosts.fingerprintOf[cube.hosts.ids.indexOf(id)];
    expect(of('milan-1')).toBe(of('milan-2'));
    expect(freshnessOf(cube)).toMatchObject({ 'milan-1': 0, skylake: 0, opteron: 2 });
  });

  it('answers as resolving each host does, and counts a silent one as unknown', async () => {
    const cube = await fetchCube('?catalog=10.0.13');
    const machines = ['pc-q35-10.0'];
    const pivot = pivotCube(cube, { rows: 'model', columns: 'host', fixed: { machines } });
    const { library, hosts } = server.services;
    const entry = library.choose('10.0.13').entry;
    const index = indexCatalog(await library.read(entry.hash));
    for (const [column, { members }] of pivot.columns.entries())
      for (const id of members) {
        const context = createContext(index, (await hosts.find(id)).snapshot);
        pivot.rows.forEach(({ members: [cpu] }, row) => {
          const at = row * pivot.columns.length + column;
          const { status } = resolve(context, { accel: 'kvm', machine: machines[0], cpu });
          expect({ id, cpu, count: id === 'opteron' ? pivot.unknown[at] : pivot[status][at] }).toEqual({
            id,
            cpu,
            count: 1,
          });
        });
      }
  });

  it('asks each host with its own QEMU unless told otherwise', async () => {
    const cube = await fetchCube('');
    const qemus = cube.sheets.map(({ qemu: { version, runsAs } }) => `${version} as ${runsAs ?? 'itself'}`);
    expect(qemus.sort()).toEqual(['10.0.13 as itself', '7.2.22 as 2.10.0', '7.2.22 as itself']);
    const skylake = cube.hosts.fingerprintOf[cube.hosts.ids.indexOf('skylake')];
    expect(cube.sheets[cube.sheetOf[skylake]].qemu).toMatchObject({ version: '7.2.22', runsAs: '2.10.0' });
  });

  it.each(['tcg', 'kvm&kernelIrqchip=split', 'kvm&kernelIrqchip=off'])('answers for accel=%s', async (accel) => {
    const cube = await fetchCube(`?catalog=11.1.3&accel=${accel}`);
    expect(cube.sheets).toHaveLength(1);
    expect(cube.kernelIrqchip).toBe(accel.split('=')[1] ?? null);
  });

  it('shows the fleet as it was: hosts that were not known yet are not there, silence of then counts', async () => {
    const at = async (msAgo: number): Promise<Record<string, number>> =>
      freshnessOf(await fetchCube(`?catalog=10.0.13&at=${new Date(nowMs - msAgo).toISOString()}`));
    expect(await at(3 * hourMs)).toEqual({ opteron: 0 });
    expect(await at(2 * hourMs)).toEqual({ opteron: 2 });
    expect(await at(hourMs - 1000)).toEqual({ 'milan-1': 0, opteron: 0 });
    expect(await at(hourMs - 4 * minuteMs)).toEqual({ 'milan-1': 1, opteron: 1 });
    expect(await at(30 * minuteMs)).toEqual({ 'milan-1': 2, opteron: 2 });
  });

  it('has equal bytes for equal fleets, an entity tag, and no body for who has it', async () => {
    const first = await server.app.inject({ url: '/api/v1/cube?catalog=10.0.13' });
    const second = await server.app.inject({ url: '/api/v1/cube?catalog=10.0' });
    expect(second.rawPayload.equals(first.rawPayload)).toBe(true);
    const etag = String(first.headers.etag);
    const again = await server.app.inject({ url: '/api/v1/cube?catalog=10.0.13', headers: { 'if-none-match': etag } });
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0]);
  });

  it.each([
    { accepted: 'gzip, br', encoding: 'br', unpack: brotliDecompressSync },
    { accepted: 'gzip', encoding: 'gzip', unpack: gunzipSync },
    { accepted: 'br;q=0, gzip;q=0', encoding: undefined, unpack: (bytes: Buffer) => bytes },
  ])('is compressed as asked for: $accepted', async ({ accepted, encoding, unpack }) => {
    const plain = await server.app.inject({ url: '/api/v1/cube?catalog=10.0.13' });
    const reply = await server.app.inject({
      url: '/api/v1/cube?catalog=10.0.13',
      headers: { 'accept-encoding': accepted },
    });
    expect(reply.headers['content-encoding']).toBe(encoding);
    expect(unpack(reply.rawPayload).equals(plain.rawPayload)).toBe(true);
  });

  it('is JSON for who takes nothing else', async () => {
    const cube = await fetchCube('?catalog=10.0.13');
    const reply = await server.app.inject({
      url: '/api/v1/cube?catalog=10.0.13',
      headers: { accept: 'application/json' },
    });
    expect(reply.json()).toMatchObject({ fingerprints: cube.fingerprints, columnOf: [...cube.columnOf] });
    expect(reply.json().sheets[0].status).toEqual([...cube.sheets[0].status]);
  });

  it('is put together from columns that were kept: a server that starts again computes none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-cube-'));
    const storeUrl = join(directory, 'atlas.db');
    const first = await startTestServer({ nowMs: () => nowMs, storeUrl });
    const milan = await readDemoHost('lab-epyc-milan-6.1');
    await recordHosts(first.services.store, [{ snapshot: milan, seenAtMs: [nowMs] }]);
    const url = '/api/v1/cube?catalog=10.0.13';
    const bytes = (await first.app.inject({ url })).rawPayload;
    await first.close();
    const second = await startTestServer({ nowMs: () => nowMs, storeUrl });
    const put = vi.spyOn(second.services.store.contents, 'putDerived');
    expect((await second.app.inject({ url })).rawPayload.equals(bytes)).toBe(true);
    const columns = put.mock.calls.flatMap(([entries]) => [...entries.keys()].filter((key) => key.startsWith('cube-')));
    expect(columns).toEqual([]);
    await second.close();
    await rm(directory, { recursive: true });
  });

  it.each([
    { query: '?catalog=sha256:' + '0'.repeat(64), status: 404, code: 'CATALOG_NOT_FOUND' },
    { query: '?accel=hvf', status: 400, code: 'REQUEST_INVALID' },
    { query: '?at=yesterday', status: 400, code: 'REQUEST_INVALID' },
  ])('refuses $query', async ({ query, status, code }) => {
    const reply = await server.app.inject({ url: `/api/v1/cube${query}` });
    expect([reply.statusCode, reply.json().code]).toEqual([status, code]);
  });
});
