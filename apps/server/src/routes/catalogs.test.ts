import {
  catalogListSchema,
  catalogSchema,
  featureListSchema,
  machineTypeListSchema,
  modelListSchema,
} from '@cpu-atlas/contract';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { read, readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);

describe('catalogs', () => {
  it('GET /catalogs lists the shipped ones, newest first', async () => {
    const { items } = read(await ask('/api/v1/catalogs'), catalogListSchema);
    expect(items.map(({ version }) => version.replace(/\.\d+$/, ''))).toEqual(
      expect.arrayContaining(['11.1', '10.0', '7.2']),
    );
    expect(items.every(({ source }) => source === 'shipped')).toBe(true);
    expect(Number.parseInt(items[0]?.version ?? '', 10)).toBeGreaterThanOrEqual(11);
  });

  it('GET /catalogs/{hash} is compressed and may be kept for ever', async () => {
    const { items } = read(await ask('/api/v1/catalogs'), catalogListSchema);
    const url = `/api/v1/catalogs/${items[0]?.hash}`;
    expect(read(await ask(url), catalogSchema).models).toHaveLength(items[0]?.models ?? -1);
    const packed = await ask({ url, headers: { 'accept-encoding': 'br' } });
    expect(packed.headers).toMatchObject({
      'content-encoding': 'br',
      vary: expect.stringContaining('accept-encoding') as string,
    });
    expect(packed.rawPayload.length).toBeLessThan(200_000);
    const again = await ask({
      url,
      headers: { 'accept-encoding': 'br', 'if-none-match': String(packed.headers['etag']) },
    });
    expect(again.statusCode).toBe(304);
  });

  it('GET /catalogs/{hash} of something else is CATALOG_NOT_FOUND', async () => {
    readProblem(await ask('/api/v1/catalogs/sha256:00'), 404, 'CATALOG_NOT_FOUND');
  });

  it.each([
    ['/api/v1/models?catalog=10.0', modelListSchema, { name: 'EPYC-Milan-v2', vendor: 'AMD', family: 'AMD EPYC' }],
    ['/api/v1/machine-types?catalog=10.0', machineTypeListSchema, { name: 'pc-q35-10.0', alias: 'q35', hasTcg: true }],
    [
      '/api/v1/features?catalog=10.0',
      featureListSchema,
      { name: 'avx2', word: '7.0.EBX', bits: ['CPUID.07H.0:EBX[5]'] },
    ],
  ])('GET %s lists the names of that QEMU', async (url, schema, entry) => {
    const { catalog, items, nextCursor } = read<z.output<typeof schema>>(await ask(url), schema);
    expect(catalog).toMatchObject({ match: 'exact', assumption: null });
    expect(items).toContainEqual(expect.objectContaining(entry));
    expect(nextCursor).toBeNull();
  });

  it('pages with a cursor, and every item comes once', async () => {
    const all = read(await ask('/api/v1/models?catalog=10.0'), modelListSchema).items.map(({ name }) => name);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: z.output<typeof modelListSchema> = read(
        await ask(`/api/v1/models?catalog=10.0&limit=50${cursor === '' ? '' : `&cursor=${cursor}`}`),
        modelListSchema,
      );
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all);
  });

  it('without a catalog takes the one of this host, and says what it assumed', async () => {
    const { catalog } = read(await ask('/api/v1/models'), modelListSchema);
    expect(catalog).toMatchObject({ match: 'nearest', assumption: expect.stringContaining('10.0.13') as string });
  });

  it('a version that is not there is answered by the nearest, with that said', async () => {
    const { catalog } = read(await ask('/api/v1/models?catalog=9.2'), modelListSchema);
    expect(catalog).toMatchObject({ match: 'nearest', assumption: expect.stringContaining('9.2') as string });
  });

  it.each(['nonsense', 'sha256:00', '../../etc/passwd'])('catalog=%s is CATALOG_NOT_FOUND', async (catalog) => {
    readProblem(await ask({ url: '/api/v1/models', query: { catalog } }), 404, 'CATALOG_NOT_FOUND');
  });
});
