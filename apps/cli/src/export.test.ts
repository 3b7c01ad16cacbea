import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();
const recorded = (name: string): string =>
  fileURLToPath(new URL(`../../../data/snapshots/${name}.json`, import.meta.url));
const hosts = ['lab-epyc-6.1', 'lab-epyc-milan-6.1'].map(recorded);

describe('export', () => {
  it('writes models × hosts as CSV, with what it was made from', async () => {
    const args = ['--catalog', '10.0', '--models', 'qemu64', 'EPYC', '--machines', 'pc-q35-10.0'];
    const { code, out, err } = await runCli(['export', 'pivot', ...hosts, ...args]);
    expect([code, err]).toEqual([0, '']);
    const [head, first] = out.split('\r\n');
    expect(head).toBe('Model,lab-epyc-6.1,lab-epyc-milan-6.1');
    expect(first).toMatch(/^EPYC,filtered \d+,filtered \d+$/);
    expect(out).toMatch(/\r\nQEMU,10\.0\.13 /);
    expect(out).toMatch(/sha256:[0-9a-f]{64}/);
  });

  it.each(['csv', 'xlsx', 'json', 'md', 'html'])('%s: the same byte for byte', async (format) => {
    const files = ['a', 'b'].map((name) => join(place.folder, `${name}.${format}`));
    for (const out of files)
      expect(
        await runCli(['export', 'matrix', hosts[0], '--catalog', '10.0', '--format', format, '--out', out]),
      ).toEqual({
        ...{ code: 0, out: '', err: '' },
      });
    const [a, b] = await Promise.all(files.map((file) => readFile(file)));
    expect(a.length).toBeGreaterThan(1_000);
    expect(a.equals(b)).toBe(true);
  });

  it.each<[string, string[], string]>([
    ['a comparison of one', ['comparison', hosts[0]], 'USAGE_INVALID'],
    ['a kind that is none', ['everything', hosts[0]], 'USAGE_INVALID'],
    ['security of no guest', ['security', hosts[0]], 'USAGE_INVALID'],
    ['a folder that is not there', ['hosts', hosts[0], '--out', '/nowhere/at/all.csv'], 'FILE_UNWRITABLE'],
  ])('refuses %s', async (_, args, fault) => {
    expectFault(await runCli(['export', ...args, '--catalog', '10.0']), fault);
  });
});

describe('policy', () => {
  const policy = (cpu: string, ...args: string[]) =>
    runCli(['policy', ...hosts, '--catalog', '10.0', '--cpu', cpu, ...args]);

  it('one target is written as it is, and the objections go to stderr', async () => {
    const { code, out, err } = await policy('qemu64', '--target', 'qemu');
    expect(out).toMatch(/^# CPU Atlas: .*\n(?:# .*\n)+-machine pc-q35-10\.0 -accel kvm -cpu qemu64,enforce=on\n$/);
    expect(err).toMatch(/starts under enforce on 2 of 2 hosts: yes/);
    expect(code).toBe(0);
  });

  it.each([
    ['a line that no host starts', 'qemu64,+amx-tile', [], 1],
    ['a feature that libvirt cannot ask for', 'qemu64,+invtsc', ['--libvirt', '11.3.0'], 1],
  ])('%s is a no', async (_, cpu, args, exit) => {
    const { code, out } = await policy(cpu, '--target', 'libvirt-domain', '--format', 'json', ...args);
    expect(JSON.parse(out)).toMatchObject({ machine: 'pc-q35-10.0', policies: [{ target: 'libvirt-domain' }] });
    expect(code).toBe(exit);
  });
});
