import { holds } from '../rules.ts';
import { either, known, notKnown, zero, type Bits } from './bits.ts';
import { isOn, type GuestCpu } from './guest-cpu.ts';

export type FeatureRegister = 'features.eax' | 'features.edx' | 'advice.eax' | 'nested.eax';

export interface Enlightenment {
  readonly property: string;
  readonly bits: Readonly<Partial<Record<FeatureRegister, number>>>;
  /** What `hv-passthrough` takes from the host in older releases only. */
  readonly isDebugger?: true;
}

/** Enlightenments and the bits that announce them. Source: Hyper-V TLFS 6.0, 2.4; QEMU documentation, hyperv */
const enlightenments: readonly Enlightenment[] = [
  { property: 'hv-relaxed', bits: { 'advice.eax': 1 << 5 } },
  { property: 'hv-vapic', bits: { 'features.eax': 1 << 4 } },
  { property: 'hv-time', bits: { 'features.eax': (1 << 1) | (1 << 9) } },
  { property: 'hv-crash', bits: { 'features.edx': 1 << 10 } },
  { property: 'hv-reset', bits: { 'features.eax': 1 << 7 } },
  { property: 'hv-vpindex', bits: { 'features.eax': 1 << 6 } },
  { property: 'hv-runtime', bits: { 'features.eax': 1 << 0 } },
  { property: 'hv-synic', bits: { 'features.eax': 1 << 2 } },
  { property: 'hv-stimer', bits: { 'features.eax': 1 << 3 } },
  { property: 'hv-frequencies', bits: { 'features.eax': 1 << 11, 'features.edx': 1 << 8 } },
  { property: 'hv-reenlightenment', bits: { 'features.eax': 1 << 13 } },
  { property: 'hv-tlbflush', bits: { 'advice.eax': (1 << 2) | (1 << 11) } },
  { property: 'hv-evmcs', bits: { 'advice.eax': 1 << 14 } },
  { property: 'hv-ipi', bits: { 'advice.eax': (1 << 10) | (1 << 11) } },
  { property: 'hv-stimer-direct', bits: { 'features.edx': 1 << 19 } },
  { property: 'hv-avic', bits: { 'advice.eax': 1 << 9 } },
  { property: 'hv-syndbg', bits: { 'features.edx': 1 << 11 }, isDebugger: true },
  { property: 'hv-emsr-bitmap', bits: { 'nested.eax': 1 << 19 } },
  { property: 'hv-xmm-input', bits: { 'features.edx': 1 << 4 } },
  { property: 'hv-tlbflush-ext', bits: { 'features.edx': 1 << 14 } },
  { property: 'hv-tlbflush-direct', bits: { 'nested.eax': 1 << 17 } },
];

/** Another name of the same property. */
const aliases: Readonly<Record<string, string>> = { 'hv-avic': 'hv-apicv' };

/** The enlightenment of that property. */
export const find = (property: string): Enlightenment =>
  enlightenments.find((one) => one.property === property) ?? { property, bits: {} };

/** Of KVM_GET_SUPPORTED_HV_CPUID, the leaf and register where each of the groups lies. */
const places: Readonly<Record<FeatureRegister, readonly [leaf: number, register: 'EAX' | 'EDX']>> = {
  'features.eax': [0x40000003, 'EAX'],
  'features.edx': [0x40000003, 'EDX'],
  'advice.eax': [0x40000004, 'EAX'],
  'nested.eax': [0x4000000a, 'EAX'],
};
const featureRegisters = ['features.eax', 'features.edx', 'advice.eax', 'nested.eax'] as const;

export const hostWhy = 'which enlightenments KVM has (KVM_GET_SUPPORTED_HV_CPUID) was not observed';

/** The host's bits of one register; unknown where KVM was not asked. */
export function hostRegister({ hyperV }: GuestCpu, leaf: number, register: 'EAX' | 'EBX' | 'ECX' | 'EDX'): Bits {
  return hyperV === null ? notKnown() : known(hyperV.get(leaf)?.[register] ?? 0);
}

const isAsked = (cpu: GuestCpu, { property }: Enlightenment): boolean =>
  isOn(cpu, property) || (property in aliases && isOn(cpu, aliases[property]));

/** Whether the guest gets an enlightenment; null: the host decides, and is not known. */
export function isEnabled(cpu: GuestCpu, enlightenment: Enlightenment): boolean | null {
  if (isAsked(cpu, enlightenment)) return true;
  if (!isOn(cpu, 'hv-passthrough')) return false;
  if (enlightenment.isDebugger === true && holds('debuggerNotPassed', cpu.release)) return false;
  if (cpu.hyperV === null) return null;
  return featureRegisters.every((register) => {
    const bits = enlightenment.bits[register] ?? 0;
    const [leaf, name] = places[register];
    return (hostRegister(cpu, leaf, name).ones & bits) >>> 0 === bits >>> 0;
  });
}

export function announced(cpu: GuestCpu, register: FeatureRegister): Bits {
  return enlightenments.reduce((sum, enlightenment) => {
    const bits = enlightenment.bits[register] ?? 0;
    const enabled = isEnabled(cpu, enlightenment);
    if (bits === 0 || enabled === false) return sum;
    return either(sum, enabled === null ? notKnown(bits) : known(bits));
  }, zero);
}

/** How often a guest spins before it tells the hypervisor, when nobody says. */
const spinForever = 0xffffffff;

/** Whether the guest sees Hyper-V at all. */
export function hasHyperV(cpu: GuestCpu): boolean {
  return cpu.canHyperV && asksForHyperV(cpu);
}

/** Whether anything asks for Hyper-V. */
function asksForHyperV(cpu: GuestCpu): boolean {
  const { 'hv-spinlocks': spinlocks } = cpu.properties;
  const limitsSpins = typeof spinlocks === 'number' && spinlocks !== spinForever;
  return limitsSpins || isOn(cpu, 'hv-passthrough') || enlightenments.some((one) => isAsked(cpu, one));
}
