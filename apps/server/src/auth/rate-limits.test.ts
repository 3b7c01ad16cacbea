import { afterEach, describe, expect, it } from 'vitest';
import { requestsPerMinute } from './rate-limits.ts';
import { ask, problemCodeOf, startAccessServer, type AccessServer, type Answer } from './testing/access-server.ts';

const open: AccessServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(): Promise<AccessServer> {
  const server = await startAccessServer({
    settings: { isLoginRequired: true },
    addRoutes: (app) => {
      app.post('/api/v1/hosts/:id/test', { config: { access: 'agent' } }, async () => 'ok');
      app.post('/test/expensive', { config: { access: 'operator', isExpensive: true } }, async () => 'ok');
    },
  });
  open.push(server);
  return server;
}

const bearer = (secret: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${secret}` });
const statuses = (answers: readonly (Answer | null)[]): readonly number[] =>
  answers.map((answer) => answer?.status ?? 0);

async function repeat(
  count: number,
  work: (at: number) => Promise<Answer | null>,
): Promise<readonly (Answer | null)[]> {
  const answers: (Answer | null)[] = [];
  for (let at = 0; at < count; at += 1) answers.push(await work(at));
  return answers;
}

describe('limits', () => {
  it('wrong secrets of one address are refused faster than they can be tried, other addresses are not', async () => {
    const { port } = await serve();
    const guess = (from: string): Promise<Answer | null> =>
      ask({ port, path: '/api/v1/hosts', headers: bearer('wrong'), from });
    const answers = await repeat(requestsPerMinute.failure + 2, () => guess('127.0.3.1'));
    expect(statuses(answers)).toEqual([...Array<number>(requestsPerMinute.failure).fill(401), 429, 429]);
    expect(problemCodeOf(answers.at(-1) ?? null)).toBe('RATE_LIMITED');
    expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await guess('127.0.3.2'))?.status).toBe(401);
  });

  it('a login with wrong tokens is limited likewise', async () => {
    const { port } = await serve();
    const login = (): Promise<Answer | null> =>
      ask({ port, method: 'POST', path: '/api/v1/session', body: { token: 'x' }, from: '127.0.3.3' });
    const answers = await repeat(requestsPerMinute.failure + 1, login);
    expect(answers.map(problemCodeOf)).toEqual([
      ...Array<string>(requestsPerMinute.failure).fill('LOGIN_FAILED'),
      'RATE_LIMITED',
    ]);
  });

  it('a valid token passes from an address that wrong ones came from', async () => {
    const server = await serve();
    const { secret } = await server.createToken('viewer');
    const from = '127.0.3.4';
    await repeat(requestsPerMinute.failure + 5, () =>
      ask({ port: server.port, path: '/api/v1/hosts', headers: bearer('wrong'), from }),
    );
    expect((await ask({ port: server.port, path: '/api/v1/hosts', headers: bearer(secret), from }))?.status).toBe(200);
  });

  it('expensive actions of one person are few, of another person not fewer', async () => {
    const server = await serve();
    const [one, other] = [await server.createToken('operator'), await server.createToken('operator')];
    const act = (secret: string): Promise<Answer | null> =>
      ask({ port: server.port, method: 'POST', path: '/test/expensive', headers: bearer(secret) });
    const answers = await repeat(requestsPerMinute.expensive + 1, () => act(one.secret));
    expect(statuses(answers)).toEqual([...Array<number>(requestsPerMinute.expensive).fill(200), 429]);
    expect((await act(other.secret))?.status).toBe(200);
  });

  it('many agents of one address pass; one agent that runs wild stops alone', { timeout: 60_000 }, async () => {
    const server = await serve();
    const agents = 200;
    const tokens = await Promise.all(
      Array.from({ length: agents }, (_, at) => server.createToken('agent', { hostId: `host-${at}` })),
    );
    const beat = (at: number): Promise<Answer | null> =>
      ask({
        ...{ port: server.port, method: 'POST', path: `/api/v1/hosts/host-${at}/test`, from: '127.0.3.5' },
        headers: bearer(tokens[at]?.secret ?? ''),
      });
    // More than one address may do without a login, and more than one person.
    const rounds = Math.ceil((requestsPerMinute.person + 200) / agents);
    for (let round = 0; round < rounds; round += 1) {
      const answers = await Promise.all(tokens.map((_, at) => beat(at)));
      expect(new Set(statuses(answers))).toEqual(new Set([200]));
    }
    const wild = await repeat(requestsPerMinute.agent - rounds + 1, () => beat(0));
    expect(wild.at(-1)?.status).toBe(429);
    expect((await beat(1))?.status).toBe(200);
  });
});
