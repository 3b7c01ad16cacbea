import { perCpuMasks } from '@cpu-atlas/core';
import type { CpuidEntry } from '@cpu-atlas/core';
import type { CpuidRecord } from './cpuid-record.ts';
import { toCpuidEntry } from './cpuid-record.ts';

/** The record with the bits cleared that only tell one CPU from another. */
export function maskPerCpu(record: CpuidRecord): CpuidRecord {
  const [eax, ebx, ecx, edx] = perCpuMasks(record.leaf);
  return {
    leaf: record.leaf,
    subleaf: record.subleaf,
    eax: (record.eax & ~eax) >>> 0,
    ebx: (record.ebx & ~ebx) >>> 0,
    ecx: (record.ecx & ~ecx) >>> 0,
    edx: (record.edx & ~edx) >>> 0,
  };
}

/** {@link maskPerCpu} for entries of a snapshot: two probes of one host are equal after this. */
export function maskPerCpuEntry(entry: CpuidEntry): CpuidEntry {
  return toCpuidEntry(
    maskPerCpu({
      leaf: Number(entry.leaf),
      subleaf: entry.subleaf,
      eax: Number(entry.eax),
      ebx: Number(entry.ebx),
      ecx: Number(entry.ecx),
      edx: Number(entry.edx),
    }),
  );
}
