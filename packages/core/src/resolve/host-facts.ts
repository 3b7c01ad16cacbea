import {
  isUnknown,
  type FeatureMsr,
  type HostSnapshot,
  type KvmLayer,
  type ObservedAccelerator,
  type UnknownReason,
} from '../snapshot/snapshot.ts';
import { CpuidTable, brandOf, parseHex32, parseMsr, signatureOf, vendorOf } from '../x86/registers.ts';

/** Facts of one host, decoded once: what resolution needs of its snapshot. A null is not known, never "no". */
export interface HostFacts {
  /** Raw CPUID of the silicon; of several kinds of CPU the first, see `groups`. */
  readonly silicon: CpuidTable | null;
  /** All kinds of CPU of the host. */
  readonly groups: readonly CpuidTable[];
  /** Of `silicon` and `groups` only bits that are 1 are facts. */
  readonly isPartial: boolean;
  /** MSRs of the silicon of the first group. One that is not in it is not known. */
  readonly siliconMsrs: ReadonlyMap<number, bigint>;
  readonly hardwareUnknown: UnknownReason | null;
  readonly kvm: KvmFacts | null;
  readonly kvmUnknown: UnknownReason | null;
  readonly observed: { readonly kvm: ObservedAccelerator | null; readonly tcg: ObservedAccelerator | null };
  readonly tscKhz: number | null;
  readonly vendor: string | null;
  readonly signature: { readonly family: number; readonly model: number; readonly stepping: number } | null;
  readonly brand: string | null;
}

export interface KvmFacts {
  readonly layer: KvmLayer;
  readonly supported: CpuidTable;
  readonly featureMsrs: ReadonlyMap<number, bigint>;
  /** Feature MSRs that KVM has, without having told their values. */
  readonly unreadableMsrs: ReadonlySet<number>;
  readonly msrIndices: ReadonlySet<number> | null;
  readonly unwritableMsrs: ReadonlySet<number>;
  readonly guestXcr0: bigint | null;
  readonly mceCapabilities: bigint | null;
  readonly release: string;
}

const notObserved = (what: string): UnknownReason => ({
  code: 'NOT_OBSERVED',
  reason: `the snapshot says nothing of ${what}`,
  remedy: 'probe the host itself: cpu-atlas probe',
});

/** MSRs by index. @throws SNAPSHOT_INVALID */
function decodeMsrs(msrs: readonly FeatureMsr[], where: string): ReadonlyMap<number, bigint> {
  return new Map(
    msrs.map(({ index, value }, i) => [
      parseHex32(index, `${where}[${i}].index`),
      parseMsr(value, `${where}[${i}].value`),
    ]),
  );
}

function decodeKvm(layer: KvmLayer, release: string): KvmFacts {
  const indexes = (list: readonly string[], where: string): Set<number> =>
    new Set(list.map((text, i) => parseHex32(text, `kernel.kvm.${where}[${i}]`)));
  return {
    layer,
    supported: new CpuidTable(layer.supportedCpuid, 'kernel.kvm.supportedCpuid'),
    featureMsrs: decodeMsrs(layer.featureMsrs, 'kernel.kvm.featureMsrs'),
    unreadableMsrs: indexes(layer.unreadableMsrs ?? [], 'unreadableMsrs'),
    msrIndices: layer.msrIndices === undefined ? null : indexes(layer.msrIndices, 'msrIndices'),
    unwritableMsrs: indexes(layer.unwritableMsrs ?? [], 'unwritableMsrs'),
    guestXcr0: layer.guestXcr0 === undefined ? null : parseMsr(layer.guestXcr0, 'kernel.kvm.guestXcr0'),
    mceCapabilities:
      layer.mceCapabilities === undefined ? null : parseMsr(layer.mceCapabilities, 'kernel.kvm.mceCapabilities'),
    release,
  };
}

function observedOf(snapshot: HostSnapshot, accel: 'kvm' | 'tcg', qemuVersion: string): ObservedAccelerator | null {
  const binaries = (snapshot.qemu ?? []).filter((binary) => binary.observed?.[accel]?.host !== undefined);
  const match = binaries.find((binary) => binary.version === qemuVersion) ?? binaries[0];
  return match?.observed?.[accel] ?? null;
}

/** Decodes a snapshot for one QEMU version. `null` is a host of which nothing is known. @throws SNAPSHOT_INVALID */
export function readHostFacts(snapshot: HostSnapshot | null, qemuVersion: string): HostFacts {
  const hardware = snapshot?.hardware === undefined || isUnknown(snapshot.hardware) ? null : snapshot.hardware;
  const kernel = snapshot?.kernel;
  const groups = (hardware?.cpus ?? []).map((group, i) => new CpuidTable(group.cpuid, `hardware.cpus[${i}].cpuid`));
  const silicon = groups[0] ?? null;
  const kvmLayer = kernel === undefined || isUnknown(kernel) ? null : kernel.kvm;
  const kvm =
    kvmLayer === null || isUnknown(kvmLayer) || kernel === undefined || isUnknown(kernel)
      ? null
      : decodeKvm(kvmLayer, kernel.release);
  const observed = {
    kvm: snapshot === null ? null : observedOf(snapshot, 'kvm', qemuVersion),
    tcg: snapshot === null ? null : observedOf(snapshot, 'tcg', qemuVersion),
  };
  return {
    silicon,
    groups,
    isPartial: hardware?.partial === true,
    siliconMsrs: decodeMsrs(hardware?.msrs ?? [], 'hardware.msrs'),
    hardwareUnknown: whyHardwareUnknown(snapshot),
    kvm,
    kvmUnknown: whyKvmUnknown(snapshot),
    observed,
    tscKhz: hardware?.tscKhz ?? null,
    ...identify(silicon, kvm, observed.kvm),
  };
}

function whyHardwareUnknown(snapshot: HostSnapshot | null): UnknownReason | null {
  const hardware = snapshot?.hardware;
  if (hardware === undefined) return notObserved('the CPU');
  return isUnknown(hardware) ? hardware.unknown : null;
}

function whyKvmUnknown(snapshot: HostSnapshot | null): UnknownReason | null {
  const kernel = snapshot?.kernel;
  if (kernel === undefined) return notObserved('the kernel');
  if (isUnknown(kernel)) return kernel.unknown;
  return isUnknown(kernel.kvm) ? kernel.kvm.unknown : null;
}

/** Who the CPU is: told by the silicon, else by KVM, else by what QEMU gave to `-cpu host`. */
function identify(
  silicon: CpuidTable | null,
  kvm: KvmFacts | null,
  observed: ObservedAccelerator | null,
): Pick<HostFacts, 'vendor' | 'signature' | 'brand'> {
  const tables = [silicon, kvm?.supported ?? null];
  // A partial layer may hold the leaf for its feature bits alone, with nothing in the other registers.
  const leaf0 = tables.map((table) => table?.get(0)).find((leaf) => leaf && (leaf.EBX | leaf.ECX | leaf.EDX) !== 0);
  const leaf1 = tables.map((table) => table?.get(1)).find((leaf) => leaf && leaf.EAX !== 0);
  const props = observed?.host ?? {};
  const number = (name: string): number | null => (typeof props[name] === 'number' ? props[name] : null);
  const [family, model, stepping] = [number('family'), number('model'), number('stepping')];
  const seen = family === null || model === null || stepping === null ? null : { family, model, stepping };
  return {
    vendor: leaf0 ? vendorOf(leaf0) : typeof props.vendor === 'string' ? props.vendor : null,
    signature: leaf1 ? signatureOf(leaf1.EAX) : seen,
    brand: (silicon && brandOf(silicon)) ?? (typeof props['model-id'] === 'string' ? props['model-id'] : null),
  };
}
