import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AccessSettings } from './access-settings.ts';
import { ask, problemCodeOf, startAccessServer, type AccessServer, type Answer } from './testing/access-server.ts';

const open: AccessServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(settings: Partial<AccessSettings>, isLoopbackBind = true): Promise<AccessServer> {
  const server = await startAccessServer({ settings, isLoopbackBind });
  open.push(server);
  return server;
}

const sessionPath = '/api/v1/session';

/** Who the server thinks asks: `role actor`, or the refusal. */
async function whoAmI(
  { port }: AccessServer,
  headers: Readonly<Record<string, string>> = {},
  from?: string,
): Promise<string> {
  const answer = await ask({ port, path: sessionPath, headers, ...(from !== undefined && { from }) });
  const { visitor } = JSON.parse(answer?.body ?? '') as { visitor: { role: string; actor: string } | null };
  return visitor === null ? 'nobody' : `${visitor.role} ${visitor.actor}`;
}

describe('who sits at the machine', () => {
  const trusted = { isLoginRequired: true, isLoopbackTrusted: true };
  const cases: readonly (readonly [
    string,
    Partial<AccessSettings>,
    boolean,
    Readonly<Record<string, string>>,
    string,
  ])[] = [
    ['nothing configured', {}, true, {}, 'operator local'],
    ['nothing configured, a proxy passed it on', {}, true, { 'x-forwarded-for': '203.0.113.9' }, 'nobody'],
    ['nothing configured, a proxy passed it on', {}, true, { forwarded: 'for=203.0.113.9' }, 'nobody'],
    ['nothing configured, a proxy passed it on', {}, true, { via: '1.1 proxy' }, 'nobody'],
    ['a login is required', { isLoginRequired: true }, true, {}, 'nobody'],
    ['a login is required, loopback is trusted', trusted, true, {}, 'operator local'],
    ['loopback is trusted, a proxy passed it on', trusted, true, { 'x-real-ip': '203.0.113.9' }, 'nobody'],
    ['open to the network on purpose', { isInsecureBindAllowed: true }, false, {}, 'viewer anyone'],
    [
      'open to the network on purpose, for operators',
      { isInsecureBindAllowed: true, insecureRole: 'operator' },
      false,
      {},
      'operator anyone',
    ],
    [
      'open to the network, but with a login',
      { isInsecureBindAllowed: true, isLoginRequired: true },
      false,
      {},
      'nobody',
    ],
    ['a network address without the flag', {}, false, {}, 'nobody'],
    [
      'loopback is the trusted proxy itself',
      { ...trusted, trustedProxies: ['127.0.0.0/8'] },
      true,
      { 'x-forwarded-for': '203.0.113.9' },
      'nobody',
    ],
    ['loopback is the trusted proxy itself', { ...trusted, trustedProxies: ['127.0.0.0/8'] }, true, {}, 'nobody'],
  ];
  it.each(cases)('%s: %j, bound to loopback %s, %j: %s', async (_, settings, isLoopbackBind, headers, who) => {
    expect(await whoAmI(await serve(settings, isLoopbackBind), headers)).toBe(who);
  });
});

describe('a proxy that logs people in', () => {
  const settings: Partial<AccessSettings> = {
    trustedProxies: ['127.0.7.0/24'],
    proxyHeaders: { userHeader: 'X-Remote-User', groupsHeader: 'X-Remote-Groups' },
    roles: { operator: ['Atlas Admins'], viewer: ['staff'], otherwise: null },
  };
  let server: AccessServer;
  beforeAll(async () => {
    server = await startAccessServer({
      settings,
      addRoutes: (app) =>
        void app.get('/test/headers', { config: { access: 'public' } }, async ({ headers }) => headers),
    });
  });
  afterAll(() => server.close());

  it.each([
    ['127.0.7.1', { 'x-remote-user': 'ada', 'x-remote-groups': 'Atlas Admins' }, 'operator proxy:ada'],
    ['127.0.7.255', { 'x-remote-user': 'ada', 'x-remote-groups': 'staff, others' }, 'viewer proxy:ada'],
    ['127.0.7.1', { 'x-remote-user': 'ada', 'x-remote-groups': 'others' }, 'nobody'],
    ['127.0.7.1', { 'x-remote-user': 'ada' }, 'nobody'],
    ['127.0.7.1', { 'x-remote-groups': 'Atlas Admins' }, 'nobody'],
    ['127.0.7.1', { 'x-remote-user': ' ', 'x-remote-groups': 'Atlas Admins' }, 'nobody'],
    ['127.0.8.1', { 'x-remote-user': 'ada', 'x-remote-groups': 'Atlas Admins' }, 'nobody'],
    ['127.0.0.1', { 'x-remote-user': 'ada', 'x-remote-groups': 'Atlas Admins' }, 'nobody'],
    [
      '127.0.8.1',
      { 'x-remote-user': 'ada', 'x-remote-groups': 'Atlas Admins', 'x-forwarded-for': '127.0.7.1' },
      'nobody',
    ],
  ])('from %s with %j: %s', async (from, headers, who) => {
    expect(await whoAmI(server, headers, from)).toBe(who);
  });

  it.each([
    ['127.0.7.1', true],
    ['127.0.8.1', false],
  ])('from %s its headers reach the routes: %s', async (from, isThere) => {
    const headers = { 'x-remote-user': 'ada', 'x-remote-groups': 'staff' };
    const answer = await ask({ port: server.port, path: '/test/headers', headers, from });
    const seen = JSON.parse(answer?.body ?? '') as Record<string, string>;
    expect(['x-remote-user' in seen, 'x-remote-groups' in seen]).toEqual([isThere, isThere]);
  });

  it('behind the proxy alone, who comes past it is refused even with a valid token, but health answers', async () => {
    const behind = await serve({ ...settings, isBehindProxy: true }, false);
    const { secret } = await behind.createToken('operator');
    const headers = { authorization: `Bearer ${secret}` };
    const at = (path: string, from: string): Promise<Answer | null> => ask({ port: behind.port, path, headers, from });
    expect((await at('/api/v1/tokens', '127.0.7.1'))?.status).toBe(200);
    // Loopback itself would be let through; a forwarding header tells that it is not.
    expect(
      problemCodeOf(
        await ask({
          port: behind.port,
          path: '/api/v1/tokens',
          headers: { ...headers, 'x-forwarded-for': '203.0.113.9' },
        }),
      ),
    ).toBe('ACCESS_DENIED');
    expect((await at('/healthz', '127.0.8.1'))?.status).toBe(200);
  });
});

describe('tokens', () => {
  it('made by an operator, shown once, listed without the secret, revoked', async () => {
    const server = await serve({ isLoginRequired: true });
    const { secret: own } = await server.createToken('operator');
    const headers = { authorization: `Bearer ${own}` };
    const { port } = server;
    const path = '/api/v1/tokens';
    const made = await ask({
      port,
      method: 'POST',
      path,
      headers,
      body: { name: 'ci', role: 'viewer', lifeSeconds: 60 },
    });
    expect(made?.status).toBe(201);
    expect(made?.headers['cache-control']).toBe('no-store');
    const { token, secret } = JSON.parse(made?.body ?? '') as { token: { id: string }; secret: string };
    expect(made?.headers.location).toBe(`${path}/${token.id}`);
    expect(await whoAmI(server, { authorization: `Bearer ${secret}` })).toBe(`viewer token:${token.id}`);
    expect(await whoAmI(server, { authorization: `bEARER   ${secret} ` })).toBe(`viewer token:${token.id}`);
    const list = await ask({ port, path, headers });
    expect(list?.body).toContain(token.id);
    expect(list?.body).not.toContain(secret);
    expect((await ask({ port, method: 'DELETE', path: `${path}/${token.id}`, headers }))?.status).toBe(204);
    expect(await whoAmI(server, { authorization: `Bearer ${secret}` })).toBe('nobody');
    const again = await ask({ port, method: 'DELETE', path: `${path}/${token.id}`, headers });
    expect(problemCodeOf(again)).toBe('TOKEN_NOT_FOUND');
  });

  it('unknown, expired, revoked and misspelt ones get the same answer', async () => {
    const server = await serve({ isLoginRequired: true });
    const expired = await server.createToken('viewer', { lifeMs: 1_000 });
    server.passMs(1_000);
    const revoked = await server.createToken('viewer');
    await server.store.access.revokeToken(revoked.id, server.store.nowMs());
    const valid = await server.createToken('viewer');
    const unknown = await (await serve({})).createToken('viewer');
    const bodies = new Set<string>();
    for (const secret of [expired.secret, revoked.secret, unknown.secret, valid.secret.slice(0, -1), '', 'x']) {
      const answer = await ask({
        port: server.port,
        path: '/api/v1/hosts',
        headers: { authorization: `Bearer ${secret}` },
      });
      expect([answer?.status, answer?.headers['www-authenticate']]).toEqual([401, 'Bearer realm="cpu-atlas"']);
      bodies.add(answer?.body ?? '');
    }
    expect(bodies.size).toBe(1);
  });

  it('one that another hub revoked opens nothing after five seconds', { timeout: 30_000 }, async () => {
    const server = await startAccessServer({ settings: { isLoginRequired: true }, isStoreShared: true });
    open.push(server);
    const { id, secret } = await server.createToken('viewer');
    const headers = { authorization: `Bearer ${secret}` };
    expect(await whoAmI(server, headers)).toBe(`viewer token:${id}`);
    await server.store.access.revokeToken(id, server.store.nowMs());
    const revokedAt = performance.now();
    while ((await whoAmI(server, headers)) !== 'nobody' && performance.now() - revokedAt < 10_000) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
  });

  it('the last use is written, at the latest when the server ends', async () => {
    const server = await startAccessServer({ settings: { isLoginRequired: true } });
    const { id, secret } = await server.createToken('viewer');
    const touched: string[] = [];
    const { touchTokens } = server.store.access;
    Object.assign(server.store.access, {
      touchTokens: async (uses: ReadonlyMap<string, number>) => {
        touched.push(...uses.keys());
        await touchTokens(uses);
      },
    });
    await whoAmI(server, { authorization: `Bearer ${secret}` });
    await server.close();
    expect(touched).toEqual([id]);
  });

  it.each([
    { name: 'x', role: 'root' },
    { name: '', role: 'viewer' },
    { name: 'x', role: 'viewer', host: 'h' },
    { name: 'x', role: 'agent', lifeSeconds: 0 },
    { role: 'viewer' },
    {},
  ])('%j is no request for a token', async (body) => {
    const server = await serve({});
    const answer = await ask({ port: server.port, method: 'POST', path: '/api/v1/tokens', body });
    expect(problemCodeOf(answer)).toBe('REQUEST_INVALID');
  });
});
