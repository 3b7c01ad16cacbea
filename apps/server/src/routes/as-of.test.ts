import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostSnapshot } from '@cpu-atlas/core';
import { asHost, readDemoHost, recordHosts } from '../cube/testing/recorded-fleet.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

const nowMs = Date.parse('2026-11-22T13:01:00Z');
const hourMs = 3_600_000;
const ago = (hours: number): string => new Date(nowMs - hours * hourMs).toISOString();

let server: TestServer;
let nested: HostSnapshot;

/** A host that lost nested virtualisation three hours ago, one that did not, and one that is known for an hour. */
beforeAll(async () => {
  server = await startTestServer({ nowMs: () => nowMs });
  nested = asHost(await readDemoHost('lab-epyc-milan-6.1'), 'node');
  const flat = asHost(await readDemoHost('lab-milan-nested0-6.1'), 'node');
  const twin = asHost(await readDemoHost('lab-epyc-milan-6.1'), 'twin');
  const late = asHost(await readDemoHost('lab-epyc-milan-6.1'), 'late');
  await recordHosts(server.services.store, [
    { snapshot: nested, seenAtMs: [Date.parse(ago(6))] },
    { snapshot: flat, seenAtMs: [Date.parse(ago(3))] },
    { snapshot: twin, seenAtMs: [Date.parse(ago(6)), Date.parse(ago(3))] },
    { snapshot: late, seenAtMs: [Date.parse(ago(1))] },
  ]);
}, 60_000);
afterAll(() => server.close());

async function ask(url: string, payload?: object): Promise<{ readonly status: number; readonly body: string }> {
  const reply = await server.app.inject(
    payload === undefined ? { url: `/api/v1${url}` } : { method: 'POST', url: `/api/v1${url}`, payload },
  );
  return { status: reply.statusCode, body: reply.body };
}

const cell = { accel: 'kvm', machine: 'pc-q35-7.2', cpu: 'EPYC-Milan,+svm' } as const;
const aboutNode = { hosts: ['node'], machine: 'pc-q35-7.2' };
const vm = { name: 'vm', host: 'twin', machine: 'pc-q35-7.2', cpu: 'EPYC-Milan,+svm' };

/** Every view over hosts, as of a time. */
const views: readonly {
  readonly view: string;
  /** Hours ago, when it tells something else; 3 if not given. */
  readonly since?: number;
  readonly as: (at: object) => ReturnType<typeof ask>;
}[] = [
  { view: '/hosts', as: (at) => ask(`/hosts?${query({ q: 'node', ...at })}`) },
  { view: '/hosts/:id', as: (at) => ask(`/hosts/node?${query(at)}`) },
  { view: '/matrix', as: (at) => ask(`/matrix?${query({ host: 'node', ...at })}`) },
  {
    view: '/security',
    since: 1,
    as: (at) => ask(`/security?${query({ model: 'host', machine: 'pc-q35-7.2', ...at })}`),
  },
  { view: '/resolutions', as: (at) => ask('/resolutions', { requests: [{ host: 'node', ...cell, ...at }] }) },
  { view: '/guest-cpuids', as: (at) => ask('/guest-cpuids', { requests: [{ host: 'node', ...cell, ...at }] }) },
  { view: '/baselines', as: (at) => ask('/baselines', { ...aboutNode, ...at }) },
  { view: '/policies', as: (at) => ask('/policies', { cpu: 'EPYC-Milan,+svm', ...aboutNode, ...at }) },
  { view: '/plans choices', as: (at) => ask('/plans', { kind: 'choices', limit: 4, ...aboutNode, ...at }) },
  {
    view: '/plans pools',
    as: (at) => ask('/plans', { kind: 'pools', countsNested: true, ...aboutNode, ...at }),
  },
  { view: '/vms', as: (at) => ask('/vms', { hosts: ['node', 'twin'], vms: [vm], drain: 'twin', ...at }) },
  ...(['hosts', 'matrix', 'choices', 'baseline', 'pivot'] as const).map((kind) => ({
    view: `/reports ${kind}`,
    as: (at: object) =>
      ask('/reports', {
        ...{ kind, format: 'json', hosts: ['node'], ...at },
        ...(kind === 'choices' || kind === 'baseline' ? { machine: 'pc-q35-7.2' } : {}),
      }),
  })),
];

function query(parameters: object): string {
  return new URLSearchParams(Object.entries(parameters)).toString();
}

/** Ages grow; what was asked for is not what was answered. */
const withoutAges = (body: string): string => body.replace(/"(ageSeconds|silentSeconds|elapsedMs)":[\d.]+/g, '');

describe('as of a time', () => {
  it.each(views)('$view tells the host as it was then, and the same again later', async ({ as, since: hours = 3 }) => {
    const then = await as({ at: ago(6) });
    expect(then.status, then.body).toBe(200);
    const since = await as({ at: ago(hours) });
    expect(since.status, since.body).toBe(200);
    const dated = (body: string): string => withoutAges(body).replaceAll(ago(6), 'T').replaceAll(ago(hours), 'T');
    expect(dated(since.body)).not.toBe(dated(then.body));
    expect(withoutAges((await as({ at: ago(6) })).body)).toBe(withoutAges(then.body));
  });

  it('the fleet of then has no host that was not known yet', async () => {
    const idsAt = async (at: string): Promise<readonly string[]> => {
      const { items } = JSON.parse((await ask(`/hosts?at=${at}`)).body) as { items: { id: string }[] };
      return items.map(({ id }) => id);
    };
    expect(await idsAt(ago(3))).toEqual(['node', 'twin']);
    expect(await idsAt(ago(1))).toEqual(['late', 'node', 'twin']);
    expect(await idsAt(ago(9))).toEqual([]);
  });

  it('a host that is named is unknown before it was seen first, neither yes nor no', async () => {
    const { body } = await ask('/plans', {
      ...{ kind: 'choices', hosts: ['node', 'late'], machine: 'pc-q35-7.2' },
      ...{ models: ['qemu64-v1'], at: ago(6) },
    });
    const { choices } = JSON.parse(body) as { choices: { proof: object }[] };
    expect(choices[0]?.proof).toMatchObject({
      answer: 'unknown',
      no: 0,
      unknown: 1,
      total: 2,
      deciding: { host: { id: 'late' } },
    });
    const baseline = await ask('/baselines', { ...aboutNode, at: ago(9) });
    expect(JSON.parse(baseline.body)).toMatchObject({ outcome: 'unknown' });
    const [answer] = (
      JSON.parse((await ask('/resolutions', { requests: [{ host: 'node', ...cell, at: ago(9) }] })).body) as {
        resolutions: object[];
      }
    ).resolutions;
    expect(answer).toMatchObject({ ok: false, error: { code: 'HOST_NOT_FOUND' } });
  });

  it('a report names the time', async () => {
    const { body } = await ask('/reports', {
      kind: 'security',
      model: 'host',
      machine: 'pc-q35-7.2',
      format: 'md',
      at: ago(6),
    });
    expect(body).toContain(ago(6));
  });
});
