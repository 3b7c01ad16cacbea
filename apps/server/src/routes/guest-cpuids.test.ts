import { guestCpuidsResultSchema, limits } from '@cpu-atlas/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const post = (payload: object): Promise<LightMyRequestResponse> =>
  server.app.inject({ method: 'POST', url: '/api/v1/guest-cpuids', payload });
const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } as const;
const smp = { sockets: 1, cores: 2, threads: 2 };

describe('guest-cpuids', () => {
  it('answers each request in order, with its id, and each fault in its place', async () => {
    const requests = [
      { ...cell, id: 'a' },
      { ...cell, id: 2, cpu: 'Nosuch' },
      { ...cell, id: 'tcg', accel: 'tcg' },
      { ...cell, vcpu: 1 },
      { ...cell, id: 'four', smp, vcpu: 3 },
    ];
    const { guestCpuids, comparisons } = read(await post({ requests }), guestCpuidsResultSchema);
    expect(guestCpuids).toMatchObject([
      {
        id: 'a',
        ok: true,
        guestCpuid: { vcpu: 0, decoded: { vendor: 'AuthenticAMD', cpusOfPackage: 1, apicId: 0 } },
      },
      { id: 2, ok: false, error: { code: 'CPU_MODEL_UNKNOWN' } },
      { id: 'tcg', ok: true },
      { ok: false, error: { code: 'REQUEST_INVALID' } },
      { id: 'four', ok: true, guestCpuid: { vcpu: 3, decoded: { cpusOfPackage: 4, apicId: 3 } } },
    ]);
    expect(comparisons).toEqual([]);
  });

  it('compares each with the first', async () => {
    const requests = [cell, { ...cell, cpu: 'EPYC-Milan,-avx2' }, { ...cell, cpu: 'Nosuch' }, cell];
    const { comparisons } = read(await post({ requests, compare: true }), guestCpuidsResultSchema);
    expect(comparisons.map(({ first, second, verdict }) => [first, second, verdict])).toEqual([
      [0, 1, 'different'],
      [0, 3, 'equal'],
    ]);
    expect(comparisons[0].differences).toEqual([
      expect.objectContaining({ leaf: '0x00000007', register: 'ebx', kind: 'abi', bits: '0x00000020' }),
    ]);
  });

  it('reports what nobody knows, and why', async () => {
    const requests = [{ ...cell, cpu: 'EPYC-Milan,hv-passthrough=on' }];
    const { guestCpuids } = read(await post({ requests }), guestCpuidsResultSchema);
    const [item] = guestCpuids;
    expect(item.ok && item.guestCpuid.unknowns.length).toBeGreaterThan(0);
  });

  it.each<[string, object]>([
    ['no requests', { requests: [] }],
    ['a vCPU that is none', { requests: [{ ...cell, vcpu: -1 }] }],
    ['more than a call takes', { requests: Array.from({ length: limits.guestCpuidsPerCall + 1 }, () => cell) }],
  ])('%s: 400', async (_, payload) => {
    readProblem(await post(payload), 400, 'REQUEST_INVALID');
  });
});
