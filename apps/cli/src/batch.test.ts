import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSnapshot } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { recordedHost, runCli, startCli, useFolder, type CliResult } from './testing/run-cli.ts';

const place = useFolder();

const onRecorded = (...more: string[]): string[] => [
  'resolve',
  '--host',
  recordedHost,
  '--catalog',
  '10.0',
  '--machine',
  'pc-q35-10.0',
  ...more,
];

describe('resolve --batch', () => {
  const line = { snapshot: recordedHost, catalog: '10.0', accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' };
  const lines = (requests: readonly (object | string)[]): string =>
    requests.map((request) => `${typeof request === 'string' ? request : JSON.stringify(request)}\n`).join('');
  const answersOf = ({ out }: CliResult): Record<string, unknown>[] =>
    out
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);

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
      expect(error).toMatchObject({
        where: expect.stringMatching(/^stdin line \d+/) as string,
        message: expect.any(String) as string,
        remedy: expect.any(String) as string,
      });
    }
  });

  it('takes snapshot and catalog from the options where a line names none', async () => {
    const { snapshot: _, catalog: __, ...bare } = line;
    const result = await runCli(
      ['resolve', '--batch', '--host', recordedHost, '--catalog', '10.0'],
      lines([{ id: 1, ...bare }]),
    );
    expect(answersOf(result)[0]).toMatchObject({
      id: 1,
      machine: 'pc-q35-10.0',
      status: expect.stringMatching(/runnable|filtered/) as string,
    });
  });

  it('without any host tells TCG, and KVM as unknown', async () => {
    const request = { catalog: '10.0', machine: 'q35', cpu: 'qemu64' };
    const result = await runCli(
      ['resolve', '--batch'],
      lines([
        { ...request, accel: 'tcg' },
        { ...request, accel: 'kvm' },
      ]),
    );
    expect(answersOf(result).map(({ status }) => status)).toEqual(['runnable', 'unknown']);
  });

  it('answers a program that asks one by one, and sees a file that changed meanwhile', async () => {
    const file = join(place.folder, 'changing.json');
    const snapshot = parseSnapshot(JSON.parse(await readFile(recordedHost, 'utf8')));
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
