import {
  baselineResultSchema,
  cpuComparisonResultSchema,
  customModelCheckResultSchema,
  modelStepsSchema,
  presetsResultSchema,
  stabilityResultSchema,
} from '@cpu-atlas/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const get = (url: string): Promise<LightMyRequestResponse> => server.app.inject(`/api/v1${url}`);
const post = (url: string, payload: object): Promise<LightMyRequestResponse> =>
  server.app.inject({ method: 'POST', url: `/api/v1${url}`, payload });

describe('POST /baselines', () => {
  it.each(['all-you-can-enable', 'match-host-cpu', 'best-predefined-model'])('%s of the whole fleet', async (mode) => {
    const answer = read(await post('/baselines', { mode, libvirt: '11.3' }), baselineResultSchema);
    expect(answer).toMatchObject({
      outcome: 'found',
      mode,
      migratable: true,
      libvirt: { outcome: 'ok', release: '11.3.0' },
    });
    expect(answer.vendors).toHaveLength(1);
    expect(answer.vendors[0]).toMatchObject({ vendor: 'AuthenticAMD', answering: 1, hosts: 1 });
    expect(answer.vendors[0]?.cpu).toMatch(/enforce=on$/);
    expect(answer.machine).toMatch(/^pc-q35-/);
    const [{ cpu = null } = {}] = answer.vendors;
    const resolutions = await post('/resolutions', {
      requests: [{ accel: 'kvm', machine: answer.machine, cpu }],
    });
    expect(resolutions.json()).toMatchObject({ resolutions: [{ ok: true, resolution: { status: 'runnable' } }] });
  });

  it.each<[string, object, number, string]>([
    ['an unknown host', { hosts: ['nobody'] }, 404, 'HOST_NOT_FOUND'],
    ['an unknown libvirt', { libvirt: '0.1.0' }, 404, 'CATALOG_NOT_FOUND'],
    ['an unknown mode', { mode: 'best' }, 400, 'REQUEST_INVALID'],
    ['a catalog that is none', { catalog: 'x' }, 404, 'CATALOG_NOT_FOUND'],
  ])('refuses %s', async (_, body, status, code) => {
    readProblem(await post('/baselines', body), status, code);
  });

  it('a machine type that the host lacks is an answer, not a fault', async () => {
    const answer = read(await post('/baselines', { machine: 'pc-q35-99.0', catalog: '10.0' }), baselineResultSchema);
    expect(answer.outcome).toBe('none');
    expect(answer.reason).toMatch(/pc-q35-99\.0/);
  });
});

describe('POST /cpu-comparisons', () => {
  it('compares a definition with each host', async () => {
    const answer = read(
      await post('/cpu-comparisons', { cpu: { model: 'qemu64' }, libvirt: '9.0' }),
      cpuComparisonResultSchema,
    );
    expect(answer.libvirt).toBe('9.0.0');
    expect(answer.comparisons).toHaveLength(1);
    expect(['superset', 'incompatible']).toContain(answer.comparisons[0]?.comparison.outcome);
    expect(answer.comparisons[0]?.hostModel).toBeTruthy();
  });

  it.each([
    ['Penryn', 'identical', []],
    ['Nehalem', 'incompatible', ['sse4.2', 'popcnt']],
  ])('compares %s with a described host', async (model, outcome, missing) => {
    const hostCpu = { kind: 'host', model: 'Penryn' };
    const answer = read(
      await post('/cpu-comparisons', { cpu: { model }, hostCpu, libvirt: '9.0.0' }),
      cpuComparisonResultSchema,
    );
    expect(answer.comparisons).toMatchObject([{ host: null, comparison: { outcome, missing } }]);
  });
});

describe('what CPUs are judged by', () => {
  it('GET /stability tells what changed between the shipped releases', async () => {
    const answer = read(await get('/stability'), stabilityResultSchema);
    expect(answer.releases).toEqual(['7.2.22', '10.0.13', '11.1.3']);
    expect(answer.changes.length).toBeGreaterThan(0);
    expect(answer.names.find(({ name }) => name === 'pc-i440fx-1.7')?.removedIn).toBe('10.0.13');
  });

  it('GET /stability/EPYC tells its history over machine types', async () => {
    const answer = read(await get('/stability/EPYC?catalog=10.0'), modelStepsSchema);
    expect(answer.steps.length).toBeGreaterThan(0);
  });

  it('GET /presets lists levels, workloads and flags with their sources', async () => {
    const { abiLevels, presets, securityFlags } = read(await get('/presets'), presetsResultSchema);
    expect(abiLevels.map(({ level }) => level)).toEqual([1, 2, 3, 4]);
    for (const { source } of [...presets, ...securityFlags]) expect(source).not.toBe('');
  });
});

describe('POST /custom-model-checks', () => {
  const text = 'cpu-model: mine\n    flags +aes;-nonsense\n    reported-model EPYC\n';

  it('reads a file, expands its models and finds what this QEMU does not know', async () => {
    const answer = read(
      await post('/custom-model-checks', { file: { format: 'proxmox', text }, catalog: '10.0' }),
      customModelCheckResultSchema,
    );
    expect(answer.models).toMatchObject([
      { model: { name: 'mine' }, cpu: 'EPYC,aes=on,nonsense=off', findings: [{ kind: 'feature-unknown' }] },
    ]);
    expect(answer.proxmox.text).toContain('cpu-model: mine');
  });

  it('names the line of a damaged file', async () => {
    const reply = await post('/custom-model-checks', { file: { format: 'proxmox', text: 'nonsense\n' } });
    readProblem(reply, 422, 'CPU_MODELS_INVALID');
  });
});
