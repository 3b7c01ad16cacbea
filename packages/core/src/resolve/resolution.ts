import type { Register } from '../catalog/catalog.ts';

export type Accelerator = 'kvm' | 'tcg';
export type KernelIrqchip = 'on' | 'split' | 'off';

/** `-smp`; what is left out is filled in as QEMU does (see `resolveTopology`): `cpus: 4` alone are four cores of one socket. */
export interface SmpTopology {
  readonly cpus?: number;
  readonly sockets?: number;
  readonly dies?: number;
  readonly clusters?: number;
  readonly modules?: number;
  readonly cores?: number;
  readonly threads?: number;
}

export interface ResolutionRequest {
  readonly accel: Accelerator;
  /** Name or alias of a machine type, `pc-q35-10.0` or `q35`. */
  readonly machine: string;
  /** The argument of `-cpu`, `Skylake-Server-v4,+vmx`. */
  readonly cpu: string;
  /** Absent: what the machine type does by itself. */
  readonly kernelIrqchip?: KernelIrqchip | undefined;
  readonly smp?: SmpTopology | undefined;
}

/** QMP's X86CPUFeatureWordInfo, to the letter. */
export interface X86CPUFeatureWordInfo {
  readonly 'cpuid-input-eax': number;
  readonly 'cpuid-input-ecx'?: number;
  readonly 'cpuid-register': Register;
  readonly features: number;
}

/** The first layer that withholds a feature, in the order in which a bit travels from silicon to guest. */
export type BlockingLayer = 'hardware' | 'kernel' | 'qemu' | 'config' | 'dependency' | 'not-observed';

export interface Blocker {
  readonly layer: BlockingLayer;
  /** The register and bit that said so: `CPUID.07H.0:EBX[5]=0 on the host CPU`. */
  readonly evidence: string;
  /** What an operator can do. */
  readonly remedy: string;
}

/**
 * enabled: the guest sees it. filtered: asked for and not to be had. missing: the host could, but the model does not ask.
 * absent: neither asked for nor to be had. unknown: a layer that decides is not known.
 */
export type FeatureState = 'enabled' | 'filtered' | 'missing' | 'absent' | 'unknown';

export interface FeatureVerdict {
  readonly name: string;
  /** `CPUID.07H.0:EBX[5]`, `MSR 48BH[3]`. */
  readonly bit: string;
  readonly state: FeatureState;
  readonly requested: boolean;
  readonly supported: 'yes' | 'no' | 'unknown';
  readonly blocker?: Blocker;
}

/** What QEMU reports of the CPU object, with QMP's names. */
export interface ResolvedProperties {
  readonly type: string;
  readonly level: number;
  readonly 'min-level': number;
  readonly xlevel: number;
  readonly 'min-xlevel': number;
  readonly xlevel2: number;
  readonly 'min-xlevel2': number;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly vendor: string;
  readonly 'model-id': string;
  /** null: depends on a layer that is not known. */
  readonly 'phys-bits': number | null;
  readonly 'guest-phys-bits': number | null;
  readonly 'host-phys-bits': boolean;
  readonly 'host-phys-bits-limit': number;
  readonly 'ucode-rev': number | null;
  readonly pmu: boolean;
}

/** runnable: as defined. filtered: starts with fewer features. refused: QEMU does not start. unknown: cannot be told. */
export type ResolutionStatus = 'runnable' | 'filtered' | 'refused' | 'unknown';

/** QEMU ends instead of starting, and what it prints last. */
export interface Refusal {
  /** `usage`: QEMU rejects the command line; `enforce`; `accelerator`; `abort`: QEMU dies (SIGABRT). */
  readonly by: 'usage' | 'enforce' | 'accelerator' | 'abort';
  readonly message: string;
  readonly remedy: string;
}

/** A level that a feature raised: `level` is 0x14 because of `intel-pt`. */
export interface LevelRaise {
  readonly level: 'level' | 'xlevel' | 'xlevel2';
  readonly to: number;
  readonly because: string;
}

export interface Resolution {
  readonly status: ResolutionStatus;
  readonly accel: Accelerator;
  /** Canonical name of the machine type. */
  readonly machine: string;
  readonly cpu: string;
  /** The model part of `cpu` as given, and the versioned model that it stands for on this machine type. */
  readonly cpuModel: string;
  readonly aliasOf?: string;
  readonly featureWords: readonly X86CPUFeatureWordInfo[];
  readonly filteredFeatures: readonly X86CPUFeatureWordInfo[];
  /** MSR feature words, which QMP's feature-words leave out; 64-bit values in hex. */
  readonly msrFeatures: readonly { readonly index: string; readonly enabled: string; readonly filtered: string }[];
  readonly unavailableFeatures: readonly string[];
  /** Lines as this QEMU prints them, without the `qemu-system-x86_64: ` prefix. */
  readonly warnings: readonly string[];
  readonly refusal?: Refusal;
  /** Whether `enforce` would refuse to start. */
  readonly enforce: 'starts' | 'refuses' | 'unknown';
  readonly properties: ResolvedProperties;
  readonly level: number;
  readonly xlevel: number;
  readonly xlevel2: number;
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly modelId: string;
  readonly levelRaises: readonly LevelRaise[];
  /** What is not known, and so keeps the answer from being yes or no. */
  readonly unknowns: readonly string[];
  /** What was assumed to get here (nearest catalog, default of a missing option), in plain words. */
  readonly assumptions: readonly string[];
}
