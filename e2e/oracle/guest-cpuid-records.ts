import {
  CpuidTable,
  isUnknown,
  type GuestCpuidEntry,
  type HostSnapshot,
  type KernelIrqchip,
  type ResolutionRequest,
} from '@cpu-atlas/core';
import { readOracle } from './oracle-files.ts';
import { snapshotOfProbe, type RecordedEntry, type RecordedProbe } from './oracle-snapshots.ts';

interface RecordedCpuid extends RecordedEntry {
  readonly flags: number;
}

interface RecordedResult {
  readonly machine: string;
  readonly accel: unknown;
  readonly cpu: string;
  readonly set_cpuid2?: { readonly entries: readonly RecordedCpuid[] } | null;
}

interface RecordedKvmHost {
  readonly probe: RecordedProbe & {
    readonly kvm: {
      readonly vcpu_tsc_khz: number;
      readonly supported_hv_cpuid_system?: readonly RecordedEntry[];
    };
  };
  readonly qemu: Readonly<Record<string, { readonly results: readonly RecordedResult[] }>>;
}

/** One launch, and the CPUID that QEMU handed to KVM in it. */
export interface RecordedLaunch {
  readonly version: string;
  readonly label: string;
  readonly request: ResolutionRequest;
  readonly entries: readonly GuestCpuidEntry[];
}

/** A host with all launches that came so far as to hand a CPUID to KVM. */
export interface RecordedGuests {
  readonly snapshot: HostSnapshot;
  readonly hyperV: CpuidTable;
  readonly launches: readonly RecordedLaunch[];
}

/** Source: Linux include/uapi/linux/kvm.h */
const hyperVCapability = '44';

/** The snapshot with what these tests need beside: the frequency of the TSC, and whether KVM has Hyper-V. */
function completeSnapshot(file: string, probe: RecordedKvmHost['probe']): HostSnapshot {
  const snapshot = snapshotOfProbe(file, probe);
  const { hardware, kernel } = snapshot;
  if (
    hardware === undefined ||
    isUnknown(hardware) ||
    kernel === undefined ||
    isUnknown(kernel) ||
    isUnknown(kernel.kvm)
  )
    throw new Error(`${file} lacks a layer`);
  const capabilities = { ...kernel.kvm.capabilities, KVM_CAP_HYPERV: probe.kvm.caps_system[hyperVCapability] ?? 0 };
  return {
    ...snapshot,
    hardware: { ...hardware, tscKhz: probe.kvm.vcpu_tsc_khz },
    kernel: { ...kernel, kvm: { ...kernel.kvm, capabilities } },
  };
}

function irqchipOf({ machine, accel }: RecordedResult): KernelIrqchip | undefined {
  return /kernel-irqchip=(on|split|off)/.exec(`${machine} ${JSON.stringify(accel)}`)?.[1] as KernelIrqchip | undefined;
}

function entryOf({ leaf, subleaf, flags, eax, ebx, ecx, edx }: RecordedCpuid): GuestCpuidEntry {
  return {
    leaf: Number(leaf),
    subleaf: subleaf ?? 0,
    flags,
    eax: Number(eax),
    ebx: Number(ebx),
    ecx: Number(ecx),
    edx: Number(edx),
  };
}

function launchesOf(version: string, results: readonly RecordedResult[]): RecordedLaunch[] {
  return results.flatMap((result): RecordedLaunch[] => {
    if (!result.set_cpuid2) return [];
    const [machine] = result.machine.split(',');
    const request = { accel: 'kvm', machine, cpu: result.cpu, kernelIrqchip: irqchipOf(result) } as const;
    const label = `${version} ${result.machine} ${result.cpu}`;
    return [{ version, label, request, entries: result.set_cpuid2.entries.map(entryOf) }];
  });
}

/** Reads one file of `oracle/kvm-hosts`. */
export function readRecordedGuests(file: string): RecordedGuests {
  const { probe, qemu } = readOracle<RecordedKvmHost>('kvm-hosts', file);
  const hyperV = (probe.kvm.supported_hv_cpuid_system ?? []).map((entry) => ({ ...entry, subleaf: 0 }));
  return {
    snapshot: completeSnapshot(file, probe),
    hyperV: new CpuidTable(hyperV, 'supported_hv_cpuid_system'),
    launches: Object.entries(qemu).flatMap(([version, { results }]) => launchesOf(version, results)),
  };
}
