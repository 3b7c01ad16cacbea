import { findFeatureBits } from '../../x86/feature-table.ts';
import { parseWordKey } from '../../x86/word-layout.ts';
import type { CpuidTable } from '../../x86/registers.ts';
import type { LibvirtBits, LibvirtMapIndex } from './cpu-map.ts';

/** The features that registers show, as libvirt reads them: what a dump does not list counts as 0. */
export function bitsOfRegisters(
  index: LibvirtMapIndex,
  cpuid: CpuidTable,
  msrs: ReadonlyMap<number, bigint>,
): LibvirtBits {
  let bits = 0n;
  for (const [place, position] of index.places) {
    const [key, bit] = place.split('/');
    const word = parseWordKey(key);
    if (word === null) continue;
    const value =
      word.kind === 'msr'
        ? (msrs.get(word.index) ?? 0n)
        : BigInt(cpuid.get(word.leaf, word.subleaf ?? 0)?.[word.register] ?? 0);
    if ((value >> BigInt(bit)) & 1n) bits |= 1n << BigInt(position);
  }
  return bits;
}

/** libvirt's name of a feature of QEMU; null where the map has none. */
export function libvirtNameOf(index: LibvirtMapIndex, qemuName: string): string | null {
  const direct = index.nameOfQemu.get(qemuName);
  if (direct !== undefined) return direct;
  for (const record of findFeatureBits(qemuName)) {
    const known = [record.libvirt, record.name, ...record.aliases].find(
      (name) => name !== null && index.nameOfQemu.has(name),
    );
    if (known !== undefined && known !== null) return index.nameOfQemu.get(known) ?? null;
  }
  return null;
}

/** The features that QEMU says are on, as libvirt reads them: what its map does not name is left out. */
export function bitsOfQemuFeatures(index: LibvirtMapIndex, names: Iterable<string>): LibvirtBits {
  let bits = 0n;
  for (const name of names) {
    const own = libvirtNameOf(index, name);
    bits |= (own === null ? undefined : index.featureByName.get(own)?.bits) ?? 0n;
  }
  return bits;
}
