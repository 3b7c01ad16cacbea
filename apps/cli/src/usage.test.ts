import { spawn } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSnapshot } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

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
    const lonely = join(place.folder, 'cpu-atlas.mjs');
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
    const file = join(place.folder, 'self.json');
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
    await writeFile(join(place.folder, 'file'), '');
    expectFault(await runCli(['probe', '--no-qemu', '--out', join(place.folder, 'file', 'x.json')]), 'FILE_UNWRITABLE');
  });
});

describe('harvest', () => {
  it('of no binary is QEMU_NOT_FOUND', async () => {
    expectFault(await runCli(['harvest', '--qemu', '/nonexistent', '--out', place.folder]), 'QEMU_NOT_FOUND');
  });
});
