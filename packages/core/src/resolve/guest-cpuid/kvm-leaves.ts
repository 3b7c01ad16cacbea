import { known, notKnown, registers, unknownRegisters, zeros, type Registers } from './bits.ts';
import { hasHyperV } from './enlightenments.ts';
import { hypervisorBase, isNotOff, isOn, numberOf, type GuestCpu, type HypervisorLeaf } from './guest-cpu.ts';
import { packText } from './packed-text.ts';

/** Distance to KVM's leaves where Hyper-V has the first place. */
const besideHyperV = 0x100;

/** KVM's signature and features; none with `kvm=off`. */
export function kvmLeaves(cpu: GuestCpu): HypervisorLeaf[] {
  if (!isNotOff(cpu, 'kvm')) return [];
  const base = hypervisorBase + (hasHyperV(cpu) ? besideHyperV : 0);
  const [ebx, ecx, edx] = packText('KVMKVMKVM');
  const features = { ...zeros, eax: cpu.word('40000001.EAX'), edx: cpu.word('40000001.EDX') };
  return [
    { leaf: base, registers: registers(base + 1, ebx, ecx, edx) },
    { leaf: base + 1, registers: { ...features, why: 'the features of KVM are not known' } },
  ];
}

/** Leaf with the frequencies of TSC and APIC, as VMware has it. */
export const frequencyLeaf = 0x40000010;
const apicKhz = 1_000_000;

/**
 * The frequency leaf: where the guest sees KVM in the first place and its TSC never changes. null: there is none.
 * `certain` false: whether there is one is not known.
 */
export function readFrequencies(cpu: GuestCpu): { readonly registers: Registers; readonly certain: boolean } | null {
  if (!isOn(cpu, 'vmware-cpuid-freq') || !isNotOff(cpu, 'kvm') || hasHyperV(cpu)) return null;
  const asked = numberOf(cpu, 'tsc-frequency');
  const isStable = asked > 0 ? true : cpu.has('invtsc');
  if (isStable === false) return null;
  const khz = asked > 0 ? Math.floor(asked / 1000) : cpu.facts.tscKhz;
  const why = 'the frequency of the TSC of the host is not known';
  if (isStable === null) return { registers: unknownRegisters(why), certain: false };
  const eax = khz === null ? notKnown() : known(khz);
  return { registers: { ...registers(0, apicKhz), eax, why }, certain: true };
}
