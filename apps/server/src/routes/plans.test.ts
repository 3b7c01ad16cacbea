import { planResultSchema, vmsResultSchema, type PlanResult, type VmsResult } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
/** The host of the server, and one like it without avx2. */
let own = '';
const weak = 'weak';

/** The recorded host as another one that lacks a feature in silicon and KVM. */
function weaken(snapshot: HostSnapshot): HostSnapshot {
  const text = JSON.stringify(snapshot).replace(
    /("leaf":"0x00000007","subleaf":0,"eax":"\w+","ebx":")(\w+)"/g,
    (_, before: string, ebx: string) =>
      `${before}0x${((Number(ebx) & ~(1 << 5)) >>> 0).toString(16).padStart(8, '0')}"`,
  );
  return { ...(JSON.parse(text) as HostSnapshot), host: { id: weak, name: weak } };
}

beforeAll(async () => {
  server = await startTestServer();
  own = server.snapshot.host.id;
  const payload = JSON.stringify(weaken(server.snapshot));
  const headers = { 'content-type': 'application/json' };
  const reply = await server.app.inject({ method: 'POST', url: '/api/v1/imports', payload, headers });
  expect(reply.statusCode).toBeLessThan(300);
}, 60_000);
afterAll(() => server.close());

const post = (url: string, payload: object) => server.app.inject({ method: 'POST', url, payload });
const plan = async <Kind extends PlanResult['kind']>(
  kind: Kind,
  body: object = {},
): Promise<Extract<PlanResult, { readonly kind: Kind }>> => {
  const result = read(
    await post('/api/v1/plans', { kind, machine: 'pc-q35-10.0', ...body }),
    planResultSchema,
  ) as PlanResult;
  if (result.kind !== kind) throw new Error(`asked for ${kind}, got ${result.kind}`);
  return result as Extract<PlanResult, { readonly kind: Kind }>;
};
const vms = async (body: object): Promise<VmsResult> =>
  read(await post('/api/v1/vms', body), vmsResultSchema) as VmsResult;

describe('plans', () => {
  it('ranks choices with what each loses and a line that is proven', async () => {
    const { choices, total } = await plan('choices', { limit: 5 });
    expect(choices).toHaveLength(5);
    expect(total).toBeGreaterThan(50);
    expect(choices[0].proof).toMatchObject({ answer: 'yes', yes: 2, total: 2 });
    const { choices: epyc } = await plan('choices', { models: ['EPYC-v1'] });
    expect(epyc[0].losses).toContainEqual({ feature: 'avx2', hostCount: 1, firstHosts: [{ id: weak, name: weak }] });
    expect(epyc[0].line.removed).toContain('avx2');
  });

  it('splits the fleet, and names the host and the bit that cost something', async () => {
    const { choices, unknown, unfit } = await plan('pools');
    expect([unknown, unfit]).toEqual([[], []]);
    expect(choices.map(({ pools }) => pools.length)).toEqual([1, 2]);
    expect(choices[0].pools[0].costs[0]).toMatchObject({
      features: ['avx2'],
      bits: ['CPUID.07H.0:EBX[5]'],
      firstHosts: [{ id: weak }],
    });
    expect(choices[1]).toMatchObject({ keptShare: 1, isBest: true, survivesLoss: false });
  });

  it('a required ABI level leaves out whoever is short of it', async () => {
    const { unfit } = await plan('pools', { constraints: { requiredAbiLevel: 4 } });
    expect(unfit.map(({ host }) => host.id).sort()).toEqual([own, weak].sort());
    expect(unfit[0].obstacle.bit).toMatch(/^CPUID/);
  });

  it('tells what the loss of a host would do', async () => {
    const { models, gained, lost } = await plan('what-if', { changes: [{ kind: 'remove', host: weak }] });
    expect(gained).toEqual([{ feature: 'avx2', bit: 'CPUID.07H.0:EBX[5]' }]);
    expect(lost).toEqual([]);
    expect(models.every(({ effect }) => effect !== 'lost')).toBe(true);
  });

  it('tells what another QEMU, another machine type or another host would do', async () => {
    const changes = [
      { kind: 'replace', host: own, catalog: '11.1.3' },
      { kind: 'add', snapshot: { ...weaken(server.snapshot), host: { id: 'third', name: 'third' } } },
      { kind: 'configure', kernelIrqchip: 'split' },
    ];
    const { models } = await plan('what-if', { changes });
    for (const { before, after } of models) expect([before.total, after.total]).toEqual([2, 3]);
  });

  it('takes the newest q35 that all have where no machine type is named, and says so', async () => {
    const result = await plan('pools', { machine: undefined });
    expect(result.machine).toMatch(/^pc-q35-/);
    expect(result.assumptions[0]).toBe(`machine type ${result.machine}`);
  });

  it.each([
    ['an unknown host', { kind: 'pools', hosts: ['nobody'] }, 'HOST_NOT_FOUND', 404],
    [
      'an unknown host in a change',
      { kind: 'what-if', machine: 'pc-q35-10.0', changes: [{ kind: 'remove', host: 'nobody' }] },
      'HOST_NOT_FOUND',
      404,
    ],
    ['an unknown catalog', { kind: 'pools', catalog: 'sha256:'.padEnd(71, '0') }, 'CATALOG_NOT_FOUND', 404],
    ['an unknown kind', { kind: 'guess' }, 'REQUEST_INVALID', 400],
    ['a load of more than all', { kind: 'pools', load: 2 }, 'REQUEST_INVALID', 400],
  ])('%s is a problem', async (_, body, code, status) => {
    readProblem(await post('/api/v1/plans', body), status, code);
  });
});

describe('vms', () => {
  const vm = (name: string, host: string, cpu: string) => ({ name, host, cpu, machine: 'pc-q35-10.0' });

  it('tells where each can go, and what holds it back', async () => {
    const { groups } = await vms({ vms: [vm('young', own, 'EPYC-v1'), vm('old', weak, 'EPYC-v1')] });
    expect(groups.map(({ vms: names, canLeave }) => [names, canLeave])).toEqual([
      [['young'], 'no'],
      [['old'], 'yes'],
    ]);
    const away = groups[0].reach.find(({ hosts }) => hosts.includes(weak));
    expect(away?.obstacles.map(({ bit }) => bit)).toEqual(['CPUID.07H.0:EBX[5]']);
    expect(groups[1].reach.find(({ hosts }) => hosts.includes(own))).toMatchObject({
      answer: 'yes',
      trap: 'yes',
      isOwnLine: false,
    });
  });

  it('reads libvirt XML and CSV, and drains a host with the mask that frees its VM', async () => {
    const text = `name,host,machine,cpu\nyoung,${own},pc-q35-10.0,EPYC-v1`;
    const { drain } = await vms({ text, drain: own });
    expect(drain?.stuck).toMatchObject([
      { vm: 'young', answer: 'no', mask: { features: ['avx2'], cpu: 'EPYC-v1,-avx2' } },
    ]);
    const xml = `<domain type='kvm'><name>x</name><os><type machine='pc-q35-10.0'>hvm</type></os><cpu><model>EPYC-v1</model></cpu></domain>`;
    const read2 = await vms({ text: xml, host: weak, drain: weak });
    expect(read2.drain?.moves).toMatchObject([{ vm: 'x', to: { id: own }, isTrap: true }]);
  });

  it('plans a rolling upgrade that strands nobody', async () => {
    const body = { vms: [vm('a', weak, 'qemu64'), vm('b', own, 'qemu64')], upgrade: { catalog: '11.1.3' } };
    const { upgrade } = await vms(body);
    expect(upgrade?.kind).toBe('order');
    if (upgrade?.kind === 'order') expect(upgrade.steps.map(({ host }) => host.id).sort()).toEqual([own, weak].sort());
  });

  it.each([
    ['a damaged list', { text: 'name,host\n1,2' }, 'IMPORT_INVALID', 422],
    ['an unknown host to drain', { drain: 'nobody' }, 'HOST_NOT_FOUND', 404],
    ['a VM without a CPU', { vms: [{ name: 'x', host: 'y', machine: 'q35' }] }, 'REQUEST_INVALID', 400],
  ])('%s is a problem', async (_, body, code, status) => {
    readProblem(await post('/api/v1/vms', body), status, code);
  });
});
