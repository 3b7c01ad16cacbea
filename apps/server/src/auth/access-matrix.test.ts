import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Access } from './principal.ts';
import { ask, problemCodeOf, startAccessServer, type AccessServer } from './testing/access-server.ts';

/**
 * Who may use each route, written down a second time and independent of what the routes declare. A route that is not in
 * this table fails the test: whoever adds one decides here, too.
 */
const expected: Readonly<Record<string, Access>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'viewer',
  'GET /api/openapi.json': 'public',
  'GET /api/v1/session': 'public',
  'POST /api/v1/session': 'public',
  'DELETE /api/v1/session': 'public',
  'GET /api/v1/session/oidc': 'public',
  'GET /api/v1/session/oidc/callback': 'public',
  'GET /api/v1/tokens': 'operator',
  'POST /api/v1/tokens': 'operator',
  'DELETE /api/v1/tokens/:id': 'operator',
  'GET /api/v1/audit': 'operator',
  'GET /api/v1/hosts': 'viewer',
  'GET /api/v1/hosts/:id': 'viewer',
  'PATCH /api/v1/hosts/:id': 'operator',
  'DELETE /api/v1/hosts/:id': 'operator',
  'POST /api/v1/hosts/:id/heartbeats': 'agent',
  'GET /api/v1/hosts/:id/commands': 'agent',
  'POST /api/v1/hosts/:id/commands/:commandId/result': 'agent',
  'PUT /api/v1/snapshots/:hash': 'agent',
  'PUT /api/v1/catalogs/:hash': 'agent',
  'GET /api/v1/events': 'viewer',
  'GET /api/v1/hosts/:id/observations': 'viewer',
  'GET /api/v1/snapshots/:hash': 'viewer',
  'POST /api/v1/probes': 'operator',
  'GET /api/v1/catalogs': 'viewer',
  'GET /api/v1/catalogs/:hash': 'viewer',
  'GET /api/v1/models': 'viewer',
  'GET /api/v1/machine-types': 'viewer',
  'GET /api/v1/features': 'viewer',
  'GET /api/v1/matrix': 'viewer',
  'POST /api/v1/resolutions': 'viewer',
  'POST /api/v1/verifications': 'operator',
  'POST /api/v1/imports': 'operator',
  'GET /api/v1/imports/formats': 'viewer',
  'POST /api/v1/decodings': 'viewer',
  'GET /api/v1/cube': 'viewer',
  'GET /api/v1/presets': 'viewer',
  'GET /api/v1/stability': 'viewer',
  'GET /api/v1/stability/:model': 'viewer',
  'POST /api/v1/baselines': 'viewer',
  'POST /api/v1/cpu-comparisons': 'viewer',
  'GET /api/v1/cpu-maps': 'viewer',
  'GET /api/v1/cpu-maps/:release': 'viewer',
  'POST /api/v1/custom-model-checks': 'viewer',
  'GET /api/v1/custom-models': 'viewer',
  'GET /api/v1/custom-models/:name': 'viewer',
  'PUT /api/v1/custom-models/:name': 'operator',
  'DELETE /api/v1/custom-models/:name': 'operator',
  'POST /api/v1/comparisons': 'viewer',
  'POST /api/v1/guest-cpuids': 'viewer',
  'POST /api/v1/plans': 'viewer',
  'POST /api/v1/vms': 'viewer',
  'POST /api/v1/reports': 'viewer',
  'POST /api/v1/policies': 'viewer',
  'GET /api/v1/security': 'viewer',
  'GET /api/v1/schemas/models': 'viewer',
  'GET /api/v1/schemas/machine-types': 'viewer',
  'GET /api/v1/schemas/features': 'viewer',
};

/** Files of plugins: the documentation of the API and the built dashboard. They hold nothing of the fleet. */
const isPublicFile = (url: string): boolean => url === '/*' || url === '/api/docs' || url.startsWith('/api/docs/');

/** A HEAD is for whom its GET is. */
function accessOf({ method, url }: { readonly method: string; readonly url: string }): Access {
  if (isPublicFile(url)) return 'public';
  const access = expected[`${method === 'HEAD' ? 'GET' : method} ${url}`];
  if (access === undefined) throw new TypeError(`the table does not know ${method} ${url}`);
  return access;
}

const ownHost = 'aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa';
const otherHost = 'bbbbbbbb-2222-4222-8222-bbbbbbbbbbbb';

const visitors = ['nobody', 'viewer', 'operator', 'own agent', 'other agent', 'expired', 'revoked', 'garbage'] as const;
type Visitor = (typeof visitors)[number];
type Verdict = 'in' | 'who are you' | 'not for you';

/** What the table means for each visitor. */
function verdictOf(access: Access, visitor: Visitor, isOfOneHost: boolean): Verdict {
  if (access === 'public') return 'in';
  switch (visitor) {
    case 'nobody':
    case 'expired':
    case 'revoked':
    case 'garbage':
      return 'who are you';
    case 'operator':
      return 'in';
    case 'viewer':
      return access === 'viewer' ? 'in' : 'not for you';
    case 'own agent':
      return access === 'agent' ? 'in' : 'not for you';
    case 'other agent':
      return access === 'agent' && !isOfOneHost ? 'in' : 'not for you';
  }
}

let server: AccessServer;
let secrets: Readonly<Record<Exclude<Visitor, 'nobody'>, string>>;

beforeAll(async () => {
  server = await startAccessServer({ settings: { isLoginRequired: true } });
  const expired = await server.createToken('operator', { lifeMs: 60_000 });
  server.passMs(60_000);
  const revoked = await server.createToken('operator');
  await server.store.access.revokeToken(revoked.id, server.store.nowMs());
  secrets = {
    viewer: (await server.createToken('viewer')).secret,
    operator: (await server.createToken('operator')).secret,
    'own agent': (await server.createToken('agent', { hostId: ownHost })).secret,
    'other agent': (await server.createToken('agent', { hostId: otherHost })).secret,
    expired: expired.secret,
    revoked: revoked.secret,
    garbage: 'cpuatlas_not-a-token',
  };
}, 60_000);
afterAll(() => server.close());

describe('each route lets in whom it is for, and nobody else', () => {
  it('every route of the running server is in the table, and the table has no others', () => {
    const known = server.app.declaredRoutes.filter(({ method, url }) => method !== 'HEAD' && !isPublicFile(url));
    expect(known.map(({ method, url }) => `${method} ${url}`).sort()).toEqual(Object.keys(expected).sort());
  });

  it('what a route declares is what the table says', () => {
    for (const route of server.app.declaredRoutes) {
      expect(route.access, `${route.method} ${route.url}`).toBe(accessOf(route));
    }
  });

  it.each(visitors)('%s', { timeout: 120_000 }, async (visitor) => {
    const found: Record<string, Verdict> = {};
    const wanted: Record<string, Verdict> = {};
    let connection = 0;
    for (const route of server.app.declaredRoutes) {
      const { method, url } = route;
      const answer = await ask({
        port: server.port,
        method,
        path: url.replace('/hosts/:id', `/hosts/${ownHost}`).replace(/:\w+/g, 'x').replace('*', 'x'),
        headers: visitor === 'nobody' ? {} : { authorization: `Bearer ${secrets[visitor]}` },
        // From an address each, so that the limit on wrong secrets does not hide the verdict.
        from: `127.1.${visitors.indexOf(visitor)}.${++connection}`,
        patienceMs: 3_000,
      });
      found[`${method} ${url}`] = verdictIn(method, answer);
      wanted[`${method} ${url}`] = verdictOf(accessOf(route), visitor, url.includes('/hosts/:'));
    }
    expect(found).toEqual(wanted);
  });
});

/** A HEAD has no body, so its status tells; what does not answer at once was let in and waits. */
function verdictIn(method: string, answer: Awaited<ReturnType<typeof ask>>): Verdict {
  const code = method === 'HEAD' ? String(answer?.status) : problemCodeOf(answer);
  if (code === 'AUTH_REQUIRED' || code === '401') return 'who are you';
  if (code === 'ACCESS_DENIED' || code === '403') return 'not for you';
  expect(answer?.status ?? 200, 'no fault of the server').not.toBe(500);
  return 'in';
}
