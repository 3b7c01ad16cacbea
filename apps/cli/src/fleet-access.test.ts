import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowsOf, useDemoServer, useServer } from './testing/demo-server.ts';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

describe('questions to a server that asks for a login', () => {
  const secrets = { viewer: '', operator: '' };
  // Before the server holds the store.
  beforeAll(async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const options = ['--data-dir', join(place.folder, 'data'), '--name', role, '--role', role];
      secrets[role] = (await runCli(['token', 'create', ...options])).out.trim();
    }
  });
  const server = useServer(place, ['--require-login']);
  const ask = (token: string, ...args: string[]) =>
    runCli([...args, '--hub', server.url, '--format', 'json'], '', { CPU_ATLAS_TOKEN: token });

  it.each([[['hosts']], [['audit']], [['timeline', 'x']], [['where', 'EPYC']], [['custom-models', 'list']]])(
    '%j with no token or a wrong one is AUTH_REQUIRED',
    async (args) => {
      expectFault(await ask('', ...args), 'AUTH_REQUIRED');
      expectFault(await ask('cpuatlas_wrong', ...args), 'AUTH_REQUIRED');
    },
  );

  it('a viewer lists hosts; audit and changes take an operator', async () => {
    expect((await ask(secrets.viewer, 'hosts')).code).toBe(0);
    expectFault(await ask(secrets.viewer, 'audit'), 'ACCESS_DENIED');
    expectFault(await ask(secrets.viewer, 'custom-models', 'remove', 'web'), 'ACCESS_DENIED');
    expect((await ask(secrets.operator, 'audit')).code).toBe(0);
  });

  it('the token of a file is taken before that of the environment', async () => {
    const file = join(place.folder, 'operator.token');
    await writeFile(file, `${secrets.operator}\n`, { mode: 0o600 });
    expect((await ask(secrets.viewer, 'audit', '--token-file', file)).code).toBe(0);
  });
});

describe('answers of several pages', () => {
  const folder = useFolder();
  const server = useDemoServer(folder);

  it('audit reads on until it has as many lines as asked for', async () => {
    const saves = 1_050;
    for (let count = 0; count < saves; count++) {
      const reply = await fetch(`${server.url}/api/v1/custom-models/paged`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"base": "EPYC"}',
      });
      expect(reply.status).toBe(200);
      await reply.arrayBuffer();
    }
    const ask = (last: number) => runCli(['audit', '--hub', server.url, '--last', String(last), '--format', 'json']);
    const more = rowsOf((await ask(1_020)).out, 'Audit');
    expect(more).toHaveLength(1_020);
    expect(new Set(more.map(([, , , , target]) => target))).toEqual(new Set(['paged']));
    expect(rowsOf((await ask(3)).out, 'Audit')).toEqual(more.slice(0, 3));
  }, 60_000);
});
