import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison, ObservationList } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { asHost, readDemoHost, recordHosts } from '../cube/testing/recorded-fleet.ts';
import { storedSnapshotOf } from '../fleet/stored-snapshot.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const nowMs = Date.parse('2026-11-22T13:01:00Z');
const hourMs = 3_600_000;
const ago = (hours: number): number => nowMs - hours * hourMs;

let server: TestServer;
let nested: HostSnapshot;
let flat: HostSnapshot;

beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
  nested = asHost(await readDemoHost('lab-epyc-milan-6.1'), 'node');
  flat = asHost(await readDemoHost('lab-milan-nested0-6.1'), 'node');
  await recordHosts(server.services.store, [
    { snapshot: nested, seenAtMs: [ago(9), ago(6)] },
    { snapshot: flat, seenAtMs: [ago(3)] },
  ]);
});

afterAll(() => server.close());

async function timeline(query = ''): Promise<ObservationList> {
  const reply = await server.app.inject({ url: `/api/v1/hosts/node/observations${query}` });
  expect(reply.statusCode).toBe(200);
  return reply.json();
}

async function compare(a: object, b: object): Promise<Comparison> {
  const reply = await server.app.inject({ method: 'POST', url: '/api/v1/comparisons', payload: { a, b } });
  expect(reply.statusCode).toBe(200);
  return reply.json();
}

describe('GET /hosts/:id/observations', () => {
  it('tells newest first what a host looked like, and what changed', async () => {
    const { items, nextCursor } = await timeline();
    expect(items.map(({ firstSeenAt }) => Date.parse(firstSeenAt))).toEqual([ago(3), ago(6), ago(9)]);
    expect(items.map(({ change }) => change)).toEqual([
      expect.stringMatching(/^kvm_amd\.nested 1 → 0: lost .*svm.*/),
      'heard again after 3 hours of silence, unchanged',
      null,
    ]);
    expect(nextCursor).toBeNull();
  });

  it('goes page by page, with the same words', async () => {
    const whole = await timeline();
    const pages = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: ObservationList = await timeline(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      pages.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(whole.items);
  });

  it('is not there for a host that nobody knows', async () => {
    const reply = await server.app.inject({ url: '/api/v1/hosts/nobody/observations' });
    expect([reply.statusCode, reply.json().code]).toEqual([404, 'HOST_NOT_FOUND']);
  });
});

describe('POST /comparisons', () => {
  it('compares a host with what it was, by time and by hash alike, in both directions', async () => {
    const at = new Date(ago(5)).toISOString();
    const lost = await compare({ host: 'node', at }, { host: 'node' });
    const layer = lost.layers.find(({ cause }) => cause === 'module-parameter');
    expect(layer).toMatchObject({ summary: 'kvm_amd.nested 1 → 0', gained: [] });
    expect(layer?.lost).toContain('svm');
    expect(lost.models.filter(({ turn }) => turn === 'narrowed').length).toBeGreaterThan(0);
    const byHash = await compare(
      { snapshot: storedSnapshotOf(nested).hash },
      { snapshot: storedSnapshotOf(flat).hash },
    );
    expect(byHash).toEqual(lost);
    const gained = await compare({ host: 'node' }, { host: 'node', at });
    expect(gained.layers.find(({ cause }) => cause === 'module-parameter')?.gained).toEqual(layer?.lost);
  });

  it.each([
    { name: 'a side that is none', payload: { a: {}, b: { host: 'node' } }, status: 400 },
    {
      name: 'a time before the host was known',
      payload: { a: { host: 'node', at: '2020-01-01T00:00:00Z' }, b: { host: 'node' } },
      status: 404,
    },
    {
      name: 'a snapshot that is not kept',
      payload: { a: { snapshot: `sha256:${'0'.repeat(64)}` }, b: { host: 'node' } },
      status: 404,
    },
  ])('refuses $name', async ({ payload, status }) => {
    const reply = await server.app.inject({ method: 'POST', url: '/api/v1/comparisons', payload });
    expect(reply.statusCode).toBe(status);
  });
});
