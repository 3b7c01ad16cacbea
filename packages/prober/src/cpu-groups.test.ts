import { describe, expect, it } from 'vitest';
import { groupCpus } from './cpu-groups.ts';
import { maskPerCpuEntry } from './cpuid-mask.ts';
import type { CpuidRecord } from './cpuid-record.ts';

function record(leaf: number, registers: Partial<CpuidRecord> = {}): CpuidRecord {
  return { leaf, subleaf: 0, eax: 0, ebx: 0, ecx: 0, edx: 0, ...registers };
}

describe('groupCpus', () => {
  const idsOnly: readonly { name: string; first: CpuidRecord; second: CpuidRecord }[] = [
    { name: 'initial APIC id', first: record(1, { ebx: 0x00020800 }), second: record(1, { ebx: 0xff020800 }) },
    { name: 'feedback row', first: record(6, { edx: 0x0000_0003 }), second: record(6, { edx: 0x0007_0003 }) },
    { name: 'x2APIC id of leaf 0BH', first: record(0xb, { edx: 0 }), second: record(0xb, { edx: 77 }) },
    { name: 'x2APIC id of leaf 1FH', first: record(0x1f, { edx: 0 }), second: record(0x1f, { edx: 77 }) },
    {
      name: 'core and node id of leaf 8000001EH',
      first: record(0x8000001e, { eax: 1, ebx: 0x100, ecx: 0x300 }),
      second: record(0x8000001e, { eax: 9, ebx: 0x104, ecx: 0x303 }),
    },
  ];
  it.each(idsOnly)('CPUs that differ in $name only are one group, shown by the first', ({ first, second }) => {
    const groups = groupCpus([
      { cpu: 4, records: [first] },
      { cpu: 5, records: [second] },
    ]);
    expect(groups.map((group) => group.cpus)).toEqual(['4-5']);
    expect(Number(groups[0]?.cpuid[0]?.ebx)).toBe(first.ebx);
  });

  it('CPUs with another feature, leaf or core type are groups of their own', () => {
    const groups = groupCpus([
      { cpu: 0, records: [record(1), record(0x1a, { eax: 0x4000_0001 })] },
      { cpu: 1, records: [record(1), record(0x1a, { eax: 0x2000_0001 })] },
      { cpu: 2, records: [record(1), record(0x1a, { eax: 0x4000_0001 })] },
      { cpu: 3, records: [record(1)] },
    ]);
    expect(groups.map((group) => group.cpus)).toEqual(['0,2', '1', '3']);
  });

  it('masks entries of a snapshot alike', () => {
    const entry = {
      leaf: '0x00000001',
      subleaf: 0,
      eax: '0x00a10f11',
      ebx: '0x01020800',
      ecx: '0xfffa3203',
      edx: '0x178bfbff',
    };
    expect(maskPerCpuEntry(entry)).toEqual({ ...entry, ebx: '0x00020800' });
  });
});
