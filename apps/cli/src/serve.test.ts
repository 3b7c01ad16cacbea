import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, startCli } from './testing/run-cli.ts';

describe('serve', () => {
  const env = { CPU_ATLAS_DATA_DIR: join(tmpdir(), 'cpu-atlas-cli-serve') };
  const quiet = ['serve', '--port', '0', '--no-harvest', '--log-level', 'error'];

  it('is ready within a second of its first line, answers, and ends in order on SIGTERM', async () => {
    const child = startCli(quiet, env);
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text: Buffer) => resolve(text.toString())),
    );
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? '';
    const started = performance.now();
    const hosts = (await (await fetch(`${url}/api/v1/hosts`)).json()) as { items: unknown[] };
    expect(hosts.items).toHaveLength(1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(performance.now() - started).toBeLessThan(5_000);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(err).toBe('');
  });

  it('on a port that is taken is LISTEN_FAILED, exit 2', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expectFault(await runCli(['serve', '--port', String(port), '--no-harvest'], '', env), 'LISTEN_FAILED');
    holder.close();
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'atlas.example'])('beyond loopback (%s) needs a flag', async (host) => {
    const result = await runCli(['serve', '--host', host, '--port', '0'], '', env);
    expectFault(result, 'USAGE_INVALID');
    expect(result.err).toContain('--insecure-bind');
  });

  it('reads its settings from the environment', async () => {
    expectFault(await runCli(['serve'], '', { ...env, CPU_ATLAS_HOST: '0.0.0.0' }), 'USAGE_INVALID');
    expectFault(await runCli(['serve'], '', { ...env, CPU_ATLAS_PORT: 'x' }), 'USAGE_INVALID');
  });

  it('beyond loopback with the flag says so loudly', async () => {
    const child = startCli([...quiet.slice(0, -1), 'warn', '--host', '0.0.0.0', '--insecure-bind'], env);
    const warning = await new Promise<string>((resolve) =>
      child.stderr.once('data', (text: Buffer) => resolve(text.toString())),
    );
    expect(warning).toContain('LISTENING BEYOND LOOPBACK');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  });
});
