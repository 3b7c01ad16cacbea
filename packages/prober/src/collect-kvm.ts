import type { FeatureMsr, KvmLayer, UnknownLayer, UnknownReason } from '@cpu-atlas/core';
import type { CpuidRecord } from './cpuid-record.ts';
import { toCpuidEntry, toHex32, toHex64 } from './cpuid-record.ts';
import { extensionCount, nameCapabilities, nameDifferences, sysAttributesCapability } from './kvm-capabilities.ts';
import { listStartMsrs } from './kvm-msrs.ts';
import { explainOpen, explainStep } from './kvm-reasons.ts';
import type { KvmSystemAnswers, KvmVmAnswers, ListOrErrno, NativeProbe } from './native-part.ts';
import { isNativeFault } from './native-part.ts';
import { explainUnknown } from './unknown-reasons.ts';

/** What KVM said. `tscKhz` belongs to the hardware layer. */
export interface KvmReading {
  readonly layer: KvmLayer | UnknownLayer;
  readonly tscKhz?: number;
}

/** The only version since Linux 2.6.22. */
const apiVersion = 12;
/** KVM_X86_XCOMP_GUEST_SUPP: group 0, attribute 0. Source: Linux arch/x86/include/uapi/asm/kvm.h. */
const guestXcr0Attribute = Uint32Array.of(0, 0);
const wordsPerEntry = 7;

/**
 * Asks KVM through `device`, on `cpu` when one is given.
 * Rejects with a NativeFault when the addon cannot work; everything else becomes part of the layer or its reason.
 */
export async function collectKvm(probe: NativeProbe, device: string, cpu: number | null): Promise<KvmReading> {
  let system: KvmSystemAnswers;
  try {
    system = await probe.readKvmSystem(device, cpu, extensionCount, guestXcr0Attribute);
  } catch (error) {
    if (isNativeFault(error) && error.syscall === 'open') return unknown(explainOpen(device, error.errno));
    throw error;
  }
  const { supportedCpuid, featureMsrIndices } = system;
  const problem = findProblem(system, device);
  if (problem !== undefined) return unknown(problem);
  if (typeof supportedCpuid === 'number') return unknown(explainStep('KVM_GET_SUPPORTED_CPUID', -supportedCpuid));

  const supported = toRecords(supportedCpuid);
  const features = readFeatureMsrs(featureMsrIndices, system);
  const offered = new Map(features.read.map(({ index, value }) => [index, value]));
  const tried = listStartMsrs(new Set(offered.keys()), supported);
  const values = BigUint64Array.from(tried, (index) => offered.get(index) ?? 0n);
  const vm = await probe.tryKvmVm(device, cpu, extensionCount, supportedCpuid, Uint32Array.from(tried), values);

  const layer: KvmLayer = {
    apiVersion: system.apiVersion,
    supportedCpuid: supported.map(toCpuidEntry),
    ...(typeof system.emulatedCpuid !== 'number' && {
      emulatedCpuid: toRecords(system.emulatedCpuid).map(toCpuidEntry),
    }),
    featureMsrs: features.read.map(({ index, value }): FeatureMsr => ({
      index: toHex32(index),
      value: toHex64(value),
    })),
    ...(features.refused.length > 0 && { unreadableMsrs: features.refused.map(toHex32) }),
    ...(typeof system.msrIndices !== 'number' && { msrIndices: [...system.msrIndices].map(toHex32) }),
    capabilities: nameCapabilities(system.extensions),
    ...readXcr0(system),
    ...(system.mceStatus >= 0 && { mceCapabilities: toHex64(system.mceCapabilities[0] ?? 0n) }),
    ...readVm(system, vm, tried),
  };
  return { layer, ...(vm.tscKhz > 0 && { tscKhz: vm.tscKhz }) };
}

function findProblem(system: KvmSystemAnswers, device: string): UnknownReason | undefined {
  if (system.apiVersion < 0) return explainStep(`asking ${device} for its API version`, -system.apiVersion);
  if (system.apiVersion === apiVersion) return undefined;
  return explainUnknown('KVM_API_VERSION', `${device} speaks KVM API version ${system.apiVersion}, not ${apiVersion}`);
}

interface FeatureMsrReading {
  readonly read: readonly { readonly index: number; readonly value: bigint }[];
  /** Listed, but KVM would not tell the value. */
  readonly refused: readonly number[];
}

/** Kernels before 4.17 have no such list: then there are no feature MSRs. */
function readFeatureMsrs(indices: ListOrErrno, system: KvmSystemAnswers): FeatureMsrReading {
  if (typeof indices === 'number') return { read: [], refused: [] };
  const msrs = Array.from(indices, (index, position) => ({
    index,
    value: system.featureMsrValues[position] ?? 0n,
    isRead: system.featureMsrStatus[position] === 1,
  }));
  return {
    read: msrs.filter(({ isRead }) => isRead),
    refused: msrs.filter(({ isRead }) => !isRead).map(({ index }) => index),
  };
}

function readXcr0(system: KvmSystemAnswers): Pick<KvmLayer, 'guestXcr0'> {
  const hasAttribute = (system.extensions[sysAttributesCapability] ?? 0) > 0 && (system.attributeStatus[0] ?? -1) >= 0;
  return hasAttribute ? { guestXcr0: toHex64(system.attributeValues[0] ?? 0n) } : {};
}

function readVm(system: KvmSystemAnswers, vm: KvmVmAnswers, tried: readonly number[]): Partial<KvmLayer> {
  if (vm.createVm < 0) return { vmUnknown: explainStep('KVM_CREATE_VM', -vm.createVm) };
  const vmCapabilities = nameDifferences(vm.extensions, system.extensions);
  const differing = Object.keys(vmCapabilities).length > 0 ? { vmCapabilities } : {};
  if (vm.createVcpu < 0) return { ...differing, vmUnknown: explainStep('KVM_CREATE_VCPU', -vm.createVcpu) };
  if (vm.setCpuid < 0) return { ...differing, vmUnknown: explainStep('KVM_SET_CPUID2', -vm.setCpuid) };
  const unwritable = tried.filter((_, position) => vm.setMsrs[position] !== 1);
  return { ...differing, unwritableMsrs: unwritable.map(toHex32) };
}

function toRecords(words: Uint32Array): readonly CpuidRecord[] {
  return Array.from({ length: Math.floor(words.length / wordsPerEntry) }, (_, position) => {
    const start = position * wordsPerEntry;
    const [leaf = 0, subleaf = 0, , eax = 0, ebx = 0, ecx = 0, edx = 0] = words.subarray(start, start + wordsPerEntry);
    return { leaf, subleaf, eax, ebx, ecx, edx };
  });
}

function unknown(reason: UnknownReason): KvmReading {
  return { layer: { unknown: reason } };
}
