import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  cookiesOf,
  problemCodeOf,
  startAccessServer,
  type AccessServer,
  type Answer,
} from './testing/access-server.ts';
import { clientSecret, startIssuer, type Issuer, type TokenChanges } from './testing/issuer.ts';

let issuer: Issuer;
let server: AccessServer;

beforeAll(async () => {
  issuer = await startIssuer();
  server = await serveWithIssuer(issuer.url);
});
afterAll(async () => {
  await server.close();
  await issuer.close();
});
beforeEach(() => {
  issuer.groups = ['staff'];
  issuer.changes = {};
});

async function serveWithIssuer(url: string): Promise<AccessServer> {
  const port = await freePort();
  return startAccessServer({
    port,
    settings: {
      oidc: { issuer: url, clientId: 'cpu-atlas', clientSecret, scopes: 'openid profile', roleClaim: 'groups' },
      roles: { operator: ['admins'], viewer: ['staff'], otherwise: null },
      publicUrl: `http://127.0.0.1:${port}`,
    },
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const loginPath = '/api/v1/session/oidc';
/** From another address each time, so that refused logins do not add up. */
let visits = 0;

interface Visit {
  readonly answer: Answer | null;
  readonly cookie: string;
  readonly callback: URL;
  /** The cookie of the attempt, which the browser has forgotten by now. */
  readonly attempt: string;
}

/** A browser's way through a login; `meddle` changes what it brings back from the issuer. */
async function logIn(meddle: (callback: URL) => void = () => undefined, accept = '*/*'): Promise<Visit> {
  const from = `127.0.4.${++visits}`;
  const begun = await ask({ port: server.port, path: `${loginPath}?returnTo=/hosts/x?as=1`, from });
  expect(begun?.status).toBe(302);
  const atIssuer = await fetch(begun?.headers.location ?? '', { redirect: 'manual' });
  const callback = new URL(atIssuer.headers.get('location') ?? '');
  meddle(callback);
  const attempt = cookiesOf(begun);
  const headers = { cookie: attempt, accept };
  const answer = await ask({ port: server.port, path: `${callback.pathname}${callback.search}`, headers, from });
  return { answer, cookie: cookiesOf(answer), callback, attempt };
}

async function visitorOf(cookie: string): Promise<unknown> {
  const answer = await ask({ port: server.port, path: '/api/v1/session', headers: { cookie } });
  return (JSON.parse(answer?.body ?? '') as { visitor: unknown }).visitor;
}

describe('a login at an OpenID Connect issuer', () => {
  it.each([
    [['staff'], 'viewer'],
    [['others', 'admins'], 'operator'],
  ])('of a person in %j makes a %s, and returns to where it began', async (groups, role) => {
    issuer.groups = groups;
    const { answer, cookie } = await logIn();
    expect([answer?.status, answer?.headers.location]).toEqual([303, '/hosts/x?as=1']);
    expect(answer?.headers['cache-control']).toBe('no-store');
    expect(await visitorOf(cookie)).toEqual({ actor: 'oidc:subject-1', displayName: 'Ada Example', role, host: null });
    const tokens = await ask({ port: server.port, path: '/api/v1/tokens', headers: { cookie } });
    expect(tokens?.status).toBe(role === 'operator' ? 200 : 403);
  });

  it('asks for a code with PKCE, state and nonce, new each time', async () => {
    const queries = [];
    for (const _ of [1, 2]) {
      const begun = await ask({ port: server.port, path: loginPath, from: `127.0.4.${++visits}` });
      queries.push(new URL(begun?.headers.location ?? '').searchParams);
      expect(begun?.headers['set-cookie']?.[0]).toMatch(
        /^cpuatlas-attempt=.*; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
      );
    }
    const [first, second] = queries;
    expect(first?.get('response_type')).toBe('code');
    expect(first?.get('code_challenge_method')).toBe('S256');
    for (const name of ['code_challenge', 'state', 'nonce']) {
      expect(first?.get(name)).toMatch(/^[\w-]{43}$/);
      expect(first?.get(name)).not.toBe(second?.get(name));
    }
  });

  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;
  const wrongTokens: readonly (readonly [string, TokenChanges])[] = [
    ['another nonce', { claims: { nonce: 'of-another-login' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another audience', { claims: { aud: 'another-client' } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['an end in the past', { claims: { exp: hourAgo } }],
    ['no end', { claims: { exp: undefined } }],
    ['a beginning in the future', { claims: { nbf: hourAgo + 7_200 } }],
    ['no subject', { claims: { sub: undefined } }],
    ['a signature by another key', { isForged: true }],
    ['no signature', { isUnsigned: true }],
    ['a group that gives no role', { claims: { groups: ['others'] } }],
    ['no groups', { claims: { groups: undefined } }],
    ['groups that are no list', { claims: { groups: { staff: true } } }],
  ];
  it.each(wrongTokens)('is refused when the ID token has %s', async (_, changes) => {
    issuer.changes = changes;
    const { answer, cookie } = await logIn();
    expect([problemCodeOf(answer), cookie]).toEqual(['LOGIN_FAILED', '']);
  });

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'x')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['two states', (url: URL) => url.searchParams.append('state', 'x')],
    ['another code', (url: URL) => url.searchParams.set('code', 'x')],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['a refusal of the issuer', (url: URL) => url.searchParams.set('error', 'access_denied')],
  ])('is refused when the browser brings back %s', async (_, meddle) => {
    const { answer, cookie } = await logIn((url) => void meddle(url));
    expect([problemCodeOf(answer), cookie]).toEqual(['LOGIN_FAILED', '']);
  });

  it('is refused in a browser that did not begin it, and a second time in the one that did', async () => {
    const { callback, attempt } = await logIn();
    const path = `${callback.pathname}${callback.search}`;
    for (const cookie of ['', attempt]) {
      const again = await ask({ port: server.port, path, headers: { cookie }, from: `127.0.4.${++visits}` });
      expect(problemCodeOf(again)).toBe('LOGIN_FAILED');
    }
  });

  it('that fails leads a person back to the dashboard, which can say why', async () => {
    issuer.groups = [];
    const { answer } = await logIn(() => undefined, 'text/html,*/*');
    expect([answer?.status, answer?.headers.location]).toEqual([303, '/?loginProblem=LOGIN_FAILED']);
  });

  it('leaves no secret in the log, whether it succeeds or fails', async () => {
    const { cookie } = await logIn();
    issuer.changes = { isForged: true };
    await logIn();
    issuer.changes = {};
    await logIn((url) => url.searchParams.set('code', 'a-code-that-never-was'));
    await ask({ port: server.port, path: '/api/v1/hosts', headers: { cookie } });
    await ask({ port: server.port, path: '/nothing?code=a-code-that-never-was', headers: { cookie } });
    const log = server.log();
    expect(log).toContain('/api/v1/session/oidc/callback?code=…&state=…');
    const secrets = [...issuer.secrets, 'a-code-that-never-was', cookie.split('=')[1] ?? ''];
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(log).not.toContain(secret);
    }
  });

  it('is unavailable while the issuer is, and tokens still open the server', async () => {
    const alone = await serveWithIssuer(`http://127.0.0.1:${await freePort()}`);
    expect(problemCodeOf(await ask({ port: alone.port, path: loginPath }))).toBe('LOGIN_UNAVAILABLE');
    const { secret } = await alone.createToken('viewer');
    const headers = { authorization: `Bearer ${secret}` };
    expect((await ask({ port: alone.port, path: '/api/v1/hosts', headers }))?.status).toBe(200);
    await alone.close();
  });

  it('is nothing where no issuer is configured', async () => {
    const without = await startAccessServer();
    expect(problemCodeOf(await ask({ port: without.port, path: loginPath }))).toBe('ROUTE_NOT_FOUND');
    await without.close();
  });

  it('asks who sits at the machine, too, to log in', async () => {
    expect(await visitorOf('')).toBeNull();
    expect(problemCodeOf(await ask({ port: server.port, path: '/api/v1/hosts' }))).toBe('AUTH_REQUIRED');
  });
});
