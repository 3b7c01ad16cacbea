import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { featureBitsOf } from './feature-msr.ts';
import type { HostFacts, KvmFacts } from './host-facts.ts';
import type { WordSupport } from './host-support.ts';
import { kvmCpuidWord } from './kvm-cpuid.ts';
import { holds } from './rules.ts';

const archCapabilities = 0x10a;
const procbasedControls2 = 0x48b;

const bit = (number: number): bigint => 1n << BigInt(number);
/** mds-no, taa-no, sbdr-ssdp-no, fbsdp-no, psdp-no: together they mean that fb-clear has nothing to do. */
const immune = bit(5) | bit(8) | bit(13) | bit(14) | bit(15);
const fbClear = bit(17);

/** Secondary controls that old kernels forgot to list, and the CPUID bit that each follows. Source: QEMU 7.2 to 10.2 */
const forgottenControls = [
  { control: 20, leaf: 0xd, subleaf: 1, register: 'ECX', cpuidBit: 3 },
  { control: 11, leaf: 1, subleaf: null, register: 'ECX', cpuidBit: 30 },
  { control: 12, leaf: 7, subleaf: 0, register: 'EBX', cpuidBit: 10 },
  { control: 16, leaf: 7, subleaf: 0, register: 'EBX', cpuidBit: 18 },
  { control: 3, leaf: 0x80000001, subleaf: null, register: 'EDX', cpuidBit: 27 },
] as const;

function addForgotten(value: bigint, index: CatalogIndex, facts: HostFacts, kvm: KvmFacts): bigint {
  let completed = value;
  for (const { control, leaf, subleaf, register, cpuidBit } of forgottenControls) {
    const word = { kind: 'cpuid', leaf, subleaf, register } as const;
    const supported = kvmCpuidWord(index.release, word, facts, kvm, 'on').value;
    if ((supported >>> cpuidBit) & 1) completed |= bit(32 + control);
  }
  return completed;
}

const notTold: WordSupport = { low: 0, high: 0, unknownLow: 0xffffffff, unknownHigh: 0xffffffff };

/** The supported value of one MSR word under KVM: KVM_GET_MSRS on the system descriptor with QEMU's corrections. */
export function kvmMsrWord(index: CatalogIndex, msr: number, facts: HostFacts, kvm: KvmFacts): WordSupport {
  let value = kvm.featureMsrs.get(msr);
  if (value === undefined) return kvm.unreadableMsrs.has(msr) ? notTold : { ...notTold, unknownLow: 0, unknownHigh: 0 };
  if (msr === procbasedControls2 && kvm.msrIndices !== null && !kvm.msrIndices.has(msr))
    value = addForgotten(value, index, facts, kvm);
  value = featureBitsOf(msr, value);
  if (msr === archCapabilities && holds('fbClearFromImmunity', index.release) && (value & immune) === immune)
    value |= fbClear;
  return { low: Number(value & 0xffffffffn), high: Number(value >> 32n), unknownLow: 0, unknownHigh: 0 };
}
