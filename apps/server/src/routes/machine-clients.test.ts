import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asHost, readDemoHost, recordHosts } from '../cube/testing/recorded-fleet.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const startMs = Date.parse('2026-11-22T13:01:00Z');
let nowMs = startMs;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
  const host = await readDemoHost('lab-epyc-milan-6.1');
  await recordHosts(server.services.store, [
    { snapshot: asHost(host, 'one'), seenAtMs: [startMs] },
    { snapshot: asHost(host, 'two'), seenAtMs: [startMs] },
  ]);
}, 60_000);
afterAll(() => server.close());

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadonlyMap<string, number>;
}

/**
 * Families by name, samples by their labels as written. A line that is none of the format's fails the test.
 * Source: Prometheus, "Exposition formats", text format details
 */
async function scrape(): Promise<ReadonlyMap<string, Family>> {
  const reply = await server.app.inject('/metrics');
  expect(reply.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(reply.body.endsWith('\n')).toBe(true);
  const families = new Map<string, { type: string; help: string; samples: Map<string, number> }>();
  for (const line of reply.body.trimEnd().split('\n')) {
    const [, kind, named = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      expect(families.has(named), `${named} once`).toBe(false);
      families.set(named, { type: '', help: rest, samples: new Map() });
      continue;
    }
    if (kind === 'TYPE') {
      const family = families.get(named);
      expect(family?.help, `HELP before TYPE of ${named}`).toBeTruthy();
      if (family !== undefined) family.type = rest;
      continue;
    }
    const [, name = '', labels = '', value = ''] =
      /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/.exec(line) ?? [];
    const family = families.get(name);
    expect(family?.type, line).toMatch(/^(?:counter|gauge)$/);
    expect(family?.samples.has(labels), `${line} once`).toBe(false);
    expect(Number.isFinite(Number(value)), line).toBe(true);
    family?.samples.set(labels, Number(value));
  }
  return families;
}

const valueOf = (families: ReadonlyMap<string, Family>, name: string, labels = ''): number | undefined =>
  families.get(name)?.samples.get(labels);

describe('GET /metrics of a server', () => {
  it('has a type and a help for each family; counters end in _total, and what is seconds or bytes says so', async () => {
    for (const [name, { type }] of await scrape()) expect(name.endsWith('_total'), name).toBe(type === 'counter');
  });

  it('counters never fall, and gauges follow the fleet', async () => {
    // The first question starts the probe of the own host.
    await server.app.inject('/api/v1/hosts');
    const before = await scrape();
    const total = valueOf(before, 'cpu_atlas_hosts') ?? 0;
    const [fresh, stale, unreachable] = ['fresh', 'stale', 'unreachable'].map((state) => `state="${state}"`);
    expect(valueOf(before, 'cpu_atlas_hosts_by_freshness', fresh)).toBe(total);

    nowMs += 2 * 60_000;
    const silent = await scrape();
    expect(valueOf(silent, 'cpu_atlas_hosts_by_freshness', stale)).toBe(2);
    nowMs += 24 * 3_600_000;
    const gone = await scrape();
    expect(valueOf(gone, 'cpu_atlas_hosts_by_freshness', unreachable)).toBe(2);
    expect(valueOf(gone, 'cpu_atlas_hosts'), 'a silent host is still there').toBe(total);

    expect((await server.app.inject({ method: 'DELETE', url: '/api/v1/hosts/two' })).statusCode).toBe(204);
    const after = await scrape();
    expect(valueOf(after, 'cpu_atlas_hosts')).toBe(total - 1);
    expect(valueOf(after, 'cpu_atlas_hosts_by_freshness', unreachable)).toBe(1);

    for (const [name, { type, samples }] of before) {
      if (type !== 'counter') continue;
      for (const [labels, value] of samples)
        expect(valueOf(after, name, labels), `${name}{${labels}}`).toBeGreaterThanOrEqual(value);
    }
    const answered = (families: ReadonlyMap<string, Family>): number =>
      valueOf(families, 'cpu_atlas_http_requests_total', 'class="2xx"') ?? 0;
    expect(answered(after)).toBeGreaterThan(answered(before));
  });
});

describe('GET /api/v1/schemas of a server', () => {
  it.each([
    ['schemas/models', 'models', 'EPYC-Milan-v9'],
    ['schemas/features', 'features', 'vpclmutqdq'],
  ])('%s takes each name of /%s and no other', async (path, list, wrong) => {
    for (const catalog of ['7.2', '10.0']) {
      const schema = (
        await server.app.inject(`/api/v1/${path}?catalog=${catalog}`)
      ).json<z.core.JSONSchema.JSONSchema>();
      const taken = z.fromJSONSchema(schema);
      const { items } = (await server.app.inject(`/api/v1/${list}?catalog=${catalog}`)).json<{
        readonly items: readonly { readonly name: string }[];
      }>();
      expect(items.length).toBeGreaterThan(50);
      expect(items.filter(({ name }) => !taken.safeParse(name).success).map(({ name }) => name)).toEqual([]);
      for (const no of [wrong, '', 7, null]) expect(taken.safeParse(no).success, String(no)).toBe(false);
    }
  });
});
