import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';

const cli = join(checkoutRoot, 'apps/cli/bin/cpu-atlas.js');
const isBuilt = existsSync(join(checkoutRoot, 'apps/cli/dist/commands/token.js'));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const reason = !isBuilt ? ' (skipped: not built, npm run build)' : hasOpenssl ? '' : ' (skipped: there is no openssl)';

const directory = mkdtempSync(join(tmpdir(), 'cpu-atlas-e2e-access-'));
const cert = join(directory, 'cert.pem');
const key = join(directory, 'key.pem');
const environment = { ...process.env, CPU_ATLAS_DATA_DIR: directory, NODE_EXTRA_CA_CERTS: cert };
const running = new Set<ChildProcess>();

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs to its end, or, for a server, until it says where it listens. */
async function run(
  words: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<Outcome & { child: ChildProcess }> {
  const child = spawn(process.execPath, [cli, ...words], { env: { ...environment, ...extra } });
  running.add(child);
  const texts = { out: '', err: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.out += text;
      if (/ on https?:/.test(text)) resolve();
    });
    child.once('close', () => resolve());
  });
  return { child, code: child.exitCode, ...texts };
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
afterEach(async () => {
  await Promise.all([...running].map(stop));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function writeCertificate(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, '-days', '1', ...subject], {
    stdio: 'ignore',
  });
}

async function statusOf(port: number, path: string, secret?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const options = { host: '127.0.0.1', port, path, headers, ca: readFileSync(cert), agent: false as const };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

async function certificateNameOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe.skipIf(reason !== '')(`a server for a network${reason}`, () => {
  it('from the first token to a revoked one, with TLS on all addresses', { timeout: 120_000 }, async () => {
    writeCertificate('first');
    const first = await run(['token', 'create', '--role', 'operator', '--name', 'me']);
    expect([first.code, first.out]).toEqual([0, expect.stringMatching(/^cpuatlas_[0-9a-f]{72}\n$/)]);
    expect(first.err).toContain('The secret is shown this once');
    const operator = first.out.trim();

    const tls = ['--tls-cert', cert, '--tls-key', key];
    const quiet = ['--port', '0', '--no-harvest', '--log-level', 'info'];
    const served = await run(['serve', '--host', '0.0.0.0', '--require-login', ...tls, ...quiet]);
    expect(served.out).toMatch(/ on https:\/\//);
    expect(served.err).not.toContain('LISTENING BEYOND LOOPBACK');
    const port = Number(/:(\d+)\s*$/.exec(served.out)?.[1]);
    expect(await statusOf(port, '/healthz')).toBe(200);
    expect(await statusOf(port, '/api/v1/hosts')).toBe(401);
    expect(await statusOf(port, '/api/v1/hosts', operator)).toBe(200);

    // The embedded store is the server's while it runs.
    const locked = await run(['token', 'list']);
    expect([locked.code, locked.err]).toEqual([expect.any(Number), expect.stringMatching(/^STORE_LOCKED: .*--hub/)]);
    const hub = ['--hub', `https://127.0.0.1:${port}`];
    const asOperator = { CPU_ATLAS_TOKEN: operator };
    const viewer = await run(
      ['token', 'create', ...hub, '--role', 'viewer', '--name', 'ci', '--format', 'json'],
      asOperator,
    );
    const { secret, token } = JSON.parse(viewer.out) as { secret: string; token: { id: string } };
    expect(await statusOf(port, '/api/v1/hosts', secret)).toBe(200);
    expect(await statusOf(port, '/api/v1/tokens', secret)).toBe(403);
    const refused = await run(['token', 'list', ...hub], { CPU_ATLAS_TOKEN: secret });
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/^ACCESS_DENIED: /)]);
    expect((await run(['token', 'revoke', ...hub, token.id], asOperator)).code).toBe(0);
    expect(await statusOf(port, '/api/v1/hosts', secret)).toBe(401);
    const list = await run(['token', 'list', ...hub, '--format', 'table'], asOperator);
    expect(list.out).toMatch(/revoked\s+viewer\s+ci/);
    expect(list.out).not.toContain(secret);

    writeCertificate('second');
    expect(await certificateNameOf(port)).toBe('first');
    served.child.kill('SIGHUP');
    await expect.poll(() => certificateNameOf(port), { timeout: 10_000 }).toBe('second');
    await stop(served.child);
    for (const one of [operator, secret]) expect(served.err).not.toContain(one);
  });

  it.each([
    [['--host', '0.0.0.0'], 'neither TLS nor a login'],
    [['--host', '0.0.0.0', '--require-login'], 'no TLS'],
    [['--host', '::', '--tls-cert', cert, '--tls-key', key], 'no login'],
    [['--host', '192.0.2.1', '--behind-proxy', '--require-login'], 'the proxy is not named'],
    [['--tls-cert', cert, '--tls-key', join(directory, 'none')], 'cannot be read (ENOENT)'],
    [['--trusted-proxy', '0.0.0.0/0'], 'neither an address nor a network'],
  ])('serve %j does not start: %s', { timeout: 60_000 }, async (words, message) => {
    const { code, out, err } = await run(['serve', '--port', '0', '--no-harvest', '--log-level', 'silent', ...words]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^USAGE_INVALID: .*\n$/);
    expect(err).toContain(message);
  });

  it('an open port makes viewers of everybody, this machine included', { timeout: 60_000 }, async () => {
    const served = await run(['serve', '--host', '0.0.0.0', '--insecure-bind', '--port', '0', '--no-harvest']);
    expect(served.err).toContain('LISTENING BEYOND LOOPBACK');
    const port = /:(\d+)\s*$/.exec(served.out)?.[1] ?? '';
    const session = await (await fetch(`http://127.0.0.1:${port}/api/v1/session`)).json();
    expect(session).toMatchObject({ visitor: { role: 'viewer', actor: 'anyone' }, isLoginRequired: false });
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/tokens`)).status).toBe(403);
  });
});
