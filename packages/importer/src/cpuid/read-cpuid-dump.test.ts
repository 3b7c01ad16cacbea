import { isUnknown, type HardwareLayer } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { caught } from '../testing/caught.ts';
import { options, readCorpus } from '../testing/seed-corpus.ts';
import { readCpuidDump } from './read-cpuid-dump.ts';

const xeon = Buffer.from(readCorpus('cpuid-one-xeon-gold-6148.txt')).toString();
const guest = Buffer.from(readCorpus('cpuid-all-epyc-milan-guest.txt')).toString();

function hardwareOf(text: string): HardwareLayer {
  const hardware = readCpuidDump(text, options).snapshots[0]?.hardware;
  if (hardware === undefined || isUnknown(hardware)) throw new Error('the hardware is unknown');
  return hardware;
}

const leavesOf = (text: string): (number | undefined)[] =>
  hardwareOf(text).cpus[0]?.cpuid.map(({ leaf }) => Number(leaf)) ?? [];

describe('cpuid -r', () => {
  it('of a real host is one CPU, complete', () => {
    const hardware = hardwareOf(xeon);
    expect(hardware.cpus.map(({ cpus }) => cpus)).toEqual(['0']);
    expect(hardware.partial).toBeUndefined();
    expect(readCpuidDump(xeon, options).notes.join(' ')).toContain('the dump is of one CPU');
  });

  it('of all CPUs groups those that differ in ids only, and names the hypervisor', () => {
    const hardware = hardwareOf(guest);
    expect(hardware.cpus.map(({ cpus }) => cpus)).toEqual(['0-1']);
    expect(hardware.hypervisor).toBe('TCGTCGTCGTCG');
    expect(readCpuidDump(guest, options).notes.join(' ')).not.toContain('one CPU');
  });

  it('of a host with two kinds of CPU keeps them apart', () => {
    const [first = '', second = ''] = guest.split('CPU 1:\n');
    const weaker = second.replace(/(0x00000007 0x00: eax=0x00000000 ebx=)0x[0-9a-f]{8}/, '$10x00000001');
    expect(hardwareOf(`${first}CPU 1:\n${weaker}CPU 2:\n${second}`).cpus.map(({ cpus }) => cpus)).toEqual(['0,2', '1']);
  });

  it('leaves out ranges that the CPU does not have', () => {
    expect(leavesOf(xeon).filter((leaf) => leaf !== undefined && leaf > 0x8000_0008)).toEqual([]);
    expect(readCpuidDump(xeon, options).notes.join(' ')).toContain('80860000H, C0000000H');
  });

  it('is partial when leaves are missing that the CPU has', () => {
    const without7 = xeon.replaceAll(/^ +0x0000000[7a] .*\n/gm, '');
    expect(hardwareOf(without7).partial).toBe(true);
    expect(readCpuidDump(without7, options).notes.join(' ')).toContain('not in the dump, and unknown: 7H, AH');
  });

  it('passes over a prompt before and after, and a dump without a header', () => {
    expect(hardwareOf(`root@node:~# cpuid -1 -r\n${xeon}root@node:~#\n`).cpus).toEqual(hardwareOf(xeon).cpus);
    expect(hardwareOf(xeon.replace('CPU:\n', '')).cpus).toEqual(hardwareOf(xeon).cpus);
  });

  it('takes the name of the host from who imports it, else from the CPU', () => {
    const named = readCpuidDump(xeon, { ...options, hostName: 'node-a', labels: { rack: 'r1' } }).snapshots[0];
    expect(named?.host).toEqual({ id: 'import:node-a', name: 'node-a', labels: { rack: 'r1' } });
    expect(readCpuidDump(xeon, options).snapshots[0]?.host.name).toBe('Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz');
  });

  const damaged: readonly { readonly what: string; readonly text: string; readonly where: string }[] = [
    { what: 'a line that is cut', text: xeon.slice(0, -20), where: 'paste: line 52' },
    { what: 'a CPU that stands twice', text: xeon + xeon, where: 'paste: line 53' },
    { what: 'a register of 9 digits', text: xeon.replace('eax=0x00000016', 'eax=0x000000016'), where: 'paste: line 2' },
    { what: 'other text in the dump', text: xeon.replace(/\n/, '\nhello world\n'), where: 'paste: line 2' },
    { what: 'a CPU without leaves', text: `${xeon}CPU 1:\n`, where: 'paste' },
  ];
  it.each(damaged)('refuses $what, with its line', ({ text, where }) => {
    expect(caught(() => readCpuidDump(text, options))).toMatchObject({ code: 'IMPORT_INVALID', where });
  });
});
