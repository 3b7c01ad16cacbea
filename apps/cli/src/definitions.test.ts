import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

interface TableOfReport {
  readonly name: string;
  readonly rows: readonly (readonly unknown[])[];
}

async function tablesOf(args: readonly string[], exit: number): Promise<readonly TableOfReport[]> {
  const { code, out, err } = await runCli([...args, '--format', 'json']);
  expect([code, err]).toEqual([exit, '']);
  return (JSON.parse(out) as { tables: readonly TableOfReport[] }).tables;
}

describe('models', () => {
  it('tells what a name stands for, and how far it reaches', async () => {
    const [models] = await tablesOf(['models', '--catalog', '10.0', '--machine', 'pc-q35-10.0'], 0);
    expect(models?.rows).toContainEqual([
      'EPYC',
      'EPYC-v1',
      'x86-64-v3',
      expect.any(Number),
      false,
      expect.any(Number),
    ]);
    expect(models?.rows.map(([name]) => name)).not.toContain('host');
  });

  it.each(['table', 'csv', 'md', 'html'])('as %s', async (format) => {
    const { code, out } = await runCli(['models', '--format', format]);
    expect(code).toBe(0);
    expect(out).toContain('Skylake-Server-v4');
  });

  it('of a QEMU or machine type that is not there is a fault', async () => {
    expectFault(await runCli(['models', '--catalog', '/nowhere.json']), 'CATALOG_NOT_FOUND');
    expectFault(await runCli(['models', '--accel', 'xen']), 'ACCELERATOR_UNKNOWN');
  });
});

describe('stability', () => {
  it('tells definitions that changed, in the order of releases, and names that went', async () => {
    const [changes, names] = await tablesOf(['stability', '10.0', '7.2'], 0);
    expect(new Set(changes?.rows.map(([from, to]) => `${String(from)} ${String(to)}`))).toEqual(
      new Set(['7.2.22 10.0.13']),
    );
    expect(changes?.rows.some(([, , , , models]) => String(models).includes('EPYC-Rome'))).toBe(true);
    expect(names?.rows.some(([kind, , , , removedIn]) => kind === 'machine-type' && removedIn === '10.0.13')).toBe(
      true,
    );
  });
});

describe('referee', () => {
  it('holds a shipped map against QEMU', async () => {
    const [disagreements, oneSided] = await tablesOf(['referee', '--catalog', '7.2', '--libvirt', '9.0.0'], 1);
    expect(disagreements?.rows).toContainEqual(['486', expect.stringContaining('pc-q35-7.2'), '', 'x2apic']);
    expect(oneSided?.rows).toContainEqual(['Skylake-Server-v4', 'libvirt']);
  });

  it('reads an installed map, and says which file of it is missing', async () => {
    const map = join(place.folder, 'cpu_map');
    await mkdir(map);
    await writeFile(join(map, 'index.xml'), "<cpus><arch name='x86'><include filename='all.xml'/></arch></cpus>");
    const args = ['referee', '--catalog', '7.2', '--libvirt', '1.2.3', '--cpu-map', map];
    expectFault(await runCli(args), 'FILE_UNREADABLE');
    await writeFile(
      join(map, 'all.xml'),
      `<cpus><feature name='x2apic'><cpuid eax_in='1' ecx='0x200000'/></feature>
       <model name='486'><feature name='x2apic'/></model><model name='Z80'/></cpus>`,
    );
    const [disagreements, oneSided] = await tablesOf(args, 1);
    expect(disagreements?.rows.every(([model]) => model === '486')).toBe(true);
    expect(oneSided?.rows).toContainEqual(['Z80', 'QEMU']);
    await copyFile(join(map, 'all.xml'), join(map, 'index.xml'));
    expectFault(await runCli(args), 'IMPORT_INVALID');
  });
});
