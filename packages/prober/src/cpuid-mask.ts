import type { CpuidEntry } from '@cpu-atlas/core';
import type { CpuidRecord } from './cpuid-record.ts';
import { toCpuidEntry } from './cpuid-record.ts';

/** Bits of a leaf that differ from CPU to CPU of one kind: ids, not features. Missing registers are compared whole. */
interface PerCpuBits {
  readonly eax?: number;
  readonly ebx?: number;
  readonly ecx?: number;
  readonly edx?: number;
}

const all = 0xffff_ffff;

/**
 * Source: Intel SDM vol. 2A, CPUID leaves 01H (initial APIC id), 06H (row in the hardware feedback table), 0BH and 1FH
 * (x2APIC id); AMD APM vol. 3 appendix E, 8000001EH (extended APIC id, core id, node id), 80000026H (x2APIC id); Xen public/arch-x86/cpuid.h,
 * leaf 4 of its range (vCPU id).
 */
const perCpuBits: ReadonlyMap<number, PerCpuBits> = new Map<number, PerCpuBits>([
  [0x01, { ebx: 0xff00_0000 }],
  [0x06, { edx: 0xffff_0000 }],
  [0x0b, { edx: all }],
  [0x1f, { edx: all }],
  [0x40000004, { ebx: all }],
  [0x40000104, { ebx: all }],
  [0x8000001e, { eax: all, ebx: 0xff, ecx: 0xff }],
  [0x80000026, { edx: all }],
]);

/** The record with the bits cleared that only tell one CPU from another. */
export function maskPerCpu(record: CpuidRecord): CpuidRecord {
  const bits = perCpuBits.get(record.leaf);
  if (bits === undefined) return record;
  return {
    leaf: record.leaf,
    subleaf: record.subleaf,
    eax: (record.eax & ~(bits.eax ?? 0)) >>> 0,
    ebx: (record.ebx & ~(bits.ebx ?? 0)) >>> 0,
    ecx: (record.ecx & ~(bits.ecx ?? 0)) >>> 0,
    edx: (record.edx & ~(bits.edx ?? 0)) >>> 0,
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
