import type { PropertyValues } from '../../catalog/catalog.ts';
import type { QemuRelease } from '../../catalog/release.ts';
import type { CpuidTable } from '../../x86/registers.ts';
import type { HostFacts } from '../host-facts.ts';
import type { CpuPlace, Topology } from '../topology.ts';
import type { Bits, Registers } from './bits.ts';
import type { CacheSet } from './caches.ts';

/** Which caches each group of leaves is made of; null: a model's own, which are not known. */
export interface ShownCaches {
  readonly leaf2: CacheSet | null;
  readonly leaf4: CacheSet | null;
  /** Leaves 80000005H and 80000006H. */
  readonly amd: CacheSet | null;
  /** Leaf 8000001DH. */
  readonly amdTopology: CacheSet | null;
}

/** What leaf 24H says beside feature bits. */
export interface Avx10 {
  /** null: the host's, which is not known. */
  readonly version: number | null;
  /** Highest subleaf, which goes with the version that was asked for; null: not known. */
  readonly highestSubleaf: number | null;
}

/** A CPU of a guest, with all that decides what CPUID answers on it. */
export interface GuestCpu {
  readonly release: QemuRelease;
  readonly isKvm: boolean;
  readonly vendor: string;
  readonly properties: PropertyValues;
  /** The feature word, as the guest gets it, by its key; 0 where this QEMU does not know it. */
  word(key: string): Bits;
  /** Whether this QEMU has a feature word. */
  knowsWord(key: string): boolean;
  knowsFeature(name: string): boolean;
  /** A feature word as the accelerator supports it. */
  supportedWord(key: string): Bits;
  /** Whether a feature is there; null: not known. */
  has(name: string): boolean | null;
  /** Whether the accelerator supports a feature; null: not known. */
  isSupported(name: string): boolean | null;
  /** A leaf as KVM supports it (KVM_GET_SUPPORTED_CPUID); nothing under TCG. */
  supported(leaf: number, subleaf: number): Registers;
  readonly level: number;
  readonly minLevel: number;
  readonly xlevel: number;
  readonly xlevel2: number;
  /** The highest leaves come from the host, which is not known. */
  readonly areLevelsOpen: boolean;
  /** Highest subleaf of leaf 7. */
  readonly level7: number;
  /** EAX of leaf 1. */
  readonly signature: Bits;
  /** null: the host's, which is not known. */
  readonly brand: string | null;
  readonly physBits: number | null;
  readonly guestPhysBits: number | null;
  readonly avx10: Avx10;
  readonly topology: Topology;
  readonly place: CpuPlace;
  readonly caches: ShownCaches;
  readonly facts: HostFacts;
  /** Raw CPUID of the CPU that QEMU runs on; null: not known. */
  readonly silicon: CpuidTable | null;
  /** Whether KVM has enlightenments of Hyper-V at all: without them, QEMU shows none. */
  readonly canHyperV: boolean;
  /** KVM_GET_SUPPORTED_HV_CPUID; null: not known. */
  readonly hyperV: CpuidTable | null;
}

/** Computes the answer of one leaf and subleaf. */
export type LeafReader = (cpu: GuestCpu, subleaf: number) => Registers;

export const isOn = ({ properties }: GuestCpu, name: string): boolean => properties[name] === true;

/** A property that is on where this QEMU does not know it. */
export const isNotOff = ({ properties }: GuestCpu, name: string): boolean => properties[name] !== false;

/** A number among the properties; 0 where it is none. */
export function numberOf({ properties }: GuestCpu, name: string): number {
  const value = properties[name];
  return typeof value === 'number' ? value : 0;
}

/** Where the leaves of hypervisors begin. */
export const hypervisorBase = 0x40000000;

/** A leaf among those of hypervisors. */
export interface HypervisorLeaf {
  readonly leaf: number;
  readonly registers: Registers;
  /** Whether there is such a leaf is not known. */
  readonly isUncertain?: true;
}
