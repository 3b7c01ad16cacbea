import type { FeatureLocation } from '../catalog/catalog-index.ts';
import type { WordSpec } from '../catalog/catalog.ts';
import type { ResolveContext } from './context.ts';
import { featureBitsOf } from './feature-msr.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';

/** One feature bit, seen from all sides. */
export interface BitPlace {
  readonly location: FeatureLocation;
  /** Index into the catalog's words. */
  readonly word: number;
  readonly bit: number;
}

export type Presence = 'present' | 'absent' | 'unknown';

export const isKvmLeaf = (leaf: number): boolean => leaf >= 0x40000000 && leaf < 0x50000000;

/** Where a CPUID register is. */
export type CpuidPlace = Pick<Extract<WordSpec, { kind: 'cpuid' }>, 'leaf' | 'subleaf' | 'register'>;

/** A register as far as it is known: bits that are 1, and bits of which it is not known. All others are 0. */
export interface KnownRegister {
  readonly ones: number;
  readonly unknown: number;
}

const everyBit = 0xffffffff;

/** One register of the silicon. `silicon` is one of the kinds of CPU; null: the CPU was not seen. */
export function siliconRegister(
  { silicon, isPartial }: Pick<HostFacts, 'silicon' | 'isPartial'>,
  { leaf, subleaf, register }: CpuidPlace,
): KnownRegister {
  if (silicon === null) return { ones: 0, unknown: everyBit };
  const ones = silicon.get(leaf, subleaf ?? 0)?.[register] ?? 0;
  return { ones, unknown: isPartial ? ~ones >>> 0 : 0 };
}

/** Whether a bit of a register is 1. */
export function presenceOf({ ones, unknown }: KnownRegister, bit: number): Presence {
  if ((ones >>> bit) & 1) return 'present';
  return (unknown >>> bit) & 1 ? 'unknown' : 'absent';
}

/** The CPUID bit without which an MSR of feature bits does not exist. Source: Intel SDM vol. 4 */
const msrFeatures: Readonly<Record<number, CpuidPlace & { readonly bit: number }>> = {
  0x10a: { leaf: 7, subleaf: 0, register: 'EDX', bit: 29 },
  0xcf: { leaf: 7, subleaf: 0, register: 'EDX', bit: 30 },
  0x345: { leaf: 1, subleaf: null, register: 'ECX', bit: 15 },
};
const vmx = { leaf: 1, subleaf: null, register: 'ECX', bit: 5 } as const;

/** All kinds of CPU of a host must have a bit; one of which it is not known leaves it open. */
function ofAll(presences: readonly Presence[]): Presence {
  if (presences.length === 0) return 'unknown';
  if (presences.includes('absent')) return 'absent';
  return presences.includes('unknown') ? 'unknown' : 'present';
}

/** What the silicon says of a CPUID bit that all kinds of CPU must have. */
function cpuidBit({ groups, isPartial }: HostFacts, place: CpuidPlace, bit: number): Presence {
  return ofAll(groups.map((silicon) => presenceOf(siliconRegister({ silicon, isPartial }, place), bit)));
}

/** Whether the silicon has an MSR of feature bits at all. */
export function siliconHasMsr(facts: HostFacts, msr: number): Presence {
  if (facts.siliconMsrs.has(msr) && facts.groups.length < 2) return 'present';
  const feature = msrFeatures[msr] ?? vmx;
  return cpuidBit(facts, feature, feature.bit);
}

/** A bit of an MSR of the silicon. The values are of one kind of CPU; of another kind they are not known. */
function msrBit(facts: HostFacts, msr: number, bit: number): Presence {
  if (siliconHasMsr(facts, msr) === 'absent') return 'absent';
  const value = facts.siliconMsrs.get(msr);
  if (value === undefined) return 'unknown';
  if (((featureBitsOf(msr, value) >> BigInt(bit)) & 1n) === 0n) return 'absent';
  return facts.groups.length < 2 ? 'present' : 'unknown';
}

/** What the silicon says of a feature bit. */
export function siliconHas({ facts, index }: ResolveContext, { word, bit }: BitPlace): Presence {
  const spec = index.layout.words[word];
  if (spec.kind === 'msr') return msrBit(facts, spec.index, bit);
  return isKvmLeaf(spec.leaf) ? 'present' : cpuidBit(facts, spec, bit);
}

/** What KVM itself says of a bit, before QEMU's corrections. */
export function kvmHas({ index }: ResolveContext, kvm: KvmFacts, { word, bit }: BitPlace): Presence {
  const spec = index.layout.words[word];
  if (spec.kind === 'cpuid') {
    const ones = kvm.supported.get(spec.leaf, spec.subleaf ?? 0)?.[spec.register] ?? 0;
    return presenceOf({ ones, unknown: 0 }, bit);
  }
  const value = kvm.featureMsrs.get(spec.index);
  if (value === undefined) return kvm.unreadableMsrs.has(spec.index) ? 'unknown' : 'absent';
  return (featureBitsOf(spec.index, value) >> BigInt(bit)) & 1n ? 'present' : 'absent';
}
