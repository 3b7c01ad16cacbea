/** A host snapshot: what one probe saw of one host. Three layers, each of which may be unknown, with its reason. */

/** 32-bit register as `0x` and eight lower-case hex digits. */
export type Hex32 = string;
/** 64-bit value as `0x` and hex digits; shorter forms are accepted on input. */
export type Hex64 = string;

/** One CPUID leaf and subleaf: what the instruction (or KVM) answers. `subleaf` is 0 where the leaf has none. */
export interface CpuidEntry {
  readonly leaf: Hex32;
  readonly subleaf: number;
  readonly eax: Hex32;
  readonly ebx: Hex32;
  readonly ecx: Hex32;
  readonly edx: Hex32;
}

/** Why a layer is missing, and how to get it. `code` is stable (`KVM_DENIED`, `NOT_LINUX`, …). */
export interface UnknownReason {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

/** A layer that could not be read. Never treated as empty. */
export interface UnknownLayer {
  readonly unknown: UnknownReason;
}

export type Layer<T> = T | UnknownLayer;

export function isUnknown<T extends object>(layer: Layer<T>): layer is UnknownLayer {
  return 'unknown' in layer;
}

/** CPUs with equal CPUID (APIC ids masked). `cpus` is a Linux CPU list such as `0-63,128`. */
export interface CpuGroup {
  readonly cpus: string;
  readonly cpuid: readonly CpuidEntry[];
}

export interface HardwareLayer {
  readonly cpus: readonly CpuGroup[];
  /** Online CPUs that the probe could not run on, as a CPU list: they may differ from those in `cpus`. Absent: none. */
  readonly unreadCpus?: string;
  /** Microcode revision of the first CPU. */
  readonly microcode?: Hex64;
  /** `/sys/devices/system/cpu/vulnerabilities/*`, verbatim. */
  readonly vulnerabilities?: Readonly<Record<string, string>>;
  /** Hypervisor signature of leaf 0x40000000, absent on bare metal. */
  readonly hypervisor?: string;
  /** TSC frequency in kHz as the kernel or KVM tells it. */
  readonly tscKhz?: number;
  /**
   * True when not everything of the CPU was seen: leaves that it has are missing, or the bits were pieced together from
   * names. Then only a bit that is 1 is a fact; a bit that is 0 and a leaf that is not listed are unknown.
   */
  readonly partial?: boolean;
  /** MSRs of feature bits as the first CPU itself has them. One that is not listed is not known. */
  readonly msrs?: readonly FeatureMsr[];
}

/** A model-specific register whose bits are features, such as IA32_ARCH_CAPABILITIES (10AH). */
export interface FeatureMsr {
  readonly index: Hex32;
  readonly value: Hex64;
}

export interface KvmLayer {
  readonly apiVersion: number;
  /** Module parameters, `{ kvm_amd: { nested: '1' } }`. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** KVM_GET_SUPPORTED_CPUID. */
  readonly supportedCpuid: readonly CpuidEntry[];
  /** KVM_GET_EMULATED_CPUID. */
  readonly emulatedCpuid?: readonly CpuidEntry[];
  /** KVM_GET_MSR_FEATURE_INDEX_LIST with the values that KVM_GET_MSRS gives on the system descriptor. */
  readonly featureMsrs: readonly FeatureMsr[];
  /** Feature MSRs that KVM lists, but whose value it would not tell. Absent: none. */
  readonly unreadableMsrs?: readonly Hex32[];
  /** KVM_GET_MSR_INDEX_LIST; QEMU asks it whether IA32_ARCH_CAPABILITIES exists. */
  readonly msrIndices?: readonly Hex32[];
  /** KVM_CHECK_EXTENSION on the system descriptor, by name. Only answers other than 0 need to be listed. */
  readonly capabilities: Readonly<Record<string, number>>;
  /** KVM_CHECK_EXTENSION on a VM, where it differs. */
  readonly vmCapabilities?: Readonly<Record<string, number>>;
  /** KVM_X86_XCOMP_GUEST_SUPP: the XCR0 bits a guest may get. Absent where the kernel has no such attribute. */
  readonly guestXcr0?: Hex64;
  /** KVM_X86_GET_MCE_CAP_SUPPORTED. */
  readonly mceCapabilities?: Hex64;
  /**
   * Feature MSRs that KVM lists but refuses to be written on a fresh vCPU: QEMU aborts when it sets them.
   * Absent: not tried.
   */
  readonly unwritableMsrs?: readonly Hex32[];
  /** Why no VM with a vCPU could be made, so that `vmCapabilities` or `unwritableMsrs` are not known. Absent: one was. */
  readonly vmUnknown?: UnknownReason;
}

export interface KernelLayer {
  readonly release: string;
  readonly kvm: Layer<KvmLayer>;
}

/** What a QEMU on this host itself said over QMP, for hosts without the other layers. */
export interface ObservedAccelerator {
  /** Properties of the static expansion of `host` (KVM) or `max` (TCG) with `migratable=off`. */
  readonly host?: Readonly<Record<string, boolean | number | string>>;
  /** `unavailable-features` of query-cpu-definitions, by model. */
  readonly unavailable?: Readonly<Record<string, readonly string[]>>;
}

export interface QemuBinary {
  readonly path: string;
  readonly version: string;
  readonly package?: string;
  /** Content hash of the catalog that describes this binary, `sha256:…`. */
  readonly catalog?: string;
  readonly observed?: { readonly kvm?: ObservedAccelerator; readonly tcg?: ObservedAccelerator };
}

/** A QEMU binary that did not tell its version. */
export interface UnreadQemu {
  readonly path: string;
  readonly unknown: UnknownReason;
}

export interface HostSnapshot {
  readonly schema: 'cpu-atlas/host-snapshot/1';
  readonly host: { readonly id: string; readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  /** RFC 3339, UTC. */
  readonly collectedAt: string;
  readonly collector: string;
  readonly hardware?: Layer<HardwareLayer>;
  readonly kernel?: Layer<KernelLayer>;
  readonly qemu?: readonly QemuBinary[];
  /** QEMU binaries that were found or named, but did not tell their version. Absent: none. */
  readonly unreadQemu?: readonly UnreadQemu[];
}
