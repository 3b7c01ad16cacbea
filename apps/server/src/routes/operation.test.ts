import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as contract from '@cpu-atlas/contract';
import { z } from 'zod';
import { readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);
const cell = { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } as const;

describe('operation', () => {
  it('GET /healthz and /readyz', async () => {
    await server.services.start();
    expect((await ask('/healthz')).json()).toEqual({ status: 'ok', version: '0.0.0-test' });
    expect((await ask('/readyz')).json()).toEqual({ status: 'ready', version: '0.0.0-test' });
  });

  it('GET /readyz is NOT_READY before the first probe has ended', async () => {
    const hanging = await startTestServer({ machine: { probe: () => new Promise(() => undefined) } });
    readProblem(await hanging.app.inject('/readyz'), 503, 'NOT_READY');
    expect((await hanging.app.inject('/healthz')).statusCode).toBe(200);
    expect((await hanging.app.inject('/metrics')).body).toContain('cpu_atlas_hosts 0\n');
    await hanging.close();
  });

  it('GET /metrics is text for Prometheus', async () => {
    const response = await ask('/metrics');
    expect(response.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(response.body).toContain('cpu_atlas_hosts 1\n');
  });

  it('an unknown fault is INTERNAL with the request id, and not a word of its inside', async () => {
    const broken = await startTestServer({
      machine: {
        verify: async () => {
          throw new RangeError('secret of the inside');
        },
      },
    });
    const response = await broken.app.inject({ method: 'POST', url: '/api/v1/verifications', payload: cell });
    const problem = readProblem(response, 500, 'INTERNAL');
    expect(problem.where).toBe(`request ${String(response.headers['x-request-id'])}`);
    expect(response.body).not.toContain('secret');
    await broken.close();
  });

  it('GET /api/v1/nothing is ROUTE_NOT_FOUND, as is a wrong method', async () => {
    readProblem(await ask('/api/v1/nothing'), 404, 'ROUTE_NOT_FOUND');
    readProblem(await ask({ method: 'DELETE', url: '/api/v1/hosts' }), 404, 'ROUTE_NOT_FOUND');
  });

  it('a path that cannot be decoded is REQUEST_INVALID', async () => {
    readProblem(await ask('/api/v1/hosts/%E0%A4%A'), 400, 'REQUEST_INVALID');
  });
});

describe('documentation', () => {
  it('GET /api/openapi.json is OpenAPI 3.1 and covers every route', async () => {
    const document = (await ask('/api/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown>; summary?: string }>>;
      components: { schemas: Record<string, unknown> };
    }>();
    expect(document.openapi).toBe('3.1.0');
    const documented = server.app.declaredRoutes.filter(({ isDocumented }) => isDocumented);
    expect(documented.length).toBeGreaterThan(14);
    const paths = documented.map(({ url }) => url.replace(/:(\w+)/g, '{$1}'));
    expect(Object.keys(document.paths).sort()).toEqual([...new Set(paths)].sort());
    // Everything below /api/v1 is for programs, so nothing of it is hidden.
    expect(
      server.app.declaredRoutes.filter(({ url, isDocumented }) => url.startsWith('/api/v1') && !isDocumented),
    ).toEqual([]);
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { summary }] of Object.entries(methods)) expect(summary, `${method} ${path}`).toBeTruthy();
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['HostSnapshot', 'Resolution', 'Problem', 'Catalog']),
    );
    expect(JSON.stringify(document)).not.toContain('"$ref":"#/definitions');
  });

  it('GET /api/openapi.json shows an example of every JSON body and reply, and each holds', async () => {
    type Shown = { schema: { $ref?: string; example?: unknown } };
    type Contents = { content?: Record<string, Shown> };
    const { paths, components } = (await ask('/api/openapi.json')).json<{
      paths: Record<string, Record<string, { requestBody?: Contents; responses: Record<string, Contents> }>>;
      components: { schemas: Record<string, { example?: unknown }> };
    }>();
    const known = new Map(
      Object.values(contract).flatMap((schema): [string, z.ZodType][] =>
        schema instanceof z.ZodType ? [[schema.meta()?.id ?? '', schema]] : [],
      ),
    );
    const checked = new Set<string>();
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { requestBody, responses }] of Object.entries(methods))
        for (const contents of [requestBody, ...Object.values(responses)])
          for (const { schema } of Object.values(contents?.content ?? {})) {
            // Files, texts and empty bodies have no schema of ours.
            const name = schema.$ref?.split('/').at(-1);
            if (name === undefined) continue;
            const example = components.schemas[name]?.example;
            expect(example, `${method} ${path}: ${name}`).toBeDefined();
            const type = known.get(name.replace(/Input$/, ''));
            if (type !== undefined) expect(type.safeParse(structuredClone(example)).error, name).toBeUndefined();
            checked.add(type === undefined ? '' : name);
          }
    expect(checked.size).toBeGreaterThan(50);
  });

  it('GET /api/openapi.json says which routes need a login', async () => {
    const { paths, components } = (await ask('/api/openapi.json')).json<{
      paths: Record<string, Record<string, { security: unknown }>>;
      components: { securitySchemes: Record<string, unknown> };
    }>();
    expect(Object.keys(components.securitySchemes)).toEqual(['bearer', 'cookie']);
    expect(paths['/api/v1/session']?.['get']?.security).toEqual([]);
    expect(paths['/api/v1/hosts']?.['get']?.security).toEqual([{ bearer: [] }, { cookie: [] }]);
  });

  it('GET /api/docs can be browsed without the network', async () => {
    const page = await ask('/api/docs');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const [, file] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await ask(String(file).replace(/^\.\//, '/api/docs/'))).statusCode, file).toBe(200);
    }
  });
});
