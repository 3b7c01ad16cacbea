import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { App } from '../http-types.ts';
import { ask, problemCodeOf, startAccessServer, type AccessServer } from './testing/access-server.ts';

/** Routes as the fleet has them, without what they do. */
function addRoutes(app: App): void {
  app.post('/api/v1/hosts/:id/test', { config: { access: 'agent' } }, async ({ principal }) => principal);
  app.post('/test/claims/:name', { config: { access: 'agent' } }, async (request) => {
    await request.claimHost(request.body as string);
    return request.principal;
  });
  app.post('/test/open', { config: { access: 'public' } }, async ({ principal }) => principal);
}

let server: AccessServer;
beforeAll(async () => {
  server = await startAccessServer({ settings: { isLoginRequired: true }, addRoutes });
});
afterAll(() => server.close());

async function outcome(path: string, secret: string | null, body: unknown = {}): Promise<string> {
  const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
  const answer = await ask({ port: server.port, method: 'POST', path, headers, body });
  return problemCodeOf(answer) ?? (JSON.parse(answer?.body ?? '') as { hostId: string }).hostId;
}

describe("an agent's own host", () => {
  it('a token of a host opens that host only', async () => {
    const { secret } = await server.createToken('agent', { hostId: 'host-a' });
    expect(await outcome('/api/v1/hosts/host-a/test', secret)).toBe('host-a');
    expect(await outcome('/api/v1/hosts/host-b/test', secret)).toBe('ACCESS_DENIED');
    expect(await outcome('/api/v1/hosts/HOST-A/test', secret)).toBe('ACCESS_DENIED');
    expect(await outcome('/api/v1/hosts/host-a%20/test', secret)).toBe('ACCESS_DENIED');
    expect(await outcome('/api/v1/hosts/host%2Da/test', secret)).toBe('host-a');
  });

  it('a token without a host becomes that of the first one, for good and on every hub', async () => {
    const { id, secret } = await server.createToken('agent');
    expect(await outcome('/api/v1/hosts/host-c/test', secret)).toBe('host-c');
    expect(await outcome('/api/v1/hosts/host-d/test', secret)).toBe('ACCESS_DENIED');
    expect(await outcome('/api/v1/hosts/host-c/test', secret)).toBe('host-c');
    expect((await server.store.access.tokens()).find((row) => row.id === id)?.hostId).toBe('host-c');
  });

  it('of two hosts that race for one token, one wins', async () => {
    const { secret } = await server.createToken('agent');
    const hosts = Array.from({ length: 8 }, (_, at) => `racer-${at}`);
    const outcomes = await Promise.all(hosts.map((host) => outcome(`/api/v1/hosts/${host}/test`, secret)));
    expect(outcomes.filter((one) => one !== 'ACCESS_DENIED')).toHaveLength(1);
  });

  it('a host that is named elsewhere than in the address is claimed by the route', async () => {
    const { secret } = await server.createToken('agent');
    expect(await outcome('/test/claims/x', secret, 'host-e')).toBe('host-e');
    expect(await outcome('/test/claims/x', secret, 'host-f')).toBe('ACCESS_DENIED');
    const viewer = await server.createToken('viewer');
    expect(await outcome('/test/claims/x', viewer.secret, 'host-e')).toBe('ACCESS_DENIED');
  });
});

describe('routes', () => {
  it('one that does not say who may use it fails the start', async () => {
    const silent = startAccessServer({ addRoutes: (app) => void app.get('/test/silent', async () => 'x') });
    await expect(silent).rejects.toThrow('does not declare who may use it');
  });

  it('a public one that needs a name gets none from a stranger', async () => {
    expect(await outcome('/test/open', null)).toBe('AUTH_REQUIRED');
  });

  it('refusals come before the body is read, with all security headers', async () => {
    const answer = await ask({
      ...{ port: server.port, method: 'POST', path: '/api/v1/resolutions' },
      headers: { 'content-type': 'application/json', 'content-length': String(15 * 1024 * 1024) },
      patienceMs: 3_000,
    });
    expect(problemCodeOf(answer)).toBe('AUTH_REQUIRED');
    expect(answer?.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer?.headers['x-content-type-options']).toBe('nosniff');
  });

  it('a store that does not answer lets nobody in, and health still answers', async () => {
    const broken = await startAccessServer({ settings: { isLoginRequired: true } });
    const { secret } = await broken.createToken('operator');
    await broken.store.close();
    const headers = { authorization: `Bearer ${secret}` };
    const answer = await ask({ port: broken.port, path: '/api/v1/tokens', headers });
    expect(problemCodeOf(answer)).toBe('STORE_FAILED');
    expect((await ask({ port: broken.port, path: '/healthz', headers }))?.status).toBe(200);
    await broken.close();
  });
});
