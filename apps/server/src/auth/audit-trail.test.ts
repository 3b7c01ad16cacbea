import { afterEach, describe, expect, it } from 'vitest';
import { requestsPerMinute } from './rate-limits.ts';
import { ask, cookiesOf, startAccessServer, type AccessServer } from './testing/access-server.ts';

const open: AccessServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(): Promise<AccessServer> {
  const server = await startAccessServer({ settings: { isLoginRequired: true } });
  open.push(server);
  return server;
}

describe('the audit', () => {
  it('has a line for each change: who, what, which, before the answer leaves', async () => {
    const server = await serve();
    const { port } = server;
    const { id: operator, secret } = await server.createToken('operator');
    const headers = { authorization: `Bearer ${secret}` };
    const path = '/api/v1/tokens';
    const made = await ask({ port, method: 'POST', path, headers, body: { name: 'ci', role: 'viewer' } });
    const { token } = JSON.parse(made?.body ?? '') as { token: { id: string } };
    await ask({ port, path, headers });
    await ask({ port, method: 'POST', path, headers, body: { name: '', role: 'viewer' } });
    await ask({ port, method: 'DELETE', path: `${path}/unknown`, headers });
    await ask({ port, method: 'DELETE', path: `${path}/${token.id}`, headers });
    await ask({ port, method: 'POST', path: '/api/v1/probes', headers, body: {} });
    const answer = await ask({ port, path: '/api/v1/audit?limit=2', headers });
    const first = JSON.parse(answer?.body ?? '') as AuditPage;
    const rest = await ask({ port, path: `/api/v1/audit?limit=2&cursor=${first.nextCursor}`, headers });
    const second = JSON.parse(rest?.body ?? '') as AuditPage;
    const lines = [...first.items, ...second.items].map(({ actor, role, action, target }) => [
      actor,
      role,
      action,
      target,
    ]);
    const hosts = JSON.parse((await ask({ port, path: '/api/v1/hosts', headers }))?.body ?? '') as {
      items: { id: string }[];
    };
    expect(lines).toEqual([
      [`token:${operator}`, 'operator', 'probe.create', hosts.items[0]?.id],
      [`token:${operator}`, 'operator', 'token.remove', token.id],
      [`token:${operator}`, 'operator', 'token.create', token.id],
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it('has a line for logging in and out by cookie', async () => {
    const server = await serve();
    const { port } = server;
    const { id, secret } = await server.createToken('viewer');
    const login = await ask({ port, method: 'POST', path: '/api/v1/session', body: { token: secret } });
    const headers = { cookie: cookiesOf(login), 'sec-fetch-site': 'same-origin' };
    await ask({ port, method: 'DELETE', path: '/api/v1/session', headers });
    const lines = await server.store.audit.list({ limit: 10 });
    expect(lines.map(({ actor, action }) => [actor, action])).toEqual([
      [`token:${id}`, 'session.remove'],
      [`token:${id}`, 'session.create'],
    ]);
  });

  it('has lines for refused attempts of somebody known, but not more than so many', async () => {
    const server = await serve();
    const { id, secret } = await server.createToken('viewer');
    const headers = { authorization: `Bearer ${secret}` };
    for (let count = 0; count < requestsPerMinute.refusal + 5; count += 1) {
      await ask({ port: server.port, method: 'DELETE', path: '/api/v1/tokens/x', headers });
    }
    const lines = await server.store.audit.list({ limit: 100 });
    expect(lines).toHaveLength(requestsPerMinute.refusal);
    expect(lines[0]).toMatchObject({ actor: `token:${id}`, role: 'viewer', action: 'token.remove', target: 'x' });
    expect(lines[0]?.detail['refused']).toBe(true);
  });

  it('has no line of strangers; their attempts are in the log', async () => {
    const server = await serve();
    await ask({ port: server.port, method: 'DELETE', path: '/api/v1/tokens/x' });
    expect(await server.store.audit.list({ limit: 10 })).toEqual([]);
    expect(server.log()).toContain('refused: nobody is logged in');
  });
});

interface AuditPage {
  readonly items: readonly {
    readonly actor: string;
    readonly role: string;
    readonly action: string;
    readonly target: string;
  }[];
  readonly nextCursor: string | null;
}
