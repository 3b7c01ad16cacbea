import type { Disagreement, DisputedBit } from '@cpu-atlas/core';

/** `libvirt CPUID.80000001H:ECX[2]`: how an address names a disputed bit. */
export function keyOfDispute({ side, bit }: Pick<DisputedBit, 'side' | 'bit'>): string {
  return `${side} ${bit}`;
}

/** Disagreements over one bit ('': any), of models or bits that a search fits. */
export function filterDisagreements(
  disagreements: readonly Disagreement[],
  { search, bit }: { readonly search: string; readonly bit: string },
): readonly Disagreement[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return disagreements.filter(({ model, onlyLibvirt, onlyQemu }) => {
    const keys = [
      ...onlyLibvirt.map((one) => keyOfDispute({ ...one, side: 'libvirt' })),
      ...onlyQemu.map((one) => keyOfDispute({ ...one, side: 'qemu' })),
    ];
    if (bit !== '' && !keys.includes(bit)) return false;
    const text = [model, ...[...onlyLibvirt, ...onlyQemu].map(({ name }) => name ?? '')].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
