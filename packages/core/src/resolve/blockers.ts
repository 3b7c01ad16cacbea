import type { FeatureLocation } from '../catalog/catalog-index.ts';
import { isUnknown } from '../snapshot/snapshot.ts';
import { bitCoordinate, wordKeyOf } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';
import type { ResolvedCell } from './resolve.ts';
import type { Blocker, ResolutionRequest } from './resolution.ts';

/** One feature bit, seen from all sides. */
export interface BitPlace {
  readonly location: FeatureLocation;
  /** Index into the catalog's words. */
  readonly word: number;
  readonly bit: number;
}

type Presence = 'present' | 'absent' | 'unknown';

/** Features that KVM or QEMU make up without the CPU: their absence in silicon explains nothing. */
const madeUp = new Set(['x2apic', 'tsc-deadline', 'hypervisor', 'tsc-adjust', 'arat', 'umip', 'movbe']);

/** What the silicon says of a CPUID bit. For MSR words the CPUID feature that brings the MSR decides. */
function siliconHas(context: ResolveContext, place: BitPlace): Presence {
  const { silicon } = context.facts;
  if (silicon === null) return 'unknown';
  const word = context.index.layout.words[place.word];
  if (word.kind === 'msr') return siliconHasMsr(context, word.index);
  if (isKvmLeaf(word.leaf)) return 'present';
  const registers = silicon.get(word.leaf, word.subleaf ?? 0);
  if (registers !== null) return (registers[word.register] >>> place.bit) & 1 ? 'present' : 'absent';
  return isPartial(context) ? 'unknown' : 'absent';
}

function isPartial({ snapshot }: ResolveContext): boolean {
  const hardware = snapshot?.hardware;
  return hardware !== undefined && !isUnknown(hardware) && hardware.partial === true;
}

const isKvmLeaf = (leaf: number): boolean => leaf >= 0x40000000 && leaf < 0x50000000;

/** The CPUID bit without which an MSR of feature bits does not exist. Source: Intel SDM vol. 4 */
function siliconHasMsr({ facts: { silicon } }: ResolveContext, msr: number): Presence {
  const bit = (leaf: number, register: 'ECX' | 'EDX', number: number): Presence =>
    ((silicon?.get(leaf)?.[register] ?? 0) >>> number) & 1 ? 'present' : 'absent';
  if (msr === 0x10a) return bit(7, 'EDX', 29);
  if (msr === 0xcf) return bit(7, 'EDX', 30);
  if (msr === 0x345) return bit(1, 'ECX', 15);
  return bit(1, 'ECX', 5);
}

function kvmHas({ index }: ResolveContext, kvm: KvmFacts, place: BitPlace): boolean {
  const word = index.layout.words[place.word];
  if (word.kind === 'cpuid')
    return (((kvm.supported.get(word.leaf, word.subleaf ?? 0)?.[word.register] ?? 0) >>> place.bit) & 1) === 1;
  return (((kvm.featureMsrs.get(word.index) ?? 0n) >> BigInt(place.bit)) & 1n) === 1n;
}

function parameterOf(facts: HostFacts, name: string): string | null {
  const modules = facts.kvm?.layer.modules ?? {};
  for (const parameters of Object.values(modules)) if (parameters[name] !== undefined) return parameters[name];
  return null;
}

const isOff = (value: string | null): boolean => value === '0' || value === 'N' || value === 'n';

function isNestedFeature(key: string, name: string): boolean {
  return key === '8000000a.EDX' || name === 'svm' || name === 'vmx' || name.startsWith('vmx-');
}

function kernelBlocker(context: ResolveContext, place: BitPlace, coordinate: string): Blocker {
  const { facts, index } = context;
  const { name } = place.location;
  const key = wordKeyOf(index.layout.words[place.word]);
  const release = facts.kvm?.release ?? '';
  const module = facts.vendor === 'GenuineIntel' ? 'kvm_intel' : 'kvm_amd';
  const evidence = `${coordinate}=0 in what KVM offers (Linux ${release}), although the CPU has it`;
  if (isNestedFeature(key, name) && isOff(parameterOf(facts, 'nested')))
    return {
      layer: 'kernel',
      evidence: `${evidence}; ${module} runs with nested=0`,
      remedy: `load ${module} with nested=1`,
    };
  if (key === 'msr.345' || name === 'pdcm' || name.startsWith('perfctr') || name === 'arch-lbr')
    if (isOff(parameterOf(facts, 'enable_pmu')))
      return {
        layer: 'kernel',
        evidence: `${evidence}; kvm runs with enable_pmu=N`,
        remedy: 'load kvm with enable_pmu=1',
      };
  if (isKvmLeaf(kvmLeafOf(context, place)))
    return {
      layer: 'kernel',
      evidence: `${coordinate}=0 in what KVM offers (Linux ${release})`,
      remedy: `a newer kernel may offer it; until then append ,-${name}`,
    };
  return {
    layer: 'kernel',
    evidence,
    remedy: `a newer kernel or another KVM module parameter may offer it; until then append ,-${name}`,
  };
}

function kvmLeafOf({ index }: ResolveContext, place: BitPlace): number {
  const word = index.layout.words[place.word];
  return word.kind === 'cpuid' ? word.leaf : 0;
}

function hardwareBlocker(context: ResolveContext, place: BitPlace, coordinate: string): Blocker {
  const { name } = place.location;
  const word = context.index.layout.words[place.word];
  const evidence =
    word.kind === 'msr'
      ? `the host CPU has no MSR ${word.index.toString(16).toUpperCase()}H`
      : `${coordinate}=0 on the host CPU`;
  if ((name === 'hle' || name === 'rtm') && context.facts.vendor === 'GenuineIntel')
    return {
      layer: 'hardware',
      evidence,
      remedy: 'microcode updates take TSX away: use the -noTSX version of the model',
    };
  if (isNestedFeature(wordKeyOf(word), name) && (name === 'svm' || name === 'vmx'))
    return {
      layer: 'hardware',
      evidence,
      remedy: 'switch virtualisation on in the firmware (or nested virtualisation, where this host is itself a guest)',
    };
  return { layer: 'hardware', evidence, remedy: `choose a model or version without ${name}, or append ,-${name}` };
}

/** The parent whose absence took a feature away. */
function missingParent({ index }: ResolveContext, { words }: ResolvedCell, { location }: BitPlace): string | null {
  const found = index.dependencies.find(
    ({ whenMissing, clears }) =>
      (clears[location.lane] & location.mask) !== 0 && (words.requested[whenMissing.lane] & whenMissing.mask) === 0,
  );
  return found?.whenMissing.name ?? null;
}

function droppedBlocker(context: ResolveContext, resolved: ResolvedCell, place: BitPlace): Blocker | null {
  const { lane, mask, name } = place.location;
  if ((resolved.words.conflicting[lane] & mask) !== 0)
    return {
      layer: 'dependency',
      evidence: `${name} is asked for together with a feature that excludes it`,
      remedy: `append ,-${name} or switch the other off`,
    };
  if ((resolved.words.dropped[lane] & mask) === 0) return null;
  const parent = missingParent(context, resolved, place);
  const evidence =
    parent === null
      ? `what ${name} depends on is not requested`
      : `${name} depends on ${parent}, which is not requested`;
  return {
    layer: 'dependency',
    evidence,
    remedy: parent === null ? `leave ${name} out` : `append ,+${parent}, or leave ${name} out`,
  };
}

function kvmBlocker(
  context: ResolveContext,
  resolved: ResolvedCell,
  place: BitPlace,
  kvm: KvmFacts,
  coordinate: string,
): Blocker {
  const { name } = place.location;
  if (kvmHas(context, kvm, place)) {
    if (resolved.irqchip === 'off')
      return {
        layer: 'config',
        evidence: `KVM offers ${name}, but not with kernel-irqchip=off`,
        remedy: 'use kernel-irqchip=on or split',
      };
    if (name === 'sgx' || name === 'sgxlc')
      return {
        layer: 'config',
        evidence: `this machine type has no SGX memory`,
        remedy: 'use a pc or q35 machine type',
      };
    return {
      layer: 'qemu',
      evidence: `${coordinate}=1 in what KVM offers, but QEMU ${context.index.catalog.qemu.version} does not pass it on`,
      remedy: 'another QEMU release may',
    };
  }
  if (name === 'tsc-deadline' && resolved.irqchip === 'off')
    return {
      layer: 'config',
      evidence: 'tsc-deadline needs the irqchip of the kernel',
      remedy: 'use kernel-irqchip=on or split',
    };
  if (name === 'kvm-msi-ext-dest-id')
    return {
      layer: 'config',
      evidence: 'kvm-msi-ext-dest-id needs a split irqchip',
      remedy: 'use kernel-irqchip=split',
    };
  const silicon = siliconHas(context, place);
  if (silicon === 'unknown')
    return {
      layer: 'not-observed',
      evidence: `${coordinate}=0 in what KVM offers; what the CPU has is not known`,
      remedy: context.facts.hardwareUnknown?.remedy ?? 'probe the host',
    };
  if (silicon === 'absent' && !madeUp.has(name)) return hardwareBlocker(context, place, coordinate);
  return kernelBlocker(context, place, coordinate);
}

/** The first layer, on the way from silicon to guest, that withholds a feature. */
export function findBlocker(
  context: ResolveContext,
  request: ResolutionRequest,
  resolved: ResolvedCell,
  place: BitPlace,
): Blocker {
  const { name } = place.location;
  const word = context.index.layout.words[place.word];
  const coordinate = bitCoordinate(word, place.bit);
  const dropped = droppedBlocker(context, resolved, place);
  if (dropped) return dropped;
  if (request.accel === 'tcg')
    return {
      layer: 'qemu',
      evidence: `TCG of QEMU ${context.index.catalog.qemu.version} does not implement ${coordinate}`,
      remedy: `use KVM, or append ,-${name}`,
    };
  if (context.facts.kvm) return kvmBlocker(context, resolved, place, context.facts.kvm, coordinate);
  if (context.facts.observed.kvm)
    return {
      layer: 'not-observed',
      evidence: `-cpu host of the QEMU on that host does not have ${name}`,
      remedy: 'probe the host itself to learn which layer withholds it',
    };
  const why = context.facts.kvmUnknown;
  return {
    layer: 'not-observed',
    evidence: why?.reason ?? 'KVM of that host was not observed',
    remedy: why?.remedy ?? 'probe the host itself',
  };
}
