import type { CpuGroup } from '@cpu-atlas/core';
import { formatCpuList } from './cpu-list.ts';
import { toCpuidEntry, type CpuidRow } from './cpuid-registers.ts';

/** The dump of one CPU. */
export interface CpuDump {
  readonly cpu: number;
  readonly rows: readonly CpuidRow[];
}

type Register = 'eax' | 'ebx' | 'ecx' | 'edx';

const all = 0xffff_ffff;

/**
 * Bits that tell one CPU from another of its kind: ids, no features.
 *
 * Source: Intel SDM vol. 2A, CPUID leaves 01H (initial APIC id), 06H (row in the hardware feedback table), 0BH and 1FH
 * (x2APIC id); AMD APM vol. 3 appendix E, 8000001EH (extended APIC id, core and node id), 80000026H (x2APIC id).
 */
const perCpuBits: ReadonlyMap<number, Readonly<Partial<Record<Register, number>>>> = new Map([
  [0x01, { ebx: 0xff00_0000 }],
  [0x06, { edx: 0xffff_0000 }],
  [0x0b, { edx: all }],
  [0x1f, { edx: all }],
  [0x8000_001e, { eax: all, ebx: 0xff, ecx: 0xff }],
  [0x8000_0026, { edx: all }],
]);

function keyOf({ leaf, subleaf, eax, ebx, ecx, edx }: CpuidRow): string {
  const bits = perCpuBits.get(leaf) ?? {};
  const masked = [eax & ~(bits.eax ?? 0), ebx & ~(bits.ebx ?? 0), ecx & ~(bits.ecx ?? 0), edx & ~(bits.edx ?? 0)];
  return `${leaf} ${subleaf} ${masked.join(' ')}`;
}

/** CPUs whose CPUID is equal but for ids are one group, shown by its first CPU. Groups are in the order of their first. */
export function groupCpus(dumps: readonly CpuDump[]): readonly CpuGroup[] {
  const groups = new Map<string, { readonly first: CpuDump; readonly cpus: number[] }>();
  for (const dump of dumps) {
    const key = dump.rows.map(keyOf).join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: dump, cpus: [dump.cpu] });
    else group.cpus.push(dump.cpu);
  }
  return [...groups.values()].map(({ first, cpus }) => ({
    cpus: formatCpuList(cpus),
    cpuid: first.rows.map(toCpuidEntry),
  }));
}
