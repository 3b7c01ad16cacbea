import { setTimeout as delay } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { readProblem } from '../testing/read-reply.ts';
import { startTestServer } from '../testing/test-server.ts';

const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } as const;

describe('verifications', () => {
  const live = {
    outcome: 'equal',
    differences: [],
    notCompared: [],
    otherMessages: [],
    command: ['qemu'],
    live: null,
    exit: null,
    durationMs: 9,
  } as const;

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
    expect(response.json()).toMatchObject({
      outcome: 'equal',
      command: ['qemu'],
      resolution: { cpu: 'EPYC-Milan' },
      catalog: { match: 'nearest' },
    });
    expect(calls).toMatchObject([{ binary: '/usr/bin/qemu-system-x86_64', ...cell }]);
    await proving.close();
  });

  it.each<[string, object, number, string]>([
    ['a path of the client’s own', { ...cell, qemu: '/tmp/evil' }, 422, 'QEMU_NOT_FOUND'],
    [
      'a machine type with an option in it',
      { ...cell, machine: 'pc,firmware=/etc/passwd' },
      422,
      'MACHINE_TYPE_UNKNOWN',
    ],
    ['a CPU property that is none', { ...cell, cpu: 'EPYC,x-no-such=1' }, 422, 'CPU_PROPERTY_UNKNOWN'],
    ['another host', { ...cell, host: 'nobody' }, 404, 'HOST_NOT_FOUND'],
    ['no cell', {}, 400, 'REQUEST_INVALID'],
  ])('never launches anything for %s', async (_, body, status, code) => {
    let launches = 0;
    const guarded = await startTestServer({ machine: { verify: async () => ((launches += 1), live) } });
    readProblem(
      await guarded.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: body }),
      status,
      code,
    );
    expect(launches).toBe(0);
    await guarded.close();
  });

  it('a second one at the same time is VERIFY_BUSY', async () => {
    const slow = await startTestServer({ machine: { verify: async () => delay(100, live) } });
    await slow.services.start();
    const prove = (): Promise<LightMyRequestResponse> =>
      slow.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell });
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
    readProblem(
      await dead.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell }),
      504,
      'QEMU_TIMEOUT',
    );
    await dead.close();
  });
});
