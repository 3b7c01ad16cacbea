import type { CpuidEntry } from '@cpu-atlas/core';

const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;

/** Bits that `claimed` has and `real` lacks, as `00000007.0.ebx 0x20`. Leaves 0 and 80000002H to 80000004H hold text. */
export function falseBits(claimed: readonly CpuidEntry[], real: readonly CpuidEntry[]): string[] {
  return claimed.flatMap((entry) => {
    const leaf = Number(entry.leaf);
    if (leaf === 0 || (leaf >= 0x8000_0002 && leaf <= 0x8000_0004)) return [];
    const other = real.find((each) => Number(each.leaf) === leaf && each.subleaf === entry.subleaf);
    return registers.flatMap((register) => {
      const surplus = (Number(entry[register]) & ~Number(other?.[register] ?? 0)) >>> 0;
      return surplus === 0 ? [] : [`${entry.leaf.slice(2)}.${entry.subleaf}.${register} 0x${surplus.toString(16)}`];
    });
  });
}

/** How many bits are 1 in the registers of leaves that hold features. */
export function countBits(entries: readonly CpuidEntry[]): number {
  const text = entries.flatMap((entry) => registers.map((register) => Number(entry[register]).toString(2))).join('');
  return text.replaceAll('0', '').length;
}
