import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { WordSpec } from '../catalog/catalog.ts';
import type { ObservedAccelerator } from '../snapshot/snapshot.ts';
import { isEmpty } from '../x86/feature-set.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';
import { kvmCpuidWord } from './kvm-cpuid.ts';
import { kvmMsrWord } from './kvm-msr.ts';
import type { Accelerator, KernelIrqchip } from './resolution.ts';
import { holds } from './rules.ts';
import type { XsaveComponent } from './xsave.ts';

/** What an accelerator on a host can give, over all feature words; and which bits cannot be told. */
export interface HostSupport {
  readonly accel: Accelerator;
  readonly kernelIrqchip: KernelIrqchip;
  readonly supported: FeatureSet;
  /** Bits of which it is not known whether they are supported. Disjoint from `supported`. */
  readonly unknown: FeatureSet;
  /** Nothing is unknown. */
  readonly isWhole: boolean;
}

type PartSupport = Omit<HostSupport, 'isWhole'>;

/** What the accelerator supports when the whole host is known to be nothing but silence. */
function allUnknown(index: CatalogIndex, accel: Accelerator, kernelIrqchip: KernelIrqchip): PartSupport {
  const unknown = new Uint32Array(index.layout.laneCount).fill(0xffffffff);
  return { accel, kernelIrqchip, supported: new Uint32Array(index.layout.laneCount), unknown };
}

/** What a word has under KVM: as two lanes of known and two of unknown bits. */
export interface WordSupport {
  readonly low: number;
  readonly high: number;
  readonly unknownLow: number;
  readonly unknownHigh: number;
}

function kvmWord(
  index: CatalogIndex,
  word: WordSpec,
  facts: HostFacts,
  kvm: KvmFacts,
  irqchip: KernelIrqchip,
): WordSupport {
  if (word.kind === 'msr') return kvmMsrWord(index, word.index, facts, kvm);
  const { value, unknown } = kvmCpuidWord(index.release, word, facts, kvm, irqchip);
  return { low: value, high: 0, unknownLow: unknown, unknownHigh: 0 };
}

function supportFromKvm(
  index: CatalogIndex,
  facts: HostFacts,
  kvm: KvmFacts,
  kernelIrqchip: KernelIrqchip,
): PartSupport {
  const supported = new Uint32Array(index.layout.laneCount);
  const unknown = new Uint32Array(index.layout.laneCount);
  index.layout.words.forEach((word, i) => {
    const lane = index.layout.laneOfWord[i];
    const found = kvmWord(index, word, facts, kvm, kernelIrqchip);
    supported[lane] = found.low;
    unknown[lane] = found.unknownLow & ~found.low;
    if (word.kind === 'msr') {
      supported[lane + 1] = found.high;
      unknown[lane + 1] = found.unknownHigh & ~found.high;
    }
  });
  return { accel: 'kvm', kernelIrqchip, supported, unknown };
}

function add(set: FeatureSet, location: FeatureLocation | undefined): void {
  if (!location) return;
  set[location.lane] |= location.mask;
  if (location.highMask !== 0) set[location.lane + 1] |= location.highMask;
}

function remove(set: FeatureSet, location: FeatureLocation): void {
  set[location.lane] &= ~location.mask;
  if (location.highMask !== 0) set[location.lane + 1] &= ~location.highMask;
}

/**
 * A host that only QEMU itself described: `-cpu host` (or `max`) with `migratable=off` expands to what is supported; to
 * that come the bits that are allowed but never taken by themselves.
 * Source: shared oracle, 2,721 answers of 20 sessions of QEMU 4.2 to 10.0 follow from this rule
 */
function supportFromQmp(
  index: CatalogIndex,
  observed: ObservedAccelerator,
  accel: Accelerator,
  kernelIrqchip: KernelIrqchip,
  components: readonly XsaveComponent[],
): PartSupport {
  const supported = new Uint32Array(index.layout.laneCount);
  const unknown = new Uint32Array(index.layout.laneCount).fill(0xffffffff);
  const props = observed.host ?? {};
  for (const [name, location] of index.features) {
    const value = props[name];
    if (typeof value !== 'boolean') continue;
    remove(unknown, location);
    if (value) add(supported, location);
  }
  for (const name of ['hypervisor', ...(accel === 'kvm' ? ['topoext'] : [])]) add(supported, index.features.get(name));
  if (accel === 'kvm' && holds('htSupported', index.release)) add(supported, index.features.get('ht'));
  if (accel === 'tcg' && holds('tcgArchCapabilities', index.release)) {
    for (const { name, word } of index.catalog.features)
      if (wordKeyOf(index.layout.words[word]) === 'msr.10a') add(supported, index.features.get(name));
  }
  for (const { lane, mask, parents } of components) {
    unknown[lane] &= ~mask;
    // Before the accelerator's XCR0 was looked at, TCG let every component pass.
    const passesAll = accel === 'tcg' && !holds('xsaveCutFirst', index.release);
    if (passesAll || parents.some((parent) => (supported[parent.lane] & parent.mask) !== 0)) supported[lane] |= mask;
  }
  for (let lane = 0; lane < unknown.length; lane++) unknown[lane] &= ~supported[lane];
  return { accel, kernelIrqchip, supported, unknown };
}

/** Bits that all of these support are supported; a bit that one lacks is not, unless another cannot tell. */
function intersect(parts: readonly PartSupport[]): PartSupport {
  const [first, ...others] = parts;
  const supported = first.supported.slice();
  const unknown = first.unknown.slice();
  for (const other of others)
    for (let lane = 0; lane < supported.length; lane++) {
      const maybe = (supported[lane] | unknown[lane]) & (other.supported[lane] | other.unknown[lane]);
      supported[lane] &= other.supported[lane];
      unknown[lane] = maybe & ~supported[lane];
    }
  return { ...first, supported, unknown };
}

/** What, beside the host, decides what is supported. */
export interface SupportOptions {
  readonly accel: Accelerator;
  readonly kernelIrqchip: KernelIrqchip;
  /** See `isPcMachine`. */
  readonly isPc: boolean;
  readonly components: readonly XsaveComponent[];
}

function withoutSgx(index: CatalogIndex, support: PartSupport): PartSupport {
  const supported = support.supported.slice();
  const unknown = support.unknown.slice();
  for (const name of ['sgx', 'sgxlc']) {
    const location = index.features.get(name);
    if (!location) continue;
    remove(supported, location);
    remove(unknown, location);
  }
  return { ...support, supported, unknown };
}

/**
 * What the accelerator supports on a host. Under TCG it is what the binary says of itself; under KVM it follows from the
 * kernel's answers with QEMU's own corrections, or from what QEMU showed over QMP.
 * @throws SNAPSHOT_INVALID
 */
export function hostSupport(index: CatalogIndex, facts: HostFacts, options: SupportOptions): HostSupport {
  const support = options.accel === 'tcg' ? tcgSupport(index, facts, options) : kvmSupport(index, facts, options);
  const own = options.isPc || !holds('sgxNeedsPc', index.release) ? support : withoutSgx(index, support);
  return { ...own, isWhole: isEmpty(own.unknown) };
}

function tcgSupport(
  index: CatalogIndex,
  facts: HostFacts,
  { accel, kernelIrqchip, components }: SupportOptions,
): PartSupport {
  if (index.tcgSupported)
    return { accel, kernelIrqchip, supported: index.tcgSupported, unknown: new Uint32Array(index.layout.laneCount) };
  if (facts.observed.tcg) return supportFromQmp(index, facts.observed.tcg, accel, kernelIrqchip, components);
  return allUnknown(index, accel, kernelIrqchip);
}

function kvmSupport(
  index: CatalogIndex,
  facts: HostFacts,
  { accel, kernelIrqchip, components }: SupportOptions,
): PartSupport {
  const { kvm } = facts;
  if (kvm) {
    const kinds = facts.groups.length > 1 ? facts.groups.map((silicon) => ({ ...facts, silicon })) : [facts];
    return intersect(kinds.map((kind) => supportFromKvm(index, kind, kvm, kernelIrqchip)));
  }
  if (facts.observed.kvm) return supportFromQmp(index, facts.observed.kvm, accel, kernelIrqchip, components);
  return allUnknown(index, accel, kernelIrqchip);
}
