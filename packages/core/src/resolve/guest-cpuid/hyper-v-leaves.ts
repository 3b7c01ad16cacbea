import { anyOf, both, either, known, notKnown, registers, zero, zeros, type Bits, type Registers } from './bits.ts';
import { announced, find, hostRegister, hostWhy, isEnabled } from './enlightenments.ts';
import { hypervisorBase, isOn, numberOf, type GuestCpu, type HypervisorLeaf } from './guest-cpu.ts';
import { packText } from './packed-text.ts';

const limits = 0x40000005;
const nestedFeatures = 0x4000000a;
const debuggerBase = 0x40000080;

const defaultVendor = 'Microsoft Hv';
/** "Hv#1". */
const hyperVInterface = 0x31237648;

function fromHost(cpu: GuestCpu, leaf: number): Registers {
  return {
    eax: hostRegister(cpu, leaf, 'EAX'),
    ebx: hostRegister(cpu, leaf, 'EBX'),
    ecx: hostRegister(cpu, leaf, 'ECX'),
    edx: hostRegister(cpu, leaf, 'EDX'),
    why: hostWhy,
  };
}

/** Vendor, interface and version: the user's, or the host's. */
function identityLeaves(cpu: GuestCpu, highest: Bits): HypervisorLeaf[] {
  if (isOn(cpu, 'hv-passthrough')) {
    const vendor = { ...fromHost(cpu, hypervisorBase), eax: highest };
    return [
      { leaf: hypervisorBase, registers: vendor },
      { leaf: hypervisorBase + 1, registers: fromHost(cpu, hypervisorBase + 1) },
      { leaf: hypervisorBase + 2, registers: fromHost(cpu, hypervisorBase + 2) },
    ];
  }
  const given = cpu.properties['hv-vendor-id'];
  const [ebx, ecx, edx] = packText(typeof given === 'string' && given !== '' ? given : defaultVendor);
  const major = (numberOf(cpu, 'hv-version-id-major') << 16) | numberOf(cpu, 'hv-version-id-minor');
  const service = (numberOf(cpu, 'hv-version-id-sbranch') << 24) | (numberOf(cpu, 'hv-version-id-snumber') & 0xffffff);
  const version = registers(numberOf(cpu, 'hv-version-id-build'), major, numberOf(cpu, 'hv-version-id-spack'), service);
  return [
    { leaf: hypervisorBase, registers: { ...registers(0, ebx, ecx, edx), eax: highest, why: hostWhy } },
    { leaf: hypervisorBase + 1, registers: registers(hyperVInterface) },
    { leaf: hypervisorBase + 2, registers: version },
  ];
}

const hypercalls = 1 << 5;
const messagesAndSignals = (1 << 4) | (1 << 5);
const dynamicPartitioning = 1 << 3;
const apicRecommended = 1 << 3;
const noSharing = 1 << 18;

/** Bits where something is on, not known where it is not known. */
const when = (condition: boolean | null, bits: number): Bits =>
  condition === null ? notKnown(bits) : known(condition ? bits : 0);

function featuresLeaf(cpu: GuestCpu): Registers {
  const synic = isOn(cpu, 'x-hv-synic-kvm-only') ? false : isEnabled(cpu, find('hv-synic'));
  return {
    eax: either(announced(cpu, 'features.eax'), known(hypercalls)),
    ebx: when(synic, messagesAndSignals),
    ecx: zero,
    edx: either(announced(cpu, 'features.edx'), known(dynamicPartitioning)),
    why: hostWhy,
  };
}

function adviceLeaf(cpu: GuestCpu): Registers {
  const vapic = isEnabled(cpu, find('hv-vapic'));
  const avic = isEnabled(cpu, find('hv-avic'));
  const recommendsApic = vapic === false || avic === true ? false : vapic === true && avic === false ? true : null;
  const { 'hv-no-nonarch-coresharing': sharing } = cpu.properties;
  const hostSharing = both(hostRegister(cpu, 0x40000004, 'EAX'), known(noSharing));
  const sharingBits = sharing === 'on' ? known(noSharing) : sharing === 'auto' ? hostSharing : zero;
  const isPassed = isOn(cpu, 'hv-passthrough');
  return {
    eax: [announced(cpu, 'advice.eax'), when(recommendsApic, apicRecommended), sharingBits].reduce(either),
    ebx: isPassed ? hostRegister(cpu, 0x40000004, 'EBX') : known(numberOf(cpu, 'hv-spinlocks')),
    ecx: zero,
    edx: zero,
    why: hostWhy,
  };
}

/** Implementation limits that QEMU gives: interrupt vectors for devices. */
const deviceVectors = 64;
/** The only version of the enlightened VMCS, as lowest and highest. */
const evmcsVersion = (1 << 8) | 1;

function limitsLeaf(cpu: GuestCpu): Registers {
  if (isOn(cpu, 'hv-passthrough')) return fromHost(cpu, limits);
  return registers(numberOf(cpu, 'x-hv-max-vps'), deviceVectors);
}

/** The leaves of Hyper-V, in QEMU's order; those that an unknown host decides on are uncertain. */
export function hyperVLeaves(cpu: GuestCpu): HypervisorLeaf[] {
  const isEvmcs = isEnabled(cpu, find('hv-evmcs'));
  const nested = either(announced(cpu, 'nested.eax'), when(isEvmcs, evmcsVersion));
  const hasNested = anyOf(nested);
  const hasDebugger = isEnabled(cpu, find('hv-syndbg'));
  const isOpen = hasDebugger === null || (hasDebugger === false && hasNested === null);
  const highest = hasDebugger === true ? debuggerBase + 2 : hasNested === true ? nestedFeatures : limits;
  return [
    ...identityLeaves(cpu, isOpen ? notKnown() : known(highest)),
    { leaf: 0x40000003, registers: featuresLeaf(cpu) },
    { leaf: 0x40000004, registers: adviceLeaf(cpu) },
    { leaf: limits, registers: limitsLeaf(cpu) },
    ...onlyIf(hasNested, nestedLeaves(nested)),
    ...onlyIf(hasDebugger, debuggerLeaves()),
  ];
}

function onlyIf(condition: boolean | null, leaves: readonly HypervisorLeaf[]): readonly HypervisorLeaf[] {
  if (condition === null) return leaves.map((leaf) => ({ ...leaf, isUncertain: true }));
  return condition ? leaves : [];
}

function nestedLeaves(nested: Bits): HypervisorLeaf[] {
  const between = [6, 7, 8, 9].map((n) => ({ leaf: hypervisorBase + n, registers: zeros }));
  return [...between, { leaf: nestedFeatures, registers: { ...zeros, eax: nested, why: hostWhy } }];
}

/** "Microsoft VS", "VS#1". */
function debuggerLeaves(): HypervisorLeaf[] {
  const [ebx, ecx, edx] = packText('Microsoft VS');
  const [name] = packText('VS#1');
  const allowsDebugging = 1 << 1;
  return [
    { leaf: debuggerBase, registers: registers(0, ebx, ecx, edx) },
    { leaf: debuggerBase + 1, registers: registers(name) },
    { leaf: debuggerBase + 2, registers: registers(allowsDebugging) },
  ];
}
