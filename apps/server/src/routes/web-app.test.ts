import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProblem } from '../testing/read-reply.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (options: InjectOptions | string): Promise<LightMyRequestResponse> => server.app.inject(options);

describe('the dashboard', () => {
  it('is not built: a page says how to build it', async () => {
    const response = await ask({ url: '/', headers: { accept: 'text/html' } });
    expect(response.statusCode).toBe(503);
    expect(response.headers['content-type']).toContain('text/html');
    expect(response.body).toContain('npm run build');
  });

  it('is built: its files, compressed where the build did so, and index.html for every view, but not for missing files', async () => {
    const web = join(server.directory, 'built');
    await mkdir(join(web, 'assets'), { recursive: true });
    await writeFile(join(web, 'index.html'), '<title>atlas</title>');
    await writeFile(join(web, 'assets', 'app-1a2b.js'), 'let a;');
    await writeFile(join(server.directory, 'secret.txt'), 'private words');
    const built = await startTestServer({ webDirectory: web });
    const get = (url: string, accept = 'text/html'): Promise<LightMyRequestResponse> =>
      built.app.inject({ url, headers: { accept } });
    for (const url of ['/', '/matrix', '/models/EPYC-Milan?accel=kvm']) {
      const page = await get(url);
      expect([url, page.statusCode, page.body, page.headers['cache-control']]).toEqual([
        url,
        200,
        '<title>atlas</title>',
        'no-cache',
      ]);
    }
    const script = await get('/assets/app-1a2b.js', '*/*');
    expect([script.statusCode, script.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await get('/assets/gone.js', '*/*')).statusCode).toBe(404);
    expect((await get('/data.json', 'application/json')).statusCode).toBe(404);
    for (const url of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt']) {
      expect((await get(url)).body).not.toContain('private words');
    }
    await writeFile(join(web, 'assets', 'app-1a2b.js.gz'), gzipSync('let a; // compressed'));
    const compressed = await built.app.inject({
      url: '/assets/app-1a2b.js',
      headers: { accept: '*/*', 'accept-encoding': 'gzip, br' },
    });
    expect(compressed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': expect.stringContaining('javascript') as string,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringContaining('accept-encoding') as string,
    });
    expect(gunzipSync(compressed.rawPayload).toString()).toBe('let a; // compressed');
    expect((await get('/assets/app-1a2b.js', '*/*')).body).toBe('let a;');
    await built.close();
  });

  it('may load nothing from elsewhere and run nothing inline', async () => {
    const policy = String((await ask('/')).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('is sent with headers that keep it to itself', async () => {
    expect((await ask('/healthz')).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect((await ask('/healthz')).headers).not.toHaveProperty('strict-transport-security');
  });
});

describe('pages of other sites', () => {
  it.each<[string, InjectOptions, number]>([
    ['a name pointed at this host is refused', { url: '/api/v1/hosts', headers: { host: 'evil.example' } }, 403],
    ['a name that was allowed is not', { url: '/api/v1/hosts', headers: { host: 'ATLAS.example:8080' } }, 200],
    ['an address is not', { url: '/api/v1/hosts', headers: { host: '127.0.0.1:4280' } }, 200],
    ['nor is one of IPv6', { url: '/api/v1/hosts', headers: { host: '[::1]:4280' } }, 200],
    [
      'a form of another site is refused',
      { method: 'POST', url: '/api/v1/probes', headers: { origin: 'https://evil.example' } },
      403,
    ],
    [
      'one that hides its origin is too',
      { method: 'POST', url: '/api/v1/probes', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
    ],
    [
      'one without an origin to name is too',
      { method: 'POST', url: '/api/v1/probes', headers: { origin: 'null' } },
      403,
    ],
    [
      'the dashboard itself is not',
      {
        method: 'POST',
        url: '/api/v1/probes',
        headers: { host: 'localhost:4280', origin: 'http://localhost:4280', 'sec-fetch-site': 'same-origin' },
      },
      201,
    ],
  ])('%s', async (_, request, status) => {
    const response = await ask(request);
    expect(response.statusCode).toBe(status);
    if (status === 403) readProblem(response, 403, 'ORIGIN_REFUSED');
  });
});
