import type { FeatureLocation } from '../catalog/catalog-index.ts';
import { isUnknown } from '../snapshot/snapshot.ts';
import type { CpuidTable } from '../x86/registers.ts';
import type { ResolveContext } from './context.ts';
import type { KvmFacts } from './host-facts.ts';

/** One feature bit, seen from all sides. */
export interface BitPlace {
  readonly location: FeatureLocation;
  /** Index into the catalog's words. */
  readonly word: number;
  readonly bit: number;
}

export type Presence = 'present' | 'absent' | 'unknown';

export const isKvmLeaf = (leaf: number): boolean => leaf >= 0x40000000 && leaf < 0x50000000;

/** The CPUID bit without which an MSR of feature bits does not exist. Source: Intel SDM vol. 4 */
const msrFeatures: Readonly<Record<number, readonly [leaf: number, register: 'ECX' | 'EDX', bit: number]>> = {
  0x10a: [7, 'EDX', 29],
  0xcf: [7, 'EDX', 30],
  0x345: [1, 'ECX', 15],
};
const vmx = [1, 'ECX', 5] as const;

/** All kinds of CPU of a host must have a bit; one of which it is not known leaves it open. */
function ofAll(presences: readonly Presence[]): Presence {
  if (presences.length === 0) return 'unknown';
  if (presences.includes('absent')) return 'absent';
  return presences.includes('unknown') ? 'unknown' : 'present';
}

/** What the silicon says of a CPUID bit; of a bit of an MSR, whether the MSR is there. */
export function siliconHas({ facts, index, snapshot }: ResolveContext, place: BitPlace): Presence {
  const word = index.layout.words[place.word];
  if (word.kind === 'cpuid' && isKvmLeaf(word.leaf)) return 'present';
  const [leaf, subleaf, register, bit] =
    word.kind === 'cpuid'
      ? ([word.leaf, word.subleaf ?? 0, word.register, place.bit] as const)
      : (([msrLeaf, msrRegister, msrBit]) => [msrLeaf, 0, msrRegister, msrBit] as const)(
          msrFeatures[word.index] ?? vmx,
        );
  const hardware = snapshot?.hardware;
  const isPartial = hardware !== undefined && !isUnknown(hardware) && hardware.partial === true;
  const inGroup = (table: CpuidTable): Presence => {
    const registers = table.get(leaf, subleaf);
    if (registers === null) return isPartial ? 'unknown' : 'absent';
    return (registers[register] >>> bit) & 1 ? 'present' : 'absent';
  };
  return ofAll(facts.groups.map(inGroup));
}

/** What KVM itself says of a bit, before QEMU's corrections. */
export function kvmHas({ index }: ResolveContext, kvm: KvmFacts, { word, bit }: BitPlace): boolean {
  const spec = index.layout.words[word];
  if (spec.kind === 'msr') return (((kvm.featureMsrs.get(spec.index) ?? 0n) >> BigInt(bit)) & 1n) === 1n;
  const register = kvm.supported.get(spec.leaf, spec.subleaf ?? 0)?.[spec.register] ?? 0;
  return ((register >>> bit) & 1) === 1;
}
