import { amd } from './vendors.ts';
import { hasFeature } from './feature-words.ts';
import type { Refusal } from './resolution.ts';
import { holds } from './rules.ts';
import { has, isKvm, isOn, type StartInput } from './start-input.ts';
import { placeOfCpu } from './topology.ts';

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
