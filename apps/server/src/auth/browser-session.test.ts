import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AccessSettings } from './access-settings.ts';
import {
  ask,
  cookiesOf,
  problemCodeOf,
  startAccessServer,
  type AccessServer,
  type Answer,
} from './testing/access-server.ts';

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

describe('a browser that logged in with a token', () => {
  let server: AccessServer;
  let token: { readonly id: string; readonly secret: string };
  let cookie: string;
  beforeAll(async () => {
    server = await startAccessServer({ settings: { isLoginRequired: true } });
    token = await server.createToken('operator');
  });
  afterAll(() => server.close());

  const login = (secret: string): Promise<Answer | null> =>
    ask({ port: server.port, method: 'POST', path: sessionPath, body: { token: secret } });

  it('gets a cookie that scripts cannot read and other sites cannot send', async () => {
    const answer = await login(token.secret);
    expect(answer?.status).toBe(201);
    expect(answer?.headers['set-cookie']?.[0]).toMatch(
      /^cpuatlas=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(answer?.body).not.toContain(token.secret);
    cookie = cookiesOf(answer);
    expect(await whoAmI(server, { cookie })).toBe(`operator token:${token.id}`);
  });

  it('under TLS the cookie is Secure and bound to the host', async () => {
    const encrypted = await serve({ isLoginRequired: true, isBehindProxy: true, trustedProxies: ['127.0.7.1'] });
    const { secret } = await encrypted.createToken('viewer');
    const answer = await ask({ port: encrypted.port, method: 'POST', path: sessionPath, body: { token: secret } });
    expect(answer?.headers['set-cookie']?.[0]).toMatch(
      /^__Host-cpuatlas=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect(answer?.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  const change = { method: 'DELETE', path: '/api/v1/tokens/unknown' } as const;
  it.each([
    ['of our own page', { 'sec-fetch-site': 'same-origin' }, 'TOKEN_NOT_FOUND'],
    ['of our own page, told by its origin', { origin: 'http://127.0.0.1:PORT' }, 'TOKEN_NOT_FOUND'],
    ['of a page elsewhere', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'ORIGIN_REFUSED'],
    ['of a page of a neighbour', { 'sec-fetch-site': 'same-site' }, 'ORIGIN_REFUSED'],
    ['of a page elsewhere, told by its origin', { origin: 'https://evil.example' }, 'ORIGIN_REFUSED'],
    ['of a sandbox', { origin: 'null' }, 'ORIGIN_REFUSED'],
    ['of nobody knows which page', {}, 'ORIGIN_REFUSED'],
    ['by a name that was pointed here', { host: 'evil.example', 'sec-fetch-site': 'same-origin' }, 'ORIGIN_REFUSED'],
  ])('a change with the cookie, %s: %j', async (_, headers, code) => {
    const own = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(server.port))]),
    );
    const answer = await ask({ port: server.port, ...change, headers: { cookie, ...own } });
    expect(problemCodeOf(answer)).toBe(code);
  });

  it('a page that came without TLS is foreign to a server that has it', async () => {
    const encrypted = await serve({ isLoginRequired: true, isBehindProxy: true, trustedProxies: ['127.0.7.1'] });
    const headers = (scheme: string): Record<string, string> => ({
      host: 'atlas.example',
      origin: `${scheme}://atlas.example`,
    });
    const post = (scheme: string): Promise<Answer | null> =>
      ask({ port: encrypted.port, method: 'POST', path: sessionPath, headers: headers(scheme), body: { token: 'x' } });
    expect(problemCodeOf(await post('https'))).toBe('LOGIN_FAILED');
    expect(problemCodeOf(await post('http'))).toBe('ORIGIN_REFUSED');
  });

  it('what the login opened is not for caches of proxies', async () => {
    const hosts = await ask({ port: server.port, path: '/api/v1/hosts', headers: { cookie } });
    const { items } = JSON.parse(hosts?.body ?? '') as { items: { snapshotHash: string }[] };
    const path = `/api/v1/snapshots/${items[0]?.snapshotHash ?? ''}`;
    const snapshot = await ask({ port: server.port, path, headers: { cookie } });
    expect([snapshot?.status, snapshot?.headers['cache-control']]).toEqual([
      200,
      'private, max-age=31536000, immutable',
    ]);
  });

  it('agents and wrong tokens get no session', async () => {
    const agent = await server.createToken('agent', { hostId: 'h' });
    for (const secret of [agent.secret, 'wrong', `${token.secret.slice(0, -1)}x`]) {
      const answer = await login(secret);
      expect([problemCodeOf(answer), answer?.headers['set-cookie']]).toEqual(['LOGIN_FAILED', undefined]);
    }
  });

  it('logging out ends the session on the server, not only in the browser', async () => {
    const out = await ask({
      ...{ port: server.port, method: 'DELETE', path: sessionPath },
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    });
    expect(out?.status).toBe(204);
    expect(out?.headers['set-cookie']?.[0]).toContain('Expires=Thu, 01 Jan 1970');
    expect(await whoAmI(server, { cookie })).toBe('nobody');
  });

  it('ends when it is not used, lives on while it is, and ends for good after the longest time', async () => {
    const minuteMs = 60_000;
    const short = await serve({ isLoginRequired: true, sessionIdleMs: 60 * minuteMs, sessionLifeMs: 150 * minuteMs });
    const { id, secret } = await short.createToken('viewer');
    const begin = async (): Promise<string> =>
      cookiesOf(await ask({ port: short.port, method: 'POST', path: sessionPath, body: { token: secret } }));
    const idle = { cookie: await begin() };
    short.passMs(61 * minuteMs);
    expect(await whoAmI(short, idle)).toBe('nobody');
    const used = { cookie: await begin() };
    for (const _ of [1, 2, 3]) {
      short.passMs(45 * minuteMs);
      expect(await whoAmI(short, used)).toBe(`viewer token:${id}`);
    }
    short.passMs(16 * minuteMs);
    expect(await whoAmI(short, used)).toBe('nobody');
  });

  it('ends with its token', async () => {
    const begun = cookiesOf(await login(token.secret));
    const { secret } = await server.createToken('operator');
    const headers = { authorization: `Bearer ${secret}` };
    expect(await whoAmI(server, { cookie: begun })).toBe(`operator token:${token.id}`);
    await ask({ port: server.port, method: 'DELETE', path: `/api/v1/tokens/${token.id}`, headers });
    expect(await whoAmI(server, { cookie: begun })).toBe('nobody');
  });
});
