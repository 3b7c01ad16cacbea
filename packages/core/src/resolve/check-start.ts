import type { PropertyValues } from '../catalog/catalog.ts';
import { wordKeyOf } from '../x86/word-layout.ts';
import { amd, type Words } from './compute-words.ts';
import type { ResolveContext } from './context.ts';
import type { AddressBits } from './identity.ts';
import type { Cell } from './locate-cell.ts';
import type { KernelIrqchip, Refusal, ResolutionRequest } from './resolution.ts';
import { holds } from './rules.ts';

/** A refusal before any feature is looked at, and the row of the catalog that stands in for the missing one. */
export interface EarlyRefusal {
  readonly refusal: Refusal;
  readonly row: number;
}

/** A model that the accelerator does not offer at all: `host` without KVM. */
export function checkAccelerator({ index }: ResolveContext, cell: Cell): EarlyRefusal | null {
  if (cell.row >= 0) return null;
  const message = `CPU model '${index.catalog.models[cell.model].name}' requires KVM or HVF`;
  const max = index.modelByName.get('max');
  const row = max === undefined ? 0 : cell.accelerator.source.groups[cell.group][max];
  return { refusal: { by: 'accelerator', message, remedy: 'use -accel kvm, or the model max' }, row };
}

export interface StartInput {
  readonly context: ResolveContext;
  readonly request: ResolutionRequest;
  readonly properties: PropertyValues;
  readonly words: Words;
  readonly address: AddressBits;
  readonly irqchip: KernelIrqchip;
  /** Something is filtered, so that `enforce` has a reason. */
  readonly wouldRefuse: boolean;
}

const has = ({ context, words }: StartInput, name: string): boolean => {
  const location = context.index.features.get(name);
  return location !== undefined && (words.effective[location.lane] & location.mask) !== 0;
};

/** What QEMU refuses before it even looks at the features, so that no warning precedes it. */
export function checkBeforeRealize(input: StartInput): Refusal | null {
  return checkVpIndex(input);
}

/** Whether QEMU ends instead of starting this CPU, and how; in the order in which it finds out. */
export function checkStart(input: StartInput): Refusal | null {
  if (input.properties.enforce === true && input.wouldRefuse) return enforced(input.request);
  if (input.address.refusal) return input.address.refusal;
  if (input.request.accel !== 'kvm') return null;
  return checkApic(input) ?? checkVcpu(input) ?? checkMsrs(input) ?? checkEnlightenments(input);
}

function enforced({ accel }: ResolutionRequest): Refusal {
  const message = `${accel === 'tcg' ? 'TCG' : 'Host'} doesn't support requested features`;
  return { by: 'enforce', message, remedy: 'leave enforce out, or disable the filtered features' };
}

function makesApic(input: StartInput): boolean {
  return (input.request.smp?.cpus ?? 1) > 1 || has(input, 'apic');
}

function checkApic(input: StartInput): Refusal | null {
  if (input.irqchip !== 'off') return null;
  if (holds('noUserspaceApic', input.context.index.release) && makesApic(input)) {
    const remedy = 'leave kernel-irqchip out, or use on or split';
    return { by: 'accelerator', message: 'KVM does not support userspace APIC', remedy };
  }
  // Without an APIC in the kernel KVM takes no interrupt vector for asynchronous page faults.
  return has(input, 'kvm-asyncpf-int') ? refusedMsr(0x4b564d06, '0x0', 'append ,-kvm-asyncpf-int, or use the irqchip of the kernel') : null;
}

function checkVpIndex({ context, request, properties }: StartInput): Refusal | null {
  if (properties['hv-vpindex'] !== true) return null;
  const isKvm = request.accel === 'kvm';
  if (!isKvm && !holds('vpIndexCheckedWithoutKvm', context.index.release)) return null;
  const { kvm } = context.facts;
  if (isKvm && (kvm === null || (kvm.layer.capabilities.KVM_CAP_HYPERV_VP_INDEX ?? 0) > 0)) return null;
  return { by: 'accelerator', message: "kernel doesn't allow setting HyperV VP_INDEX", remedy: 'leave hv-vpindex out' };
}

/** MCG_LMCE_P. Source: Intel SDM vol. 3B, 16.3.1.1, IA32_MCG_CAP */
const localMachineCheck = 1n << 27n;
const vcpuFailed = 'kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Operation not supported';

/** What KVM refuses when the vCPU is made. */
function checkVcpu({ context, properties }: StartInput): Refusal | null {
  const { kvm } = context.facts;
  if (kvm === null) return null;
  if (properties.lmce === true && kvm.mceCapabilities !== null && (kvm.mceCapabilities & localMachineCheck) === 0n)
    return { by: 'accelerator', message: vcpuFailed, remedy: 'KVM has no local machine checks here: leave lmce out' };
  return tscMismatch(context, properties) === null
    ? null
    : { by: 'accelerator', message: vcpuFailed, remedy: 'KVM cannot scale the TSC here: leave tsc-frequency out, or give the host its own' };
}

/** QEMU's warning about a TSC frequency that this host cannot give; null where it can, or it is not known. */
function tscMismatch({ facts }: ResolveContext, properties: PropertyValues): string | null {
  const asked = properties['tsc-frequency'];
  const hostKhz = facts.tscKhz;
  if (typeof asked !== 'number' || asked === 0 || facts.kvm === null || hostKhz === null) return null;
  const askedKhz = Math.floor(asked / 1000);
  // Within 250 ppm KVM leaves it to NTP. Source: Linux Documentation, kvm.tsc_tolerance_ppm
  const isClose = Math.abs(askedKhz - hostKhz) <= Math.floor((hostKhz * 250) / 1_000_000);
  if ((facts.kvm.layer.capabilities.KVM_CAP_TSC_CONTROL ?? 0) > 0 || isClose) return null;
  return `warning: TSC frequency mismatch between VM (${askedKhz} kHz) and host (${hostKhz} kHz), and TSC scaling unavailable`;
}

function refusedMsr(msr: number, value: string, remedy: string): Refusal {
  return { by: 'abort', message: `error: failed to set MSR 0x${msr.toString(16)} to ${value}`, remedy };
}

/** KVM lists feature MSRs that it then refuses to be written: QEMU aborts when the guest is to have such a feature. */
function checkMsrs({ context: { index, facts }, words }: StartInput): Refusal | null {
  for (const msr of facts.kvm?.unwritableMsrs ?? []) {
    const lane = index.layout.laneOfKey.get(wordKeyOf({ kind: 'msr', index: msr }));
    if (lane === undefined || (words.effective[lane] | words.effective[lane + 1]) === 0) continue;
    const value = (BigInt(words.effective[lane + 1]) << 32n) | BigInt(words.effective[lane]);
    const cure = msr === 0x10a ? 'append ,-arch-capabilities' : 'switch the features of that MSR off';
    return refusedMsr(msr, `0x${value.toString(16)}`, `KVM lists this MSR but refuses to be written to: ${cure}`);
  }
  return null;
}

/** Enlightenments of Hyper-V and an MSR that each makes QEMU write. Source: Hyper-V TLFS, appendix of synthetic MSRs */
const enlightenmentMsrs: readonly (readonly [property: string, msr: number])[] = [
  ['hv-vapic', 0x40000073],
  ['hv-time', 0x40000021],
  ['hv-synic', 0x40000081],
];

function checkEnlightenments({ context: { facts }, properties }: StartInput): Refusal | null {
  const known = facts.kvm?.msrIndices ?? null;
  // KVM lists all of these MSRs or none; a list without the first one comes from a kernel without Hyper-V support.
  if (known === null || known.has(0x40000000)) return null;
  for (const [property, msr] of enlightenmentMsrs)
    if (properties[property] === true) return refusedMsr(msr, '0x0', `this KVM has no Hyper-V MSRs: leave ${property} out`);
  return null;
}

/** Lines that QEMU prints about other things than single features, after those. */
export function startWarnings(input: StartInput, vendor: string): string[] {
  const { context, request, properties } = input;
  const lines: string[] = [];
  const threads = request.smp?.threads ?? 1;
  if (request.accel === 'kvm' && input.irqchip === 'off' && !holds('noUserspaceApic', context.index.release) && makesApic(input))
    lines.push('warning: Userspace local APIC is deprecated for KVM.', 'warning: Do not use kernel-irqchip except for the -M isapc machine type.');
  const mismatch = request.accel === 'kvm' ? tscMismatch(context, properties) : null;
  if (mismatch !== null) lines.push(mismatch);
  if (vendor === amd && threads > 1 && !has(input, 'topoext')) {
    const advice = holds('threadsAdviceInOneLine', context.index.release)
      ? '. Please configure -smp options properly or try enabling topoext feature.'
      : '';
    lines.push(`warning: This family of AMD CPU doesn't support hyperthreading(${threads})${advice}`);
  }
  return lines;
}
