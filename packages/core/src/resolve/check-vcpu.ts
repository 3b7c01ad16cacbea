import { wordKeyOf } from '../x86/word-layout.ts';
import type { Refusal } from './resolution.ts';
import { holds } from './rules.ts';
import { has, isKvm, isOn, type StartInput } from './start-input.ts';

/** What KVM refuses when a vCPU is made. */
export function checkVcpu(input: StartInput): Refusal | null {
  return isKvm(input) ? (checkTsc(input) ?? checkMachineChecks(input) ?? checkMsrs(input)) : null;
}

/** What KVM refuses when the vCPU gets its first state. */
export function checkVcpuState(input: StartInput): Refusal | null {
  return isKvm(input)
    ? (checkFeatureControl(input) ?? checkAsyncFaults(input) ?? checkEnlightenments(input) ?? checkMtrrMask(input))
    : null;
}

/** IA32_FEATURE_CONTROL, which locks VMX, SMX and SGX. Source: Intel SDM vol. 4 */
const featureControl = 0x3a;

/** A guest to whom one of its features is forced gets the MSR, too, which KVM does not have then. */
function checkFeatureControl(input: StartInput): Refusal | null {
  const { index, facts } = input.context;
  const known = facts.kvm?.msrIndices ?? null;
  if (known === null || known.has(featureControl)) return null;
  // Before machine types decided on it, CPUID showed SGX only where KVM had it.
  const locked = holds('sgxNeedsPc', index.release) ? ['vmx', 'smx', 'sgx'] : ['vmx', 'smx'];
  const forced = locked.find((name) => has(input, name));
  if (forced === undefined) return null;
  return { by: 'abort', message: "Assertion `ret == 1' failed.", remedy: `KVM has no ${forced} here: do not force it` };
}

/** Widest physical address that an MTRR can mask. Source: Intel SDM vol. 3A, 12.11.2.3 */
const widestMtrrBits = 52;

/** Releases that let phys-bits be wider than any MTRR die of it when they read the MTRRs. Source: QEMU 11.1 run */
function checkMtrrMask({ address, settled: { configured } }: StartInput): Refusal | null {
  if ((address.physBits ?? 0) <= widestMtrrBits || configured.properties['fill-mtrr-mask'] === false) return null;
  const message = `Assertion \`cpu->phys_bits <= ${widestMtrrBits}' failed.`;
  return { by: 'abort', message, remedy: `give phys-bits up to ${widestMtrrBits}` };
}

/** Without an APIC in the kernel KVM takes no interrupt vector for asynchronous page faults. */
function checkAsyncFaults(input: StartInput): Refusal | null {
  if (input.settled.irqchip !== 'off' || !has(input, 'kvm-asyncpf-int')) return null;
  return refusedMsr(0x4b564d06, '0x0', 'append ,-kvm-asyncpf-int, or use the irqchip of the kernel');
}

/** MCG_LMCE_P. Source: Intel SDM vol. 3B, 16.3.1.1, IA32_MCG_CAP */
const localMachineCheck = 1n << 27n;
/** Basic family of CPUID.01H:EAX[11:8], which stops at 15, from which machine checks of this kind are there. */
const oldestMachineCheckFamily = 6;
const vcpuFailed = 'kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Operation not supported';

function asksMachineChecks(input: StartInput): boolean {
  const { family } = input.settled.configured.properties;
  const isOldEnough = typeof family === 'number' && family >= oldestMachineCheckFamily;
  return isOn(input, 'lmce') && isOldEnough && has(input, 'mce') && has(input, 'mca');
}

function checkMachineChecks(input: StartInput): Refusal | null {
  const capabilities = input.context.facts.kvm?.mceCapabilities ?? null;
  if (!asksMachineChecks(input) || capabilities === null || (capabilities & localMachineCheck) !== 0n) return null;
  return { by: 'accelerator', message: vcpuFailed, remedy: 'KVM has no local machine checks here: leave lmce out' };
}

function checkTsc(input: StartInput): Refusal | null {
  if (tscLines(input).length === 0) return null;
  return {
    by: 'accelerator',
    message: vcpuFailed,
    remedy: 'KVM cannot scale the TSC here: leave tsc-frequency out, or give the host its own',
  };
}

/** QEMU's warning about a TSC frequency that this host cannot give; none where it can, or it is not known. */
export function tscLines(input: StartInput): string[] {
  const { facts } = input.context;
  const asked = input.settled.configured.properties['tsc-frequency'];
  const hostKhz = facts.tscKhz;
  if (!isKvm(input) || typeof asked !== 'number' || asked === 0 || facts.kvm === null || hostKhz === null) return [];
  const askedKhz = Math.floor(asked / 1000);
  // Within 250 ppm KVM leaves it to NTP. Source: Linux Documentation, kvm.tsc_tolerance_ppm
  const isClose = Math.abs(askedKhz - hostKhz) <= Math.floor((hostKhz * 250) / 1_000_000);
  if ((facts.kvm.layer.capabilities.KVM_CAP_TSC_CONTROL ?? 0) > 0 || isClose) return [];
  return [
    `warning: TSC frequency mismatch between VM (${askedKhz} kHz) and host (${hostKhz} kHz), and TSC scaling unavailable`,
  ];
}

function refusedMsr(msr: number, value: string, remedy: string): Refusal {
  return { by: 'abort', message: `error: failed to set MSR 0x${msr.toString(16)} to ${value}`, remedy };
}

/** KVM lists feature MSRs that it then refuses to be written: QEMU aborts when the guest is to have such a feature. */
function checkMsrs({ context: { index, facts }, settled: { words } }: StartInput): Refusal | null {
  for (const msr of facts.kvm?.unwritableMsrs ?? []) {
    const lane = index.layout.laneOfKey.get(wordKeyOf({ kind: 'msr', index: msr }));
    if (lane === undefined || (words.effective[lane] | words.effective[lane + 1]) === 0) continue;
    const value = (BigInt(words.effective[lane + 1]) << 32n) | BigInt(words.effective[lane]);
    const cure = msr === 0x10a ? 'append ,-arch-capabilities' : 'switch the features of that MSR off';
    return refusedMsr(msr, `0x${value.toString(16)}`, `KVM lists this MSR but refuses to be written to: ${cure}`);
  }
  return null;
}

/**
 * What KVM would refuse or not, and the snapshot does not say: that keeps a cell that asks for it from being told.
 * Whether feature MSRs can be written is none of it: every known kernel but one kind lets them be.
 */
export function listOpenQuestions(input: StartInput): string[] {
  const { kvm, tscKhz } = input.context.facts;
  if (!isKvm(input) || kvm === null) return [];
  const { properties } = input.settled.configured;
  const questions: string[] = [];
  const scales = (kvm.layer.capabilities.KVM_CAP_TSC_CONTROL ?? 0) > 0;
  if (Number(properties['tsc-frequency'] ?? 0) > 0 && tscKhz === null && !scales)
    questions.push('whether this host can give that TSC frequency is not known');
  if (asksMachineChecks(input) && kvm.mceCapabilities === null)
    questions.push('whether KVM has local machine checks is not known');
  if (kvm.msrIndices === null && enlightenmentMsrs.some(([property]) => properties[property] === true))
    questions.push('whether KVM has the MSRs of Hyper-V is not known');
  return questions;
}

/** Enlightenments of Hyper-V and an MSR that each makes QEMU write. Source: Hyper-V TLFS, appendix of synthetic MSRs */
const enlightenmentMsrs: readonly (readonly [property: string, msr: number])[] = [
  ['hv-vapic', 0x40000073],
  ['hv-time', 0x40000021],
  ['hv-synic', 0x40000081],
];

function checkEnlightenments(input: StartInput): Refusal | null {
  const known = input.context.facts.kvm?.msrIndices ?? null;
  // KVM lists all of these MSRs or none; a list without the first one comes from a kernel without Hyper-V support.
  if (known === null || known.has(0x40000000)) return null;
  for (const [property, msr] of enlightenmentMsrs)
    if (isOn(input, property)) return refusedMsr(msr, '0x0', `this KVM has no Hyper-V MSRs: leave ${property} out`);
  return null;
}
