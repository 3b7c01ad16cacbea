import { findRow, type CpuidRow } from './cpuid-registers.ts';

/**
 * Dump tools ask the first leaf of every range that any CPU ever had. An Intel CPU answers a leaf that it does not have
 * with the values of its highest basic leaf, so what stands there may be noise: a range is believed only when its first
 * leaf names a leaf of that range. Hypervisor ranges exist when leaf 1 says that there is a hypervisor.
 *
 * Source: Intel SDM vol. 2A, CPUID ("INPUT EAX exceeds maximum"); Linux Documentation/virt/kvm/x86/cpuid.rst (old KVM
 * leaves EAX of 40000000H at 0 and means 40000001H).
 */
const rangeLeaves = 0x100;
const hypervisorBit = 31;
const hypervisorRanges = 16;

const baseOf = (leaf: number): number => {
  if (leaf >= 0x4000_0000 && leaf < 0x4000_0000 + hypervisorRanges * rangeLeaves) return leaf - (leaf % rangeLeaves);
  return leaf >= 0x1000_0000 ? leaf - (leaf % 0x1_0000) : 0;
};

const isHypervisorBase = (base: number): boolean => base >= 0x4000_0000 && base < 0x5000_0000;

function lastLeafOf(rows: readonly CpuidRow[], base: number): number | null {
  const first = findRow(rows, base);
  if (first === undefined) return null;
  if (base === 0) return Math.min(first.eax, rangeLeaves - 1);
  if (first.eax >= base && first.eax < base + rangeLeaves) return first.eax;
  return base === 0x4000_0000 ? base + 1 : null;
}

export interface BelievedRows {
  readonly rows: readonly CpuidRow[];
  /** Leaves that were listed, but do not exist. */
  readonly ignored: readonly number[];
}

/** Sorts a dump into what the CPU has and what only stands there because the tool asked. */
export function believeRanges(rows: readonly CpuidRow[]): BelievedRows {
  const isGuest = (((findRow(rows, 1)?.ecx ?? 0) >>> hypervisorBit) & 1) === 1;
  const lastLeaves = new Map<number, number | null>();
  for (const { leaf } of rows) {
    const base = baseOf(leaf);
    if (!lastLeaves.has(base)) lastLeaves.set(base, isHypervisorBase(base) && !isGuest ? null : lastLeafOf(rows, base));
  }
  const isBelieved = ({ leaf }: CpuidRow): boolean => leaf <= (lastLeaves.get(baseOf(leaf)) ?? -1);
  return { rows: rows.filter(isBelieved), ignored: rows.filter((row) => !isBelieved(row)).map(({ leaf }) => leaf) };
}

/**
 * Leaves that the tools list only as far as their subleaves are valid: where a CPU has no valid one (leaf 4 of AMD),
 * nothing is listed, and the leaf is 0.
 */
const enumeratedLeaves = new Set([0x04, 0x0b, 0x1f, 0x8000_001d, 0x8000_0026]);

/** Leaves that the CPU has and the dump lacks. Empty: the dump is whole. */
export function listMissingLeaves(rows: readonly CpuidRow[]): readonly number[] {
  const listed = new Set(rows.map(({ leaf }) => leaf));
  const missing: number[] = [];
  for (const base of [0, 0x8000_0000]) {
    const last = lastLeafOf(rows, base) ?? base;
    for (let leaf = base; leaf <= last; leaf++) {
      if (!listed.has(leaf) && !enumeratedLeaves.has(leaf)) missing.push(leaf);
    }
  }
  return missing;
}
