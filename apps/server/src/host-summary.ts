import { CpuidTable, brandOf, isUnknown, vendorOf } from '@cpu-atlas/core';
import type { HostSnapshot, UnknownLayer } from '@cpu-atlas/core';
import type { HostSummary, LayerState, QemuSummary } from '@cpu-atlas/contract';

export interface SummaryInput {
  readonly snapshot: HostSnapshot;
  readonly hash: string;
  readonly qemu: readonly QemuSummary[];
  readonly nowMs: number;
  readonly isSelf: boolean;
  readonly isProbing: boolean;
}

const known: LayerState = { state: 'known' };

/** What a list of hosts shows of one. */
export function summariseHost({ snapshot, hash, qemu, nowMs, isSelf, isProbing }: SummaryInput): HostSummary {
  const { host, hardware, kernel } = snapshot;
  const silicon = hardware === undefined || isUnknown(hardware) ? null : hardware;
  const registers = new CpuidTable(silicon?.cpus[0]?.cpuid ?? [], 'hardware.cpus[0].cpuid');
  const leaf0 = registers.get(0);
  return {
    id: host.id,
    name: host.name,
    labels: { ...host.labels },
    collectedAt: snapshot.collectedAt,
    // A clock that was set back makes no age below zero.
    ageSeconds: Math.max(0, (nowMs - Date.parse(snapshot.collectedAt)) / 1000),
    isSelf,
    isProbing,
    cpuName: brandOf(registers)?.trim().replace(/\s+/g, ' ') || null,
    vendor: leaf0 === null ? null : vendorOf(leaf0),
    kernelRelease: kernel === undefined || isUnknown(kernel) ? null : kernel.release,
    hypervisor: silicon?.hypervisor ?? null,
    snapshotHash: hash,
    layers: layersOf(snapshot),
    qemu: [...qemu],
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
