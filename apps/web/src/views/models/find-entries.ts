import type { GuestCpuidEntryDocument } from '@cpu-atlas/contract';

/** A CPUID entry under a name of its own: `0x00000007.0`, or `0x00000001`. */
export interface FoundEntry {
  readonly key: string;
  readonly entry: GuestCpuidEntryDocument;
}

/** KVM_CPUID_FLAG_SIGNIFCANT_INDEX. Source: Linux, include/uapi/linux/kvm.h */
const hasSubleaves = 1;

export function keyOfEntry({ leaf, subleaf, flags }: GuestCpuidEntryDocument): string {
  return (flags & hasSubleaves) === 0 ? leaf : `${leaf}.${subleaf}`;
}

/** Entries in the order of their leaves, those that a search fits: a leaf, a register's value, a field or a feature. */
export function findEntries(entries: readonly GuestCpuidEntryDocument[], search: string): readonly FoundEntry[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return entries
    .map((entry) => ({ key: keyOfEntry(entry), entry }))
    .filter(({ key, entry }) => {
      const { eax, ebx, ecx, edx, fields, features, unknownFeatures } = entry;
      const named = [...fields.map(({ name, value }) => `${name} ${value ?? ''}`), ...features, ...unknownFeatures];
      const text = [key, eax, ebx, ecx, edx, ...named].join(' ').toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => a.entry.leaf.localeCompare(b.entry.leaf) || a.entry.subleaf - b.entry.subleaf);
}
