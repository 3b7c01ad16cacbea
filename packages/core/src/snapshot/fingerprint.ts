import { canonicalJson } from '../canonical-json.ts';
import { parseHex32, parseMsr, readCpuidEntry } from '../x86/registers.ts';
import { perCpuMasks } from '../x86/per-cpu-masks.ts';
import {
  isUnknown,
  type CpuidEntry,
  type HardwareLayer,
  type HostSnapshot,
  type KernelLayer,
  type KvmLayer,
  type Layer,
  type QemuBinary,
} from './snapshot.ts';

/** Goes up with each change of what the text says, so that texts of two releases of Atlas never meet. */
const form = 'cpu-atlas/fingerprint/1';

/**
 * Members that decide no answer. One that is not listed counts as deciding, so that a new one costs folding and never an
 * answer: a test changes each of these and compares whole matrices.
 */
const idle = {
  snapshot: ['schema', 'host', 'collectedAt', 'collector', 'unreadQemu'],
  // Of the TSC only `tsc-frequency` asks, which no model has by itself.
  hardware: ['unreadCpus', 'microcode', 'vulnerabilities', 'hypervisor', 'tscKhz'],
  // What a release or a module parameter changes shows in what KVM offers.
  kernel: ['release'],
  kvm: ['apiVersion', 'modules', 'emulatedCpuid', 'vmCapabilities', 'vmUnknown'],
  binary: ['path'],
} as const;

/** The rest of a layer: what is neither idle nor written out by name. */
function restOf<T extends object>(layer: T, idleNames: readonly string[], written: readonly (keyof T)[]): unknown {
  const known = new Set<PropertyKey>([...idleNames, ...written]);
  return Object.fromEntries(Object.entries(layer).filter(([name]) => !known.has(name)));
}

const hex = (value: number): string => (value >>> 0).toString(16);

/** Hypervisor leaves of the silicon: they tell of the host's own host, and some of its clock. */
const isHypervisorLeaf = (leaf: number): boolean => leaf >= 0x4000_0000 && leaf < 0x5000_0000;

/** A CPUID dump as text, by leaf and subleaf, without what tells one CPU from another. */
function describeCpuid(entries: readonly CpuidEntry[], where: string, isKept: (leaf: number) => boolean): string {
  const answers = new Map<string, { readonly leaf: number; readonly subleaf: number; readonly registers: string }>();
  entries.forEach((entry, i) => {
    const { leaf, subleaf, registers } = readCpuidEntry(entry, where, i);
    if (!isKept(leaf)) return;
    const { EAX, EBX, ECX, EDX } = registers;
    const [eax, ebx, ecx, edx] = perCpuMasks(leaf);
    const told = `${hex(EAX & ~eax)},${hex(EBX & ~ebx)},${hex(ECX & ~ecx)},${hex(EDX & ~edx)}`;
    // Of two answers to one question the later one counts, as it does when they are resolved.
    answers.set(`${leaf}.${subleaf}`, { leaf, subleaf, registers: told });
  });
  return [...answers.values()]
    .sort((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf)
    .map(({ leaf, subleaf, registers }) => `${hex(leaf)}.${hex(subleaf)}:${registers}`)
    .join(';');
}

/** The first kind of CPU says who the host is; of the others it matters only which there are. */
function describeHardware(layer: Layer<HardwareLayer> | undefined): unknown {
  if (layer === undefined) return null;
  if (isUnknown(layer)) return { unknown: layer.unknown.code };
  const [first, ...others] = layer.cpus.map(({ cpuid }, i) =>
    describeCpuid(cpuid, `hardware.cpus[${i}].cpuid`, (leaf) => !isHypervisorLeaf(leaf)),
  );
  const kinds = [...new Set(others)].filter((kind) => kind !== first).sort();
  return { cpus: [first ?? null, ...kinds], rest: restOf(layer, idle.hardware, ['cpus']) };
}

/** IA32_BIOS_SIGN_ID: the revision of the microcode, which `host` and `max` show and nothing depends on. */
const microcodeMsr = 0x8b;
/** It counts the CPUs that are online. Source: Linux, Documentation/virt/kvm/api.rst, KVM_CAP_NR_VCPUS */
const cpuCount = 'KVM_CAP_NR_VCPUS';

function describeMsrs(list: readonly string[] | undefined, where: string): unknown {
  if (list === undefined) return null;
  return [...new Set(list.map((text, i) => parseHex32(text, `${where}[${i}]`)))].sort((a, b) => a - b).map(hex);
}

const writtenOfKvm = [
  ...(['supportedCpuid', 'featureMsrs', 'msrIndices', 'capabilities'] as const),
  ...(['guestXcr0', 'mceCapabilities', 'unwritableMsrs', 'unreadableMsrs'] as const),
];

function describeKvm(layer: KvmLayer): unknown {
  const values = layer.featureMsrs.map(({ index, value }, i) => {
    const where = `kernel.kvm.featureMsrs[${i}]`;
    return [parseHex32(index, `${where}.index`), parseMsr(value, `${where}.value`).toString(16)] as const;
  });
  const value = (text: string | undefined, name: string): string | null =>
    text === undefined ? null : parseMsr(text, `kernel.kvm.${name}`).toString(16);
  return {
    cpuid: describeCpuid(layer.supportedCpuid, 'kernel.kvm.supportedCpuid', () => true),
    msrs: [...new Map(values)].filter(([msr]) => msr !== microcodeMsr).sort(([a], [b]) => a - b),
    indices: describeMsrs(layer.msrIndices, 'kernel.kvm.msrIndices'),
    capabilities: Object.fromEntries(
      Object.entries(layer.capabilities).filter(([name, answer]) => answer !== 0 && name !== cpuCount),
    ),
    xcr0: value(layer.guestXcr0, 'guestXcr0'),
    mce: value(layer.mceCapabilities, 'mceCapabilities'),
    unwritable: describeMsrs(layer.unwritableMsrs ?? [], 'kernel.kvm.unwritableMsrs'),
    unreadable: describeMsrs(layer.unreadableMsrs ?? [], 'kernel.kvm.unreadableMsrs'),
    rest: restOf(layer, idle.kvm, writtenOfKvm),
  };
}

function describeKernel(layer: Layer<KernelLayer> | undefined): unknown {
  if (layer === undefined) return null;
  if (isUnknown(layer)) return { unknown: layer.unknown.code };
  const kvm = isUnknown(layer.kvm) ? { unknown: layer.kvm.unknown.code } : describeKvm(layer.kvm);
  return { kvm, rest: restOf(layer, idle.kernel, ['kvm']) };
}

/** The first binary answers for the host; others only where they saw something of it. */
function describeBinaries(binaries: readonly QemuBinary[]): unknown {
  return binaries.flatMap((binary, i): unknown[] => {
    if (i === 0) return [restOf(binary, idle.binary, [])];
    return binary.observed === undefined ? [] : [{ version: binary.version, observed: binary.observed }];
  });
}

/**
 * All of a snapshot that decides what models come out as, as canonical text; its hash is the fingerprint. Hosts with
 * equal texts have equal matrices under every QEMU, accelerator and irqchip, and run the same QEMU by default.
 *
 * What it leaves out shows elsewhere: `ucode-rev` of `host` and `max` (the microcode's revision), a `tsc-frequency` that
 * the user gives (the host's TSC), and the words of an explanation (kernel release, module parameters).
 * @throws SNAPSHOT_INVALID for a register that is not a hex value
 */
export function fingerprintText(snapshot: HostSnapshot): string {
  return canonicalJson({
    form,
    hardware: describeHardware(snapshot.hardware),
    kernel: describeKernel(snapshot.kernel),
    qemu: describeBinaries(snapshot.qemu ?? []),
    rest: restOf(snapshot, idle.snapshot, ['hardware', 'kernel', 'qemu']),
  });
}
