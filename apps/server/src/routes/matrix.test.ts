import { hostMatrixSchema, resolutionsResultSchema } from '@cpu-atlas/contract';
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

describe('matrix', () => {
  it.each(['accel=kvm', 'accel=tcg', 'accel=kvm&kernelIrqchip=split'])(
    'GET /matrix?%s has a cell for each model and column',
    async (query) => {
      const matrix = read(await ask(`/api/v1/matrix?catalog=10.0&${query}`), hostMatrixSchema);
      const cells = matrix.models.length * matrix.columns.length;
      for (const list of [
        matrix.status,
        matrix.filteredCount,
        matrix.enabledCount,
        matrix.requestedCount,
        matrix.aliasOf,
      ]) {
        expect(list).toHaveLength(cells);
      }
      expect(new Set(matrix.status).size).toBeGreaterThan(1);
    },
  );

  it('agrees with the resolution of a cell', async () => {
    const matrix = read(await ask('/api/v1/matrix?catalog=10.0'), hostMatrixSchema);
    const column = matrix.columns.findIndex(({ machines }) => machines.includes(cell.machine));
    const model = matrix.models.findIndex(({ name }) => name === cell.cpu);
    const at = model * matrix.columns.length + column;
    const answers = read(
      await post('/api/v1/resolutions', { requests: [{ ...cell, catalog: '10.0' }] }),
      resolutionsResultSchema,
    );
    const statuses = ['runnable', 'filtered', 'refused', 'unknown'];
    expect(answers.resolutions[0]).toMatchObject({
      ok: true,
      resolution: { status: statuses[matrix.status[at] ?? -1] },
    });
  });

  it.each([
    ['accel=xen', 400, 'REQUEST_INVALID'],
    ['kernelIrqchip=maybe', 400, 'REQUEST_INVALID'],
    ['host=nobody', 404, 'HOST_NOT_FOUND'],
    [`snapshot=sha256:${'0'.repeat(64)}`, 404, 'SNAPSHOT_NOT_FOUND'],
    ['catalog=x', 404, 'CATALOG_NOT_FOUND'],
  ])('GET /matrix?%s is %d %s', async (query, status, code) => {
    readProblem(await ask(`/api/v1/matrix?${query}`), status, code);
  });
});
