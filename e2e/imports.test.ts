import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hostListSchema, importResultSchema, type HostSummary } from '@cpu-atlas/contract';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { builtCli, isBuilt } from './served.ts';

const corpus = join(checkoutRoot, 'packages', 'importer', 'corpus');
let folder = '';
let url = '';
let child: ChildProcess | null = null;

/** The built `cpu-atlas serve --demo`, as a user starts it. */
async function serveDemo(): Promise<string> {
  const args = [
    builtCli,
    'serve',
    '--demo',
    '--port',
    '0',
    '--no-harvest',
    '--log-level',
    'error',
    '--data-dir',
    folder,
  ];
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: stdout })) {
    const address = /http:\/\/\S+$/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error('cpu-atlas serve --demo ended');
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function runCli(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [builtCli, ...args], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err }),
    );
  });
}

async function hosts(query: string): Promise<readonly HostSummary[]> {
  const reply = await fetch(`${url}/api/v1/hosts?limit=1000&${query}`);
  return hostListSchema.parse(await reply.json()).items as readonly HostSummary[];
}

describe.skipIf(!isBuilt)('a served demo fleet (needs the built product: npm run build)', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-demo-e2e-'));
    url = await serveDemo();
  }, 60_000);
  afterAll(async () => {
    if (child !== null && child.exitCode === null) {
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows at least 24 hosts of both vendors with one stale and one unreachable, and this host among them', async () => {
    const demo = await hosts('source=demo');
    const counted = (state: string): number => demo.filter(({ freshness }) => freshness.state === state).length;
    expect([demo.length >= 24, counted('stale'), counted('unreachable')]).toEqual([true, 1, 1]);
    expect(new Set(demo.map(({ vendor }) => vendor))).toEqual(new Set(['GenuineIntel', 'AuthenticAMD', null]));
    expect((await hosts('source=self')).map(({ isSelf }) => isSelf)).toEqual([true]);
  });

  it('takes an archive from the command line, and answers for its hosts', async () => {
    const read = (file: string): Uint8Array => readFileSync(join(corpus, file));
    const archive = join(folder, 'rack-1.zip');
    writeFileSync(
      archive,
      zipSync({
        'node-a.txt': read('cpuid-one-xeon-gold-6148.txt'),
        'node-b.txt': read('cpuinfo-xeon-gold-5115.txt'),
        'node-c.replies': read('qmp-session-qemu-4.2-xeon-e3-1245-v5.replies'),
        'notes.txt': Buffer.from('remember the milk'),
      }),
    );
    const dry = await runCli('import', archive, '--hub', url, '--label', 'rack=r1', '--dry-run');
    expect((await hosts('source=import')).length).toBe(0);
    const { code, out, err } = await runCli('import', archive, '--hub', url, '--label', 'rack=r1');
    expect([dry.code, code]).toEqual([2, 2]);
    expect(err).toMatch(/^IMPORT_FORMAT_UNKNOWN: .*notes\.txt: /m);
    const result = importResultSchema.parse(JSON.parse(out));
    expect(result.hosts.map(({ id, outcome }) => [id, outcome])).toEqual(
      ['a', 'b', 'c'].map((name) => [`import:rack-1/node-${name}`, 'new-host']),
    );
    expect((await hosts('label=rack%3Dr1')).map(({ name }) => name)).toEqual(
      ['a', 'b', 'c'].map((name) => `rack-1/node-${name}`),
    );
    const reply = await fetch(`${url}/api/v1/resolutions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        host: 'import:rack-1/node-c',
        requests: [{ accel: 'kvm', machine: 'q35', cpu: 'Skylake-Client' }],
      }),
    });
    expect(reply.status).toBe(200);
    expect(await reply.text()).toMatch(/"status":"(?:runnable|filtered)"/);
  }, 60_000);

  it('answers others while it reads a large archive', async () => {
    const cpuid = readFileSync(join(corpus, 'cpuid-one-xeon-gold-6148.txt'), 'utf8').replace(/^CPU.*\n/, '');
    const dump = Array.from({ length: 256 }, (_, cpu) => `CPU ${cpu}:\n${cpuid}`).join('\n');
    const files = Array.from({ length: 10 }, (_, i) => [`node-${i}.txt`, Buffer.from(dump)] as const);
    const archive = zipSync(Object.fromEntries(files), { level: 6 });
    const headers = { 'content-type': 'application/zip' };
    let isDone = false;
    const imported = fetch(`${url}/api/v1/imports?name=large`, { method: 'POST', headers, body: archive }).finally(
      () => (isDone = true),
    );
    const waitedMs: number[] = [];
    while (!isDone || waitedMs.length < 5) {
      const startMs = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      waitedMs.push(performance.now() - startMs);
    }
    const reply = await imported;
    expect(importResultSchema.parse(await reply.json()).hosts).toHaveLength(10);
    waitedMs.sort((a, b) => a - b);
    expect(waitedMs[Math.floor(waitedMs.length / 2)]).toBeLessThan(200);
  }, 60_000);
});
