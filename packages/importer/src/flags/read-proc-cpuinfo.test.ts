import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { isUnknown, type CpuidEntry, type HardwareLayer } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { caught } from '../testing/caught.ts';
import { countBits, falseBits } from '../testing/known-bits.ts';
import { options, readCorpus, readDemoHost } from '../testing/seed-corpus.ts';
import { readProcCpuinfo } from './read-proc-cpuinfo.ts';

const oracle = process.env.CPU_ATLAS_ORACLE ?? fileURLToPath(new URL('../../../../../shared/oracle', import.meta.url));
const labHosts = existsSync(join(oracle, 'kvm-hosts')) ? readdirSync(join(oracle, 'kvm-hosts')) : [];

const xeon = Buffer.from(readCorpus('cpuinfo-xeon-gold-5115.txt')).toString();
const epyc = Buffer.from(readCorpus('cpuinfo-epyc-milan-guest.txt')).toString();

function hardwareOf(text: string): HardwareLayer {
  const hardware = readProcCpuinfo(text, options).snapshots[0]?.hardware;
  if (hardware === undefined || isUnknown(hardware)) throw new Error('the hardware is unknown');
  return hardware;
}

function realCpuid(file: string): readonly CpuidEntry[] {
  const { hardware } = readDemoHost(file);
  if (hardware === undefined || isUnknown(hardware)) throw new Error('the hardware is unknown');
  return hardware.cpus[0]?.cpuid ?? [];
}

/** One CPU with these flags. */
const cpu = (flags: string, vendor = 'GenuineIntel', number = 0): string =>
  `processor\t: ${number}\nvendor_id\t: ${vendor}\ncpu family\t: 6\nmodel\t\t: 85\nstepping\t: 4\ncpuid level\t: 22\nflags\t\t: ${flags}\n\n`;

function registerOf(text: string, leaf: string, register: 'ebx' | 'edx' | 'ecx' | 'eax'): string | null {
  return hardwareOf(text).cpus[0]?.cpuid.find((entry) => entry.leaf === leaf)?.[register] ?? null;
}

describe('/proc/cpuinfo', () => {
  it('is partial, and proves no bit that the CPU does not have', () => {
    const hardware = hardwareOf(xeon);
    const claimed = hardware.cpus[0]?.cpuid ?? [];
    expect(hardware.partial).toBe(true);
    expect(falseBits(claimed, realCpuid('xeon-gold-5115.json'))).toEqual([]);
    expect(countBits(claimed)).toBeGreaterThan(100);
  });

  it.skipIf(labHosts.length === 0).each(labHosts.length === 0 ? ['none'] : labHosts)(
    'of the lab host %s proves no bit that CPUID does not have (skipped without ../shared/oracle)',
    (file) => {
      const { probe } = JSON.parse(gunzipSync(readFileSync(join(oracle, 'kvm-hosts', file))).toString()) as {
        probe: { proc_cpuinfo: string; raw_cpuid: Readonly<Record<string, readonly CpuidEntry[]>> };
      };
      const real = (probe.raw_cpuid['0'] ?? []).map((entry) => ({ ...entry, subleaf: entry.subleaf ?? 0 }));
      expect(falseBits(hardwareOf(probe.proc_cpuinfo).cpus[0]?.cpuid ?? [], real)).toEqual([]);
    },
  );

  it('tells vendor, highest leaf, signature and brand exactly', () => {
    const entries = hardwareOf(xeon).cpus[0]?.cpuid ?? [];
    const real = realCpuid('xeon-gold-5115.json');
    const find = (list: readonly CpuidEntry[], leaf: string): CpuidEntry | undefined =>
      list.find((entry) => entry.leaf === leaf);
    expect(find(entries, '0x00000000')).toEqual(find(real, '0x00000000'));
    expect(find(entries, '0x00000001')?.eax).toBe(find(real, '0x00000001')?.eax);
    expect(find(entries, '0x80000002')).toEqual(find(real, '0x80000002'));
  });

  it('groups equal CPUs, and keeps unlike ones apart', () => {
    expect(hardwareOf(xeon).cpus.map(({ cpus }) => cpus)).toEqual(['0-3']);
    const hybrid = cpu('fpu avx2') + cpu('fpu', undefined, 1) + cpu('fpu avx2', undefined, 2);
    expect(hardwareOf(hybrid).cpus.map(({ cpus }) => cpus)).toEqual(['0,2', '1']);
  });

  it('keeps the microcode, and says that a guest does not tell its hypervisor', () => {
    expect(hardwareOf(epyc).microcode).toBe('0x1000065');
    expect(readProcCpuinfo(epyc, options).notes.join(' ')).toContain('is itself a guest');
  });

  const ambiguous: readonly {
    readonly what: string;
    readonly text: string;
    readonly intel: string | null;
    readonly amd: string | null;
  }[] = [
    {
      what: 'ibrs ibpb stibp ssbd on Intel are bits of leaf 7',
      text: cpu('ibrs ibpb stibp ssbd'),
      intel: '0x8c000000',
      amd: null,
    },
    {
      what: 'on AMD, ibrs ibpb stibp are bits of leaf 80000008H, and ssbd may be made up',
      text: cpu('ibrs ibpb stibp ssbd', 'AuthenticAMD'),
      intel: null,
      amd: '0x0000d000',
    },
    {
      what: 'in a guest they may be of either',
      text: cpu('hypervisor ibrs ibpb stibp ssbd', 'AuthenticAMD'),
      intel: null,
      amd: null,
    },
  ];
  it.each(ambiguous)('$what', ({ text, intel, amd }) => {
    expect(registerOf(text, '0x00000007', 'edx')).toBe(intel);
    expect(registerOf(text, '0x80000008', 'ebx')).toBe(amd);
  });

  it('does not believe what Linux sets by itself on AMD', () => {
    expect(registerOf(cpu('arat 3dnowprefetch', 'AuthenticAMD'), '0x00000006', 'eax')).toBeNull();
    expect(registerOf(cpu('arat 3dnowprefetch', 'AuthenticAMD'), '0x80000001', 'ecx')).toBeNull();
    expect(registerOf(cpu('arat 3dnowprefetch'), '0x00000006', 'eax')).toBe('0x00000004');
  });

  it('lists no leaf of which no flag tells', () => {
    const leaves = hardwareOf(cpu('fpu avx2')).cpus[0]?.cpuid.map(({ leaf }) => Number(leaf));
    expect(leaves).toEqual([0, 1, 7]);
  });

  it('passes over a prompt before and after, and files without empty lines', () => {
    const pasted = `$ cat /proc/cpuinfo\n${cpu('fpu')}[root@node-a ~]#\n`;
    expect(hardwareOf(pasted).cpus).toHaveLength(1);
    const dense = (cpu('fpu') + cpu('fpu', undefined, 1)).replaceAll('\n\n', '\n');
    expect(hardwareOf(dense).cpus.map(({ cpus }) => cpus)).toEqual(['0-1']);
  });

  const damaged: readonly { readonly what: string; readonly text: string; readonly code: string }[] = [
    { what: 'a CPU that stands twice', text: cpu('fpu') + cpu('fpu'), code: 'IMPORT_INVALID' },
    { what: 'a vendor that is none', text: cpu('fpu', 'This is no vendor at all'), code: 'IMPORT_INVALID' },
    { what: 'a model beyond 255', text: cpu('fpu').replace(': 85', ': 300'), code: 'IMPORT_INVALID' },
    {
      what: 'a family that is no number',
      text: cpu('fpu').replace('family\t: 6', 'family\t: six'),
      code: 'IMPORT_INVALID',
    },
    { what: 'a line without a colon', text: cpu('fpu').replace('stepping\t:', 'stepping'), code: 'IMPORT_INVALID' },
    {
      what: '2,000 flags',
      text: cpu(Array.from({ length: 2000 }, (_, i) => `f${i}`).join(' ')),
      code: 'IMPORT_TOO_LARGE',
    },
    {
      what: '9,000 CPUs',
      text: Array.from({ length: 9000 }, (_, i) => cpu('fpu', undefined, i)).join(''),
      code: 'IMPORT_TOO_LARGE',
    },
  ];
  it.each(damaged)('refuses $what', ({ text, code }) => {
    expect(caught(() => readProcCpuinfo(text, options)).code).toBe(code);
  });
});
