import { featureRecords, wordRecords, type WordSpec } from '@cpu-atlas/core';
import type { ProvenBit } from './linux-flags.ts';

const words: ReadonlyMap<string, WordSpec> = new Map(wordRecords().map(({ key, spec }) => [key, spec]));
const records = featureRecords().filter(({ libvirt }) => libvirt !== null);

const bitsByName: ReadonlyMap<string, readonly ProvenBit[]> = new Map(
  records.map(({ libvirt, word, bit }) => {
    const spec = words.get(word);
    return [libvirt ?? '', spec?.kind === 'cpuid' ? [{ word: spec, bit }] : []] as const;
  }),
);

const qemuByName: ReadonlyMap<string, string> = new Map(
  records.flatMap(({ libvirt, name }) => (libvirt !== null && name !== null ? [[libvirt, name] as const] : [])),
);

/** The CPUID bits of a feature by libvirt's name. Null: the name is not known; empty: it is a bit of an MSR. */
export function bitsOfLibvirtName(name: string): readonly ProvenBit[] | null {
  return bitsByName.get(name) ?? null;
}

/** QEMU's name of a feature by libvirt's: `pclmulqdq` for `pclmuldq`. Null: QEMU has none, or the name is not known. */
export function qemuNameOf(libvirtName: string): string | null {
  return qemuByName.get(libvirtName) ?? null;
}

/** libvirt's vendor names. Source: libvirt's CPU map, x86 vendors */
export const vendorSignatures: Readonly<Record<string, string>> = {
  Intel: 'GenuineIntel',
  AMD: 'AuthenticAMD',
  Hygon: 'HygonGenuine',
};
