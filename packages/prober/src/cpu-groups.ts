import type { CpuGroup } from '@cpu-atlas/core';
import { formatCpuList } from '@cpu-atlas/core';
import { maskPerCpu } from './cpuid-mask.ts';
import type { CpuidRecord } from './cpuid-record.ts';
import { toCpuidEntry } from './cpuid-record.ts';

/** The CPUID dump of one CPU. */
export interface CpuDump {
  readonly cpu: number;
  readonly records: readonly CpuidRecord[];
}

/**
 * Groups CPUs whose CPUID is equal but for ids. A group holds the unmasked entries of its first CPU; groups are in the
 * order of their first CPU.
 */
export function groupCpus(dumps: readonly CpuDump[]): readonly CpuGroup[] {
  const groups = new Map<string, { readonly first: CpuDump; readonly cpus: number[] }>();
  for (const dump of dumps) {
    const key = dump.records.map((record) => spell(maskPerCpu(record))).join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: dump, cpus: [dump.cpu] });
    else group.cpus.push(dump.cpu);
  }
  return [...groups.values()].map(({ first, cpus }) => ({
    cpus: formatCpuList(cpus),
    cpuid: first.records.map(toCpuidEntry),
  }));
}

function spell({ leaf, subleaf, eax, ebx, ecx, edx }: CpuidRecord): string {
  return `${leaf} ${subleaf} ${eax} ${ebx} ${ecx} ${edx}`;
}
