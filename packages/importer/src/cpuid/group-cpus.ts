import { formatCpuList, perCpuMasks } from '@cpu-atlas/core';
import type { CpuGroup } from '@cpu-atlas/core';
import { toCpuidEntry, type CpuidRow } from './cpuid-registers.ts';

/** The dump of one CPU. */
export interface CpuDump {
  readonly cpu: number;
  readonly rows: readonly CpuidRow[];
}

function keyOf({ leaf, subleaf, eax, ebx, ecx, edx }: CpuidRow): string {
  const [a, b, c, d] = perCpuMasks(leaf);
  const masked = [eax & ~a, ebx & ~b, ecx & ~c, edx & ~d];
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
