import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();
const recorded = (name: string): string =>
  fileURLToPath(new URL(`../../../data/snapshots/${name}.json`, import.meta.url));

describe('baseline', () => {
  it.each<[string, string[], string[], number, string]>([
    ['hosts with something in common', ['lab-epyc-6.1', 'lab-epyc-milan-6.1'], [], 0, 'found'],
    ['the best model', ['xeon-gold-6148', 'xeon-gold-5115'], ['--mode', 'best-predefined-model'], 0, 'found'],
    ['hosts of two vendors', ['lab-epyc-6.1', 'xeon-gold-6148'], [], 1, 'none'],
    ['a host whose KVM was not seen', ['lab-epyc-6.1', 'fx-8150'], [], 3, 'unknown'],
  ])('%s', async (_, hosts, options, exit, outcome) => {
    const { code, out, err } = await runCli(['baseline', ...hosts.map(recorded), '--catalog', '10.0', ...options]);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({ outcome });
    expect(code).toBe(exit);
  });

  it('the line that it gives starts on each host', async () => {
    const hosts = ['lab-epyc-6.1', 'lab-opteron_g3-6.1'].map(recorded);
    const { out } = await runCli(['baseline', ...hosts, '--catalog', '10.0', '--libvirt', '9.0.0']);
    const { vendors, machine, libvirt } = JSON.parse(out) as {
      vendors: { cpu: string }[];
      machine: string;
      libvirt: object;
    };
    expect(libvirt).toMatchObject({ outcome: 'ok', release: '9.0.0' });
    for (const host of hosts) {
      const args = ['resolve', '--host', host, '--catalog', '10.0', '--machine', machine, '--cpu', vendors[0].cpu];
      expect((await runCli(args)).code).toBe(0);
    }
  });

  it('--format table puts the line first and names who costs what', async () => {
    const hosts = ['lab-epyc-6.1', 'lab-opteron_g3-6.1'].map(recorded);
    const { out } = await runCli(['baseline', ...hosts, '--catalog', '10.0', '--format', 'table']);
    expect(out).toMatch(/● every host starts {2}-cpu Opteron_G3-v1,/);
    expect(out).toMatch(/lab-opteron_g3-6\.1 costs /);
  });

  it.each<[string, string[], string]>([
    ['no host', [], 'USAGE_INVALID'],
    ['a mode that is none', [recorded('lab-epyc-6.1'), '--mode', 'best'], 'USAGE_INVALID'],
    ['the same host twice', [recorded('lab-epyc-6.1'), recorded('lab-epyc-6.1')], 'USAGE_INVALID'],
    ['a file that is not there', ['nowhere.json'], 'FILE_UNREADABLE'],
  ])('refuses %s', async (_, args, fault) => {
    expectFault(await runCli(['baseline', ...args]), fault);
  });
});

describe('compare', () => {
  const compare = (...args: string[]): ReturnType<typeof runCli> => runCli(['compare', ...args, '--catalog', '10.0']);

  it.each<[string, string[], string[], number]>([
    ['a model that the hosts have', ['xeon-gold-6148', 'xeon-gold-5115'], ['--model', 'Haswell'], 0],
    ['a model that one lacks', ['xeon-gold-6148', 'core-i7-2600'], ['--model', 'Haswell'], 1],
    ['a model that libvirt does not have', ['xeon-gold-6148'], ['--model', 'Haswall'], 2],
    ['a host that is not known', ['fx-8150'], ['--model', 'Opteron_G4'], 3],
  ])('%s', async (_, hosts, options, exit) => {
    const { code, out, err } = await compare(...hosts.map(recorded), ...options);
    expect(err).toBe('');
    expect((JSON.parse(out) as { hosts: object[] }).hosts).toHaveLength(hosts.length);
    expect(code).toBe(exit);
  });

  it('tells where QEMU sees it another way, with the bit', async () => {
    const { out } = await compare(recorded('xeon-gold-6148'), '--model', 'Skylake-Server', '--format', 'table');
    expect(out).toContain('libvirt calls it unusable for pku; QEMU starts without it');
  });

  it('reads a definition from a file', async () => {
    const file = join(place.folder, 'cpu.json');
    const features = [{ name: 'vmx', policy: 'require' }];
    await writeFile(file, JSON.stringify({ model: 'Skylake-Server', features }));
    const { code, out } = await compare(recorded('xeon-gold-6148'), '--definition', file);
    expect(code).toBe(1);
    expect(out).toContain('"missing":["vmx"');
  });

  it.each<[string, string[], string]>([
    ['neither model nor definition', [recorded('lab-epyc-6.1')], 'USAGE_INVALID'],
    ['an unknown libvirt', [recorded('lab-epyc-6.1'), '--model', 'EPYC', '--libvirt', '0.1.0'], 'CATALOG_NOT_FOUND'],
  ])('refuses %s', async (_, args, fault) => {
    expectFault(await compare(...args), fault);
  });
});
