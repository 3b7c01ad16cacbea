import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSnapshot, resolutionSchema } from '@cpu-atlas/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, runCli, startCli, type CliResult } from './testing/run-cli.ts';

const recorded = fileURLToPath(new URL('../../server/src/testing/epyc-milan.snapshot.json', import.meta.url));
const catalog10 = fileURLToPath(new URL('../../../data/qemu/10.0.13/catalog.json', import.meta.url));

let folder = '';
beforeAll(async () => {
  await buildCli();
  folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-cli-'));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A fault is one line on stderr with its code, nothing on stdout, and never a stack trace. */
function expectFault({ code, out, err }: CliResult, fault: string, exit = 2): void {
  expect(err).toMatch(new RegExp(`^${fault}: .+\n$`));
  expect(err).not.toMatch(/\n\s+at /);
  expect([code, out]).toEqual([exit, '']);
}

const onRecorded = (...more: string[]): string[] => ['resolve', '--host', recorded, '--catalog', '10.0', '--machine', 'pc-q35-10.0', ...more];

describe('usage', () => {
  it.each([[['--help']], [['resolve', '--help']], [['--version']]])('%j exits 0', async (args) => {
    const { code, out, err } = await runCli(args);
    expect([code, err]).toEqual([0, '']);
    if (args.includes('--help')) expect(out).toContain('Exit codes: 0 yes');
  });

  it.each([
    [['nosuch']],
    [['probe', '--nosuch']],
    [['resolve', '--cpu', 'EPYC']],
    [['resolve', '--machine', 'q35']],
    [['resolve', '--machine']],
    [['resolve', '--machine', 'q35', '--cpu', 'EPYC', '--format', 'xml']],
    [['verify', '--sample', '-1']],
    [['serve', '--port', '70000']],
  ])('%j is USAGE_INVALID, exit 2', async (args) => {
    expectFault(await runCli(args), 'USAGE_INVALID');
  });

  it('no command prints the help and exits 2', async () => {
    const { code, out, err } = await runCli([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('resolve');
  });

  it('a checkout that is not built is told how to build', async () => {
    const lonely = join(folder, 'cpu-atlas.mjs');
    await copyFile(fileURLToPath(new URL('../bin/cpu-atlas.js', import.meta.url)), lonely);
    const child = spawn(process.execPath, [lonely]);
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([2, expect.stringContaining('npm run build')]);
  });
});

describe('probe', () => {
  it('writes a snapshot that reads back', async () => {
    const file = join(folder, 'self.json');
    const { code, out } = await runCli(['probe', '--out', file, '--no-qemu']);
    expect([code, out]).toEqual([0, '']);
    const snapshot: unknown = JSON.parse(await readFile(file, 'utf8'));
    expect(parseSnapshot(snapshot)).toEqual(snapshot);
    expect(snapshot).not.toHaveProperty('qemu');
  });

  it('prints it where no file is named, as a table for people', async () => {
    const json = await runCli(['probe', '--no-qemu']);
    expect(parseSnapshot(JSON.parse(json.out)).schema).toBe('cpu-atlas/host-snapshot/1');
    const table = await runCli(['probe', '--no-qemu', '--format', 'table']);
    expect(table.out).toMatch(/^host +\S/);
  });

  it('into a place that cannot be written is FILE_UNWRITABLE', async () => {
    await writeFile(join(folder, 'file'), '');
    expectFault(await runCli(['probe', '--no-qemu', '--out', join(folder, 'file', 'x.json')]), 'FILE_UNWRITABLE');
  });
});

describe('resolve', () => {
  it.each<[string, string[], number, string]>([
    ['a model that the host has is runnable', ['--accel', 'kvm', '--cpu', 'qemu64'], 0, 'runnable'],
    ['a model that lacks something is filtered', ['--accel', 'kvm', '--cpu', 'Skylake-Server'], 1, 'filtered'],
    ['enforce makes that a refusal', ['--accel', 'kvm', '--cpu', 'Skylake-Server,enforce'], 1, 'refused'],
    ['TCG needs no host', ['--accel', 'tcg', '--cpu', 'qemu64'], 0, 'runnable'],
  ])('%s', async (_, args, exit, status) => {
    const { code, out, err } = await runCli(onRecorded(...args));
    expect(err).toBe('');
    const answer: unknown = JSON.parse(out);
    expect(resolutionSchema.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ status, machine: 'pc-q35-10.0' });
    expect(code).toBe(exit);
  });

  it('exits 3 where the layer that decides is not known', async () => {
    const { kernel: _, ...silent } = parseSnapshot(JSON.parse(await readFile(recorded, 'utf8')));
    const file = join(folder, 'silent.json');
    await writeFile(file, JSON.stringify(silent));
    const { code, out } = await runCli(['resolve', '--host', file, '--catalog', '10.0', '--machine', 'q35', '--cpu', 'EPYC']);
    expect(JSON.parse(out)).toMatchObject({ status: 'unknown' });
    expect(code).toBe(3);
  });

  it('--explain tells each feature', async () => {
    const { out } = await runCli(onRecorded('--cpu', 'Skylake-Server', '--explain'));
    const { features } = JSON.parse(out) as { features: { name: string }[] };
    expect(features.find(({ name }) => name === 'avx512f')).toMatchObject({ state: 'filtered', blocker: { layer: 'hardware' } });
  });

  it('--format table is for people, in colour on no pipe', async () => {
    const { out } = await runCli(onRecorded('--cpu', 'Skylake-Server', '--explain', '--format', 'table'));
    expect(out).toContain('filtered  Skylake-Server = Skylake-Server-v1');
    expect(out).toMatch(/avx512f +CPUID\.07H\.0:EBX\[16\] +hardware/);
    expect(out).not.toContain('\u001B');
  });

  it.each<[string, string[], string]>([
    ['an unknown model', onRecorded('--cpu', 'Nosuch'), 'CPU_MODEL_UNKNOWN'],
    ['an unknown property', onRecorded('--cpu', 'EPYC,+nosuch'), 'CPU_PROPERTY_UNKNOWN'],
    ['a malformed argument', onRecorded('--cpu', 'EPYC,+'), 'CPU_STRING_INVALID'],
    ['an unknown machine type', ['resolve', '--host', recorded, '--catalog', '10.0', '--machine', 'pc-99', '--cpu', 'EPYC'], 'MACHINE_TYPE_UNKNOWN'],
    ['an unknown accelerator', onRecorded('--cpu', 'EPYC', '--accel', 'xen'), 'ACCELERATOR_UNKNOWN'],
    ['a topology that is none', onRecorded('--cpu', 'EPYC', '--smp', 'many'), 'REQUEST_INVALID'],
    ['a host file that is not there', ['resolve', '--host', '/nonexistent', '--machine', 'q35', '--cpu', 'EPYC'], 'FILE_UNREADABLE'],
    ['a folder as host', ['resolve', '--host', '/', '--machine', 'q35', '--cpu', 'EPYC'], 'FILE_UNREADABLE'],
    ['a file without end as host', ['resolve', '--host', '/dev/zero', '--machine', 'q35', '--cpu', 'EPYC'], 'FILE_TOO_LARGE'],
    ['a catalog that is not there', ['resolve', '--host', recorded, '--catalog', './no', '--machine', 'q35', '--cpu', 'EPYC'], 'CATALOG_NOT_FOUND'],
    ['a hash that is not there', ['resolve', '--host', recorded, '--catalog', 'sha256:00', '--machine', 'q35', '--cpu', 'EPYC'], 'CATALOG_NOT_FOUND'],
    ['a snapshot as catalog', ['resolve', '--host', recorded, '--catalog', recorded, '--machine', 'q35', '--cpu', 'EPYC'], 'CATALOG_INVALID'],
  ])('%s is one coded line', async (_, args, fault) => {
    expectFault(await runCli(args), fault);
  });

  it('a snapshot that was cut short is SNAPSHOT_INVALID with line and column, wherever the cut is', async () => {
    const text = await readFile(recorded, 'utf8');
    for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
      const file = join(folder, 'cut.json');
      await writeFile(file, text.slice(0, Math.floor(text.length * share)));
      expectFault(await runCli(['resolve', '--host', file, '--catalog', '10.0', '--machine', 'q35', '--cpu', 'EPYC']), 'SNAPSHOT_INVALID');
    }
  }, 60_000);

  it('a catalog that was edited is CATALOG_INVALID', async () => {
    const text = await readFile(catalog10, 'utf8');
    const file = join(folder, 'edited.json');
    await writeFile(file, text.replace('"deprecated":false', '"deprecated":true'));
    expectFault(await runCli(['resolve', '--host', recorded, '--catalog', file, '--machine', 'q35', '--cpu', 'EPYC']), 'CATALOG_INVALID');
  });

  it.each<[string, string, boolean]>([
    ['a version', '10.0', false],
    ['a full version', '10.0.13', false],
    ['a file', catalog10, false],
    ['a folder', join(catalog10, '..'), false],
    ['a version that is not there, which it says', '10.0.99', true],
  ])('--catalog takes %s', async (_, catalog, isAssumed) => {
    const { out } = await runCli(['resolve', '--host', recorded, '--catalog', catalog, '--machine', 'pc-q35-10.0', '--cpu', 'EPYC']);
    const { assumptions } = JSON.parse(out) as { assumptions: string[] };
    expect(assumptions.some((line) => line.includes('10.0.99'))).toBe(isAssumed);
  });

  it('--catalog takes a hash', async () => {
    const { hash } = JSON.parse(await readFile(catalog10, 'utf8')) as { hash: string };
    expect((await runCli(['resolve', '--host', recorded, '--catalog', hash, '--machine', 'q35', '--cpu', 'qemu64'])).code).toBe(0);
  });
});

describe('resolve --batch', () => {
  const line = { snapshot: recorded, catalog: '10.0', accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' };
  const lines = (requests: readonly (object | string)[]): string =>
    requests.map((request) => `${typeof request === 'string' ? request : JSON.stringify(request)}\n`).join('');
  const answersOf = ({ out }: CliResult): Record<string, unknown>[] =>
    out.trimEnd().split('\n').map((text) => JSON.parse(text) as Record<string, unknown>);

  it('answers in order, keeps ids of any kind, and says the same as resolve', async () => {
    const ids = ['a', 1, null, { deep: [1] }, ''];
    const result = await runCli(['resolve', '--batch'], lines(ids.map((id) => ({ id, ...line }))));
    expect([result.code, result.err]).toEqual([0, '']);
    const answers = answersOf(result);
    expect(answers.map(({ id }) => id)).toEqual(ids);
    const single = JSON.parse((await runCli(onRecorded('--cpu', 'EPYC-Milan'))).out) as object;
    expect(answers[0]).toEqual({ id: 'a', ...single });
  });

  it('answers a bad line in its place, the others all the same, and exits 2', async () => {
    const result = await runCli(
      ['resolve', '--batch'],
      lines([
        { id: 1, ...line },
        { id: 2, ...line, cpu: 'Nosuch' },
        'nonsense',
        '',
        { id: 4, ...line, machine: undefined },
        { id: 5, ...line, snapshot: '/nonexistent' },
        { id: 6, ...line, catalog: './nonexistent' },
        { id: 7, ...line, accel: 'xen' },
        `{"id":8,"cpu":"${'x'.repeat(300_000)}"}`,
        { id: 9, ...line, kernelIrqchip: 'split', extra: true },
      ]),
    );
    expect([result.code, result.err]).toEqual([2, '']);
    const answers = answersOf(result);
    expect(answers.map(({ id }) => id)).toEqual([1, 2, null, 4, 5, 6, 7, null, 9]);
    expect(answers.map(({ error }) => (error as { code: string } | undefined)?.code)).toEqual([
      undefined,
      'CPU_MODEL_UNKNOWN',
      'REQUEST_INVALID',
      'REQUEST_INVALID',
      'FILE_UNREADABLE',
      'CATALOG_NOT_FOUND',
      'ACCELERATOR_UNKNOWN',
      'REQUEST_TOO_LARGE',
      undefined,
    ]);
    for (const { error } of answers.filter((answer) => 'error' in answer)) {
      expect(error).toMatchObject({ where: expect.stringMatching(/^stdin line \d+/) as string, message: expect.any(String) as string, remedy: expect.any(String) as string });
    }
  });

  it('takes snapshot and catalog from the options where a line names none', async () => {
    const { snapshot: _, catalog: __, ...bare } = line;
    const result = await runCli(['resolve', '--batch', '--host', recorded, '--catalog', '10.0'], lines([{ id: 1, ...bare }]));
    expect(answersOf(result)[0]).toMatchObject({ id: 1, machine: 'pc-q35-10.0', status: expect.stringMatching(/runnable|filtered/) as string });
  });

  it('without any host tells TCG, and KVM as unknown', async () => {
    const request = { catalog: '10.0', machine: 'q35', cpu: 'qemu64' };
    const result = await runCli(['resolve', '--batch'], lines([{ ...request, accel: 'tcg' }, { ...request, accel: 'kvm' }]));
    expect(answersOf(result).map(({ status }) => status)).toEqual(['runnable', 'unknown']);
  });

  it('answers a program that asks one by one, and sees a file that changed meanwhile', async () => {
    const file = join(folder, 'changing.json');
    const snapshot = parseSnapshot(JSON.parse(await readFile(recorded, 'utf8')));
    await writeFile(file, JSON.stringify(snapshot));
    const child = startCli(['resolve', '--batch']);
    const next = (): Promise<Record<string, unknown>> =>
      new Promise((resolve) => {
        let text = '';
        const take = (chunk: Buffer): void => {
          text += chunk.toString();
          if (!text.endsWith('\n')) return;
          child.stdout.off('data', take);
          resolve(JSON.parse(text) as Record<string, unknown>);
        };
        child.stdout.on('data', take);
      });
    const request = `${JSON.stringify({ ...line, snapshot: file })}\n`;
    child.stdin.write(request);
    expect(await next()).toMatchObject({ status: expect.stringMatching(/runnable|filtered/) as string });
    const { kernel: _, ...silent } = snapshot;
    await writeFile(file, JSON.stringify(silent));
    child.stdin.write(request);
    expect(await next()).toMatchObject({ status: 'unknown' });
    child.stdin.end();
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  });

  it('a last line without its newline is answered', async () => {
    expect(answersOf(await runCli(['resolve', '--batch'], JSON.stringify({ id: 1, ...line })))).toHaveLength(1);
  });

  it('an empty input is answered with nothing, exit 0', async () => {
    expect(await runCli(['resolve', '--batch'])).toEqual({ code: 0, out: '', err: '' });
  });

  it('a reader that goes away ends it quietly', async () => {
    const child = startCli(['resolve', '--batch']);
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    child.stdin.on('error', () => undefined);
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end(lines(new Array(3_000).fill(line)));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([0, '']);
  });
});

describe('harvest', () => {
  it('of no binary is QEMU_NOT_FOUND', async () => {
    expectFault(await runCli(['harvest', '--qemu', '/nonexistent', '--out', folder]), 'QEMU_NOT_FOUND');
  });
});

describe('serve', () => {
  const env = { CPU_ATLAS_DATA_DIR: join(tmpdir(), 'cpu-atlas-cli-serve') };
  const quiet = ['serve', '--port', '0', '--no-harvest', '--log-level', 'error'];

  it('is ready within a second of its first line, answers, and ends in order on SIGTERM', async () => {
    const child = startCli(quiet, env);
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString())));
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
    const warning = await new Promise<string>((resolve) => child.stderr.once('data', (text: Buffer) => resolve(text.toString())));
    expect(warning).toContain('LISTENING BEYOND LOOPBACK');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  });
});
