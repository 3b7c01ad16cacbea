import type { CpuidEntry, HardwareLayer, HostSnapshot, KvmLayer } from '@cpu-atlas/core';

/** A CPUID entry of the oracle: a leaf without subleaves has none, or 0. */
export interface RecordedEntry extends Omit<CpuidEntry, 'subleaf'> {
  readonly subleaf: number | null;
}

const entries = (recorded: readonly RecordedEntry[]): CpuidEntry[] =>
  recorded.map(({ leaf, subleaf, eax, ebx, ecx, edx }) => ({ leaf, subleaf: subleaf ?? 0, eax, ebx, ecx, edx }));

/** `oracle/qemu/host.json.gz`: the machine on which the sweeps were recorded. */
export interface RecordedHost {
  readonly rawCpuid: readonly RecordedEntry[];
  readonly apiVersion: number;
  readonly supportedCpuid: readonly RecordedEntry[];
  readonly emulatedCpuid: readonly RecordedEntry[];
  readonly msrFeatureValues: Readonly<Record<string, string>>;
  readonly msrIndexList: readonly string[];
  readonly extensionsSystem: Readonly<Record<string, number>>;
  readonly xcompGuestSupp: string;
  readonly mceCapSupported: string;
  readonly vcpu: { readonly tscKhz: readonly (number | null)[] };
  /** 0: KVM refused the write. */
  readonly setMsrArchCapFreshVcpu: number;
}

export function snapshotOfSweepHost(host: RecordedHost): HostSnapshot {
  const kvm: KvmLayer = {
    apiVersion: host.apiVersion,
    supportedCpuid: entries(host.supportedCpuid),
    emulatedCpuid: entries(host.emulatedCpuid),
    featureMsrs: Object.entries(host.msrFeatureValues).map(([index, value]) => ({ index, value })),
    msrIndices: host.msrIndexList,
    capabilities: host.extensionsSystem,
    guestXcr0: host.xcompGuestSupp,
    mceCapabilities: host.mceCapSupported,
    ...(host.setMsrArchCapFreshVcpu === 0 ? { unwritableMsrs: ['0x0000010a'] } : {}),
  };
  return snapshotOf(
    'sweep-host',
    { cpus: [{ cpus: '0', cpuid: entries(host.rawCpuid) }], tscKhz: host.vcpu.tscKhz[0] ?? 0 },
    '6.1',
    kvm,
  );
}

/** `probe` of a file of `oracle/kvm-hosts`. */
export interface RecordedProbe {
  readonly uname: readonly string[];
  readonly raw_cpuid: Readonly<Record<string, readonly RecordedEntry[]>>;
  readonly kvm: {
    readonly api_version: number;
    readonly supported_cpuid: readonly RecordedEntry[];
    readonly emulated_cpuid: readonly RecordedEntry[];
    readonly feature_msrs: Readonly<Record<string, string>>;
    readonly msr_index_list: readonly string[];
    readonly caps_system: Readonly<Record<string, number>>;
    readonly system_attrs: Readonly<Record<string, string>>;
  };
}

/** Numbers of the capabilities that QEMU asks for. Source: Linux include/uapi/linux/kvm.h */
const capabilityNames: Readonly<Record<string, string>> = {
  '72': 'KVM_CAP_TSC_DEADLINE_TIMER',
  '209': 'KVM_CAP_SYS_ATTRIBUTES',
};

export function snapshotOfProbe(name: string, probe: RecordedProbe): HostSnapshot {
  const capabilities = Object.entries(probe.kvm.caps_system).map(([number, value]) => [
    capabilityNames[number] ?? `KVM_CAP_${number}`,
    value,
  ]);
  const xcr0 = probe.kvm.system_attrs['0.0'];
  const kvm: KvmLayer = {
    apiVersion: probe.kvm.api_version,
    supportedCpuid: entries(probe.kvm.supported_cpuid),
    emulatedCpuid: entries(probe.kvm.emulated_cpuid),
    featureMsrs: Object.entries(probe.kvm.feature_msrs).map(([index, value]) => ({ index, value })),
    msrIndices: probe.kvm.msr_index_list,
    capabilities: Object.fromEntries(capabilities) as Record<string, number>,
    ...(xcr0 !== undefined && !xcr0.startsWith('error') ? { guestXcr0: xcr0 } : {}),
  };
  return snapshotOf(name, { cpus: [{ cpus: '0', cpuid: entries(probe.raw_cpuid['0']) }] }, probe.uname[2], kvm);
}

function snapshotOf(name: string, hardware: HardwareLayer, release: string, kvm: KvmLayer): HostSnapshot {
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: name, name },
    collectedAt: '2026-11-01T00:00:00Z',
    collector: 'oracle',
    hardware,
    kernel: { release, kvm },
  };
}
