import { wordKeyOf } from '../x86/word-layout.ts';
import { amd } from './compute-words.ts';
import { hasFeature } from './feature-words.ts';
import type { Refusal } from './resolution.ts';
import { holds } from './rules.ts';
import type { StartInput } from './start-sequence.ts';
import { placeOfCpu } from './topology.ts';

const has = ({ context, settled }: StartInput, name: string): boolean =>
  hasFeature(context.index, settled.words.effective, name);

const isOn = ({ settled }: StartInput, property: string): boolean => settled.configured.properties[property] === true;

const isKvm = ({ request }: StartInput): boolean => request.accel === 'kvm';

/** Highest APIC id without x2apic. Source: Intel SDM vol. 3A, 11.12.9 */
const lastPlainApicId = 254;

/** What QEMU refuses before it looks into the first CPU. */
export function checkMachine(input: StartInput): Refusal | null {
  return checkApicIds(input) ?? checkPlaces(input, 0, 1) ?? checkNode(input) ?? checkVpIndex(input);
}

const gibibyte = 2 ** 30;

/** Space that the PCI devices of a machine type get above 4 GiB. Source: QEMU 7.2 and 10.2, pci-hole64-size of its host bridges */
function deviceSpaceBytes(machine: string): number {
  if (/^isapc|^microvm/.test(machine)) return 0;
  return /q35/.test(machine) ? 32 * gibibyte : 2 * gibibyte;
}

/** phys-bits must reach the devices; memory above 4 GiB, which Atlas knows nothing of, may need more. */
export function checkAddressSpace(input: StartInput): Refusal | null {
  const { context, address, settled } = input;
  const { release, catalog } = context.index;
  const { physBits } = address;
  if (physBits === null || !has(input, 'lm') || !holds('addressSpaceChecked', release)) return null;
  const spaceBytes = deviceSpaceBytes(catalog.machines[settled.cell.machine].name);
  const isExempt = physBits <= 32 && !holds('addressSpaceByLongMode', release);
  const last = 4 * gibibyte + spaceBytes - 1;
  const reach = 2 ** physBits - 1;
  if (spaceBytes === 0 || isExempt || reach >= last) return null;
  const message = `Address space limit 0x${reach.toString(16)} < 0x${last.toString(16)} phys-bits too low (${physBits})`;
  return { by: 'usage', message, remedy: `give phys-bits from ${Math.ceil(Math.log2(last))} up` };
}

/** What QEMU refuses of the CPUs after the first, which it has made by then. */
export function checkOtherCpus(input: StartInput): Refusal | null {
  return checkPlaces(input, 1, input.settled.topology.topology.cpus);
}

const placeProperties = [
  ['socket-id', 'sockets'],
  ['die-id', 'dies'],
  ['module-id', 'modules'],
  ['core-id', 'cores'],
  ['thread-id', 'threads'],
] as const;

const placeRemedy = 'leave it out: QEMU gives every CPU its place';

/** `-cpu` is for every CPU, so that a place in the topology fits only where there is one such place. -1: not set. */
function checkPlaces({ settled: { configured, topology } }: StartInput, from: number, to: number): Refusal | null {
  const { properties, named } = configured;
  const asked = placeProperties.filter(([name]) => named.has(name) && properties[name] !== -1);
  for (let cpu = from; cpu < to && asked.length > 0; cpu++) {
    const place = placeOfCpu(topology.topology, cpu);
    const other = asked.find(([name, level]) => properties[name] !== place[level]);
    if (other === undefined) continue;
    const [name, level] = other;
    const set = `set apic-id: 0x${place.apicId.toString(16)} (${name}: ${place[level]})`;
    return {
      by: 'usage',
      message: `property ${name}: ${Number(properties[name]) >>> 0} doesn't match ${set}`,
      remedy: placeRemedy,
    };
  }
  return null;
}

function checkNode({ settled: { configured } }: StartInput): Refusal | null {
  const node = configured.properties['node-id'];
  const isNodeSet = typeof node === 'number' && node !== -1 && node !== 0;
  return isNodeSet ? { by: 'usage', message: 'invalid node-id, must be 0', remedy: placeRemedy } : null;
}

function checkApicIds(input: StartInput): Refusal | null {
  const { settled, context } = input;
  if (settled.topology.highestApicId <= lastPlainApicId) return null;
  const isServed = isKvm(input) && settled.irqchip !== 'off';
  if (isServed || holds('highApicIdNeedsX2apic', context.index.release)) return null;
  const message = 'current -smp configuration requires kernel irqchip and X2APIC API support.';
  return { by: 'usage', message, remedy: 'use KVM with its own irqchip, or fewer CPUs' };
}

function checkVpIndex(input: StartInput): Refusal | null {
  if (!isOn(input, 'hv-vpindex')) return null;
  const { index, facts } = input.context;
  if (!isKvm(input) && !holds('vpIndexCheckedWithoutKvm', index.release)) return null;
  const isSettable = facts.kvm === null || (facts.kvm.layer.capabilities.KVM_CAP_HYPERV_VP_INDEX ?? 0) > 0;
  if (isKvm(input) && isSettable) return null;
  return { by: 'accelerator', message: "kernel doesn't allow setting HyperV VP_INDEX", remedy: 'leave hv-vpindex out' };
}

/** Source: QEMU 10.2 source, 11.1 run */
export function checkCpuidOptions({ settled: { configured } }: StartInput): Refusal | null {
  const { properties } = configured;
  if (properties['x-vendor-cpuid-only-v2'] !== true || properties['x-vendor-cpuid-only'] !== false) return null;
  const message = 'x-vendor-cpuid-only-v2 property depends on x-vendor-cpuid-only';
  return { by: 'usage', message, remedy: 'switch x-vendor-cpuid-only on, or x-vendor-cpuid-only-v2 off' };
}

/** Only KVM can hand the records of last branches to a guest, and only in the host's own format. */
export function checkLbrFormat(input: StartInput): Refusal | null {
  const { context, settled } = input;
  const lane = context.index.layout.laneOfKey.get('msr.345');
  if (lane === undefined || !isKvm(input) || !holds('lbrFormatChecked', context.index.release)) return null;
  const asked = settled.words.requested[lane] & 0x3f;
  if (asked === 0) return null;
  if (!isOn(input, 'pmu'))
    return {
      by: 'usage',
      message: 'vPMU: LBR is unsupported without pmu=on',
      remedy: 'append ,pmu=on, or leave lbr-fmt out',
    };
  const offered = settled.support.supported[lane] & 0x3f;
  if (asked === offered || (settled.support.unknown[lane] & 0x3f) !== 0) return null;
  const hex = (format: number): string => `0x${format.toString(16)}`;
  const message = `vPMU: the lbr-fmt value (${hex(asked)}) does not match the host value (${hex(offered)}).`;
  return { by: 'usage', message, remedy: 'give the format of the host, or leave lbr-fmt out' };
}

export function checkEnforce(input: StartInput): Refusal | null {
  if (!isOn(input, 'enforce') || !input.wouldRefuse) return null;
  const message = `${isKvm(input) ? 'Host' : 'TCG'} doesn't support requested features`;
  return { by: 'enforce', message, remedy: 'leave enforce out, or disable the filtered features' };
}

/** A model that the accelerator does not offer at all: `host` without KVM. */
export function checkAccelerator({ context, settled: { cell } }: StartInput): Refusal | null {
  if (cell.row >= 0) return null;
  const message = `CPU model '${context.index.catalog.models[cell.model].name}' requires KVM or HVF`;
  return { by: 'accelerator', message, remedy: 'use -accel kvm, or the model max' };
}

/** Models with caches of their own are those that somewhere do without the old ones. */
export function checkCaches({ context: { index }, settled: { cell, configured } }: StartInput): Refusal | null {
  if (configured.properties['legacy-cache'] !== false || cell.accelerator.hasOwnCaches(cell.model)) return null;
  const message = `CPU model '${index.catalog.models[cell.model].name}' doesn't support legacy-cache=off`;
  return { by: 'usage', message, remedy: 'leave legacy-cache out' };
}

function makesApic(input: StartInput): boolean {
  return input.settled.topology.topology.cpus > 1 || has(input, 'apic');
}

export function checkApic(input: StartInput): Refusal | null {
  const { context, settled } = input;
  const { release } = context.index;
  if (isKvm(input) && settled.irqchip === 'off' && holds('noUserspaceApic', release) && makesApic(input)) {
    const remedy = 'leave kernel-irqchip out, or use on or split';
    return { by: 'accelerator', message: 'KVM does not support userspace APIC', remedy };
  }
  const { topology, highestApicId } = settled.topology;
  const mayHave = has(input, 'x2apic') || hasFeature(context.index, settled.words.undecided, 'x2apic');
  if (highestApicId <= lastPlainApicId || !holds('highApicIdNeedsX2apic', release) || mayHave) return null;
  let cpu = 0;
  while (placeOfCpu(topology, cpu).apicId <= lastPlainApicId) cpu++;
  const need = `APIC ID ${placeOfCpu(topology, cpu).apicId} requires x2APIC feature in CPU`;
  if (!holds('highApicIdRefused', release))
    return { by: 'abort', message: need, remedy: 'append ,+x2apic, or use fewer CPUs' };
  return { by: 'usage', message: 'Try x2apic=on in -cpu.', remedy: `${need}: append ,+x2apic, or use fewer CPUs` };
}

/** What KVM refuses when a vCPU is made. */
export function checkVcpu(input: StartInput): Refusal | null {
  return isKvm(input) ? (checkTsc(input) ?? checkMachineChecks(input) ?? checkMsrs(input)) : null;
}

/** What KVM refuses when the vCPU gets its first state. */
export function checkVcpuState(input: StartInput): Refusal | null {
  return isKvm(input) ? (checkAsyncFaults(input) ?? checkEnlightenments(input) ?? checkMtrrMask(input)) : null;
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

/** Characters of the vendor that Hyper-V leaves have room for. Source: Hyper-V TLFS, leaf 40000000H */
const hyperVVendorLength = 12;

export function hyperVLines({ settled: { configured } }: StartInput): string[] {
  const vendor = configured.properties['hv-vendor-id'];
  const isLong = typeof vendor === 'string' && vendor.length > hyperVVendorLength;
  return isLong ? ['warning: hv-vendor-id truncated to 12 characters'] : [];
}

export function userspaceApicLines(input: StartInput): string[] {
  if (!isKvm(input) || input.settled.irqchip !== 'off' || !makesApic(input)) return [];
  if (holds('noUserspaceApic', input.context.index.release)) return [];
  return [
    'warning: Userspace local APIC is deprecated for KVM.',
    'warning: Do not use kernel-irqchip except for the -M isapc machine type.',
  ];
}

export function threadLines(input: StartInput): string[] {
  const { threads } = input.settled.topology.topology;
  if (input.settled.vendor !== amd || threads <= 1 || has(input, 'topoext')) return [];
  const advice = holds('threadsAdviceInOneLine', input.context.index.release)
    ? '. Please configure -smp options properly or try enabling topoext feature.'
    : '';
  return [`warning: This family of AMD CPU doesn't support hyperthreading(${threads})${advice}`];
}
