import { CpuidTable, brandOf, isUnknown, vendorOf } from '@cpu-atlas/core';
import type { HostSnapshot, UnknownLayer } from '@cpu-atlas/core';
import type { HostSummary, LayerState } from '@cpu-atlas/contract';

/** A QEMU binary as its host tells of it. */
export interface BinaryFacts {
  readonly path: string;
  readonly version: string;
  readonly package: string | null;
  /** Hash of the catalog that describes it; null: not harvested. */
  readonly catalog: string | null;
}

/** The little of a snapshot that lists and searches need: some 500 bytes, where the snapshot has 20 KB. */
export interface SnapshotFacts {
  readonly hostId: string;
  readonly fingerprint: string;
  /** Name and labels as the host itself tells them. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuName: string | null;
  readonly vendor: string | null;
  readonly kernelRelease: string | null;
  readonly hypervisor: string | null;
  readonly layers: HostSummary['layers'];
  readonly qemu: readonly BinaryFacts[];
}

const known: LayerState = { state: 'known' };

/** @throws SNAPSHOT_INVALID for a register that is not a hex value */
export function readFacts(snapshot: HostSnapshot, fingerprint: string): SnapshotFacts {
  const { host, hardware, kernel } = snapshot;
  const silicon = hardware === undefined || isUnknown(hardware) ? null : hardware;
  const registers = new CpuidTable(silicon?.cpus[0]?.cpuid ?? [], 'hardware.cpus[0].cpuid');
  const leaf0 = registers.get(0);
  return {
    hostId: host.id,
    fingerprint,
    name: host.name,
    labels: { ...host.labels },
    cpuName: brandOf(registers)?.trim().replace(/\s+/g, ' ') || null,
    vendor: leaf0 === null ? null : vendorOf(leaf0),
    kernelRelease: kernel === undefined || isUnknown(kernel) ? null : kernel.release,
    hypervisor: silicon?.hypervisor ?? null,
    layers: layersOf(snapshot),
    qemu: (snapshot.qemu ?? []).map(({ path, version, package: name, catalog }) => ({
      path,
      version,
      package: name ?? null,
      catalog: catalog ?? null,
    })),
  };
}

function layersOf({ hardware, kernel, qemu }: HostSnapshot): HostSummary['layers'] {
  const kvm = kernel === undefined || isUnknown(kernel) ? kernel : kernel.kvm;
  return {
    hardware: stateOf(hardware),
    kernel: stateOf(kernel),
    kvm: stateOf(kvm),
    qemu: qemu === undefined ? notInSnapshot('whether QEMU is installed was not looked at') : qemuState(qemu.length),
  };
}

function qemuState(count: number): LayerState {
  if (count > 0) return known;
  return {
    state: 'unknown',
    code: 'QEMU_NOT_INSTALLED',
    reason: 'no QEMU system emulator for x86-64 was found on this host',
    remedy: 'install qemu-system-x86; until then the nearest shipped catalog answers',
  };
}

function stateOf(layer: object | UnknownLayer | undefined): LayerState {
  if (layer === undefined) return notInSnapshot('the snapshot does not tell this layer');
  return isUnknown(layer) ? { state: 'unknown', ...layer.unknown } : known;
}

function notInSnapshot(reason: string): LayerState {
  return { state: 'unknown', code: 'NOT_IN_SNAPSHOT', reason, remedy: 'probe the host with cpu-atlas' };
}

/** Beyond this many different values it is not worth to look for equal ones. */
const sharedValues = 4_096;

/** Makes equal parts of many facts one object: a fleet has few kernels, layers and sets of binaries. */
export function createFactsFolder(): (facts: SnapshotFacts) => SnapshotFacts {
  const shared = new Map<string, unknown>();
  const fold = <T>(value: T): T => {
    const key = JSON.stringify(value);
    const twin = shared.get(key);
    // Equal JSON text is the same value: the parts hold nothing but JSON.
    if (twin !== undefined) return twin as T;
    if (shared.size >= sharedValues) shared.clear();
    shared.set(key, value);
    return value;
  };
  return (facts) => ({
    ...facts,
    fingerprint: fold(facts.fingerprint),
    labels: fold(facts.labels),
    cpuName: fold(facts.cpuName),
    vendor: fold(facts.vendor),
    kernelRelease: fold(facts.kernelRelease),
    hypervisor: fold(facts.hypervisor),
    layers: fold(facts.layers),
    qemu: fold(facts.qemu),
  });
}
