import { assertNever } from '../errors.ts';
import type { QemuRelease } from '../catalog/release.ts';
import type { WordSpec } from '../catalog/catalog.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';
import { presenceOf, siliconRegister, type Presence } from './layer-presence.ts';
import type { KernelIrqchip } from './resolution.ts';
import { holds, type RuleName } from './rules.ts';
import { intel } from './vendors.ts';

type CpuidWord = Extract<WordSpec, { kind: 'cpuid' }>;

/** What QEMU takes a CPUID word to be under KVM; `unknown` bits depend on a layer that is not known. */
export interface CpuidSupport {
  readonly value: number;
  readonly unknown: number;
}

const bits = (...numbers: readonly number[]): number => numbers.reduce((mask, bit) => mask | (1 << bit), 0) >>> 0;
const keyOf = (word: CpuidWord): string => `${word.leaf.toString(16)}.${word.subleaf ?? 0}.${word.register}`;

/**
 * Bits that QEMU counts as supported whatever KVM says: it can make them up itself, or they are harmless.
 * Source: QEMU 7.2, 10.0 and 10.2, KVM part of the x86 target; see docs of each rule for the release
 */
const always: Readonly<Record<string, { readonly mask: number; readonly rule?: RuleName }[]>> = {
  '1.0.EDX': [{ mask: bits(7, 12, 14, 16) }, { mask: bits(28), rule: 'htSupported' }],
  '1.0.ECX': [{ mask: bits(31) }],
  '6.0.EAX': [{ mask: bits(2) }],
  '80000001.0.ECX': [{ mask: bits(22) }],
  '80000007.0.EBX': [{ mask: bits(0, 1), rule: 'machineCheckRecovery' }],
  '40000001.0.EDX': [{ mask: bits(0) }],
};

/** Bits that are hints, no instructions: QEMU takes them from the CPU itself when KVM does not list them. */
const hints: Readonly<Record<string, { readonly mask: number; readonly rule: RuleName }>> = {
  '7.0.EBX': { mask: bits(9), rule: 'stringHintsFromHost' },
  '7.0.EDX': { mask: bits(4), rule: 'stringHintsFromHost' },
  '7.1.EAX': { mask: bits(10, 11, 12), rule: 'stringHintsFromHost' },
  '7.2.EDX': { mask: bits(5), rule: 'mcdtNoFromHost' },
};

const tscDeadline = bits(24);
const x2apic = bits(21);
const tsx = bits(4, 11);
const archCapabilities = bits(29);
const pvUnhalt = bits(7);
const extDestId = bits(15);
/** Bits of 80000001H.EDX that repeat those of 1.EDX on AMD. Source: AMD APM vol. 3, Fn8000_0001_EDX */
export const amdAliasMask = 0x0183f3ff;

/** Haswell parts whose TSX does not work. Source: Intel erratum HSD136/HSW136; QEMU takes hle and rtm away there */
export function hasBrokenTsx({ vendor, signature }: HostFacts): boolean {
  if (vendor !== intel || signature?.family !== 6) return false;
  const { model, stepping } = signature;
  return (model === 63 && stepping < 4) || model === 60 || model === 69 || model === 70;
}

/** It takes the vendor and, for Intel, the model to tell whether TSX works. */
function isTsxUntold({ vendor, signature }: HostFacts): boolean {
  return vendor === null || (vendor === intel && signature === null);
}

/** Whether KVM has IA32_ARCH_CAPABILITIES in its MSR list; kernels 4.17 to 4.20 claim the feature without the MSR. */
function hasArchCapabilitiesMsr({ msrIndices, featureMsrs }: KvmFacts): boolean {
  return (msrIndices ?? featureMsrs).has(0x10a);
}

/** Whether QEMU leaves arch-capabilities in, where KVM offers it. */
function hasArchCapabilities(release: QemuRelease, facts: HostFacts, kvm: KvmFacts): Presence {
  if (!hasArchCapabilitiesMsr(kvm)) return 'absent';
  if (!holds('archCapabilitiesNeedsSilicon', release)) return 'present';
  return presenceOf(siliconRegister(facts, { leaf: 7, subleaf: 0, register: 'EDX' }), 29);
}

/** Takes bits away from a word: for sure, or perhaps. */
function cut({ value, unknown }: CpuidSupport, mask: number, isThere: Presence): CpuidSupport {
  switch (isThere) {
    case 'present':
      return { value, unknown };
    case 'absent':
      return { value: value & ~mask, unknown: unknown & ~mask };
    case 'unknown':
      return { value: value & ~mask, unknown: unknown | (value & mask) };
    default:
      return assertNever(isThere);
  }
}

/** QEMU's corrections that hang on the CPU itself, of which not everything may be known. */
function fixBySilicon(
  release: QemuRelease,
  key: string,
  support: CpuidSupport,
  facts: HostFacts,
  kvm: KvmFacts,
): CpuidSupport {
  switch (key) {
    case '7.0.EBX':
      return cut(support, tsx, isTsxUntold(facts) ? 'unknown' : hasBrokenTsx(facts) ? 'absent' : 'present');
    case '7.0.EDX':
      return cut(support, archCapabilities, hasArchCapabilities(release, facts, kvm));
    default:
      return support;
  }
}

function fixWord(key: string, value: number, kvm: KvmFacts, irqchip: KernelIrqchip): number {
  const inKernel = irqchip !== 'off';
  switch (key) {
    case '1.0.ECX': {
      const withDeadline =
        inKernel && (kvm.layer.capabilities.KVM_CAP_TSC_DEADLINE_TIMER ?? 0) > 0 ? value | tscDeadline : value;
      return inKernel ? withDeadline : withDeadline & ~x2apic;
    }
    case 'd.0.EAX':
      return kvm.guestXcr0 === null ? value : Number(kvm.guestXcr0 & 0xffffffffn);
    case 'd.0.EDX':
      return kvm.guestXcr0 === null ? value : Number((kvm.guestXcr0 >> 32n) & 0xffffffffn);
    case '40000001.0.EAX': {
      const withUnhalt = inKernel ? value : value & ~pvUnhalt;
      return irqchip === 'split' ? withUnhalt | extDestId : withUnhalt;
    }
    default:
      return value;
  }
}

/** The supported value of one CPUID word under KVM: KVM_GET_SUPPORTED_CPUID with QEMU's corrections. */
export function kvmCpuidWord(
  release: QemuRelease,
  word: CpuidWord,
  facts: HostFacts,
  kvm: KvmFacts,
  irqchip: KernelIrqchip,
): CpuidSupport {
  const key = keyOf(word);
  let value = kvm.supported.get(word.leaf, word.subleaf ?? 0)?.[word.register] ?? 0;
  let unknown = 0;
  for (const { mask, rule } of always[key] ?? []) if (rule === undefined || holds(rule, release)) value |= mask;
  const hint = hints[key];
  if (hint !== undefined && holds(hint.rule, release)) {
    const silicon = siliconRegister(facts, word);
    value |= hint.mask & silicon.ones;
    unknown = hint.mask & silicon.unknown & ~value;
  }
  if (key === '80000001.0.EDX') {
    const edx: CpuidWord = { kind: 'cpuid', leaf: 1, subleaf: null, register: 'EDX' };
    value |= kvmCpuidWord(release, edx, facts, kvm, irqchip).value & amdAliasMask;
  }
  const fixed = fixBySilicon(release, key, { value: fixWord(key, value, kvm, irqchip), unknown }, facts, kvm);
  return { value: fixed.value >>> 0, unknown: fixed.unknown >>> 0 };
}
