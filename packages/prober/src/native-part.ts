import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UnknownReason } from '@cpu-atlas/core';
import { explainUnknown } from './unknown-reasons.ts';

/** Registers of each query on each CPU, in order, and one errno a CPU (0: all of them were read there). */
export interface CpuidAnswers {
  /** EAX, EBX, ECX, EDX; the queries of the first CPU, then those of the second, … */
  readonly registers: Uint32Array;
  readonly errors: Int32Array;
}

/** A list that KVM gave, or the negative errno of the ioctl that should have given it. */
export type ListOrErrno = Uint32Array | number;

/** What the system descriptor of KVM answered. A status is the ioctl's result or a negative errno. */
export interface KvmSystemAnswers {
  readonly apiVersion: number;
  /** Seven words an entry: function, index, flags, EAX, EBX, ECX, EDX. */
  readonly supportedCpuid: ListOrErrno;
  readonly emulatedCpuid: ListOrErrno;
  readonly msrIndices: ListOrErrno;
  readonly featureMsrIndices: ListOrErrno;
  /** One a feature MSR: 1 when its value was read. */
  readonly featureMsrStatus: Int32Array;
  readonly featureMsrValues: BigUint64Array;
  /** KVM_CHECK_EXTENSION by number. */
  readonly extensions: Int32Array;
  readonly attributeStatus: Int32Array;
  readonly attributeValues: BigUint64Array;
  readonly mceStatus: number;
  readonly mceCapabilities: BigUint64Array;
}

/** What a VM with one vCPU answered. Each status is the ioctl's result or a negative errno; -ECANCELED: not reached. */
export interface KvmVmAnswers {
  readonly createVm: number;
  readonly createIrqchip: number;
  readonly createVcpu: number;
  readonly tscKhz: number;
  readonly setCpuid: number;
  readonly extensions: Int32Array;
  /** One an MSR: 1 when KVM took the value, 0 when it refused it. */
  readonly setMsrs: Int32Array;
}

/**
 * The native addon. Its work runs on threads of its own and each call gives a promise, which may never settle when the
 * kernel hangs: put a time limit on it. A promise is rejected with a {@link NativeFault}.
 */
export interface NativeProbe {
  /** `queries` are pairs of leaf and subleaf. A CPU that gives the thread no time within `cpuLimitMs` gets ETIMEDOUT. */
  readCpuid(cpus: Uint32Array, queries: Uint32Array, cpuLimitMs: number, totalLimitMs: number): Promise<CpuidAnswers>;
  /** `attributes` are pairs of group and attribute. With a CPU number the ioctls run on that CPU. */
  readKvmSystem(
    device: string,
    cpu: number | null,
    extensionCount: number,
    attributes: Uint32Array,
  ): Promise<KvmSystemAnswers>;
  /** `cpuid` is a list as readKvmSystem gives it. */
  tryKvmVm(
    device: string,
    cpu: number | null,
    extensionCount: number,
    cpuid: Uint32Array,
    msrIndices: Uint32Array,
    msrValues: BigUint64Array,
  ): Promise<KvmVmAnswers>;
}

/** What a rejected call of the addon carries. */
export interface NativeFault {
  readonly errno: number;
  readonly syscall: string;
}

/** The addon, or why it cannot be used. */
export type NativePart =
  | { readonly kind: 'loaded'; readonly probe: NativeProbe }
  | { readonly kind: 'missing'; readonly unknown: UnknownReason };

/** Whether the addon can be used, for status pages. */
export type NativeStatus =
  | { readonly kind: 'loaded'; readonly path: string }
  | { readonly kind: 'missing'; readonly path: string; readonly unknown: UnknownReason };

/** Where build-native.mjs puts the addon; the same distance from src/ and from dist/. */
const nativePath = fileURLToPath(new URL('../build/Release/prober.node', import.meta.url));

/**
 * Loads the addon. Never throws: without it (no compiler when the product was installed) the snapshot says so.
 *
 * @param path the addon's file, for tests
 */
export function loadNative(path: string = nativePath): NativePart {
  try {
    const addon: unknown = createRequire(import.meta.url)(path);
    if (isNativeProbe(addon)) return { kind: 'loaded', probe: addon };
    return missing('NATIVE_BROKEN', `${path} is not the native part of this release`);
  } catch (error) {
    if (hasCode(error, 'MODULE_NOT_FOUND')) return missing('NATIVE_MISSING', 'the native part was not built');
    return missing('NATIVE_BROKEN', `the native part cannot be loaded: ${firstLine(error)}`);
  }
}

/** Says whether the addon can be used and where it is expected. Never throws. */
export function nativeStatus(path: string = nativePath): NativeStatus {
  const part = loadNative(path);
  return part.kind === 'loaded' ? { kind: 'loaded', path } : { ...part, path };
}

/** Tells the addon's own rejections from defects. */
export function isNativeFault(error: unknown): error is NativeFault {
  return (
    error instanceof Error &&
    'errno' in error &&
    typeof error.errno === 'number' &&
    'syscall' in error &&
    typeof error.syscall === 'string'
  );
}

function missing(code: 'NATIVE_MISSING' | 'NATIVE_BROKEN', reason: string): NativePart {
  return { kind: 'missing', unknown: explainUnknown(code, reason) };
}

function isNativeProbe(addon: unknown): addon is NativeProbe {
  if (typeof addon !== 'object' || addon === null) return false;
  const functions: readonly unknown[] = [
    'readCpuid' in addon ? addon.readCpuid : undefined,
    'readKvmSystem' in addon ? addon.readKvmSystem : undefined,
    'tryKvmVm' in addon ? addon.tryKvmVm : undefined,
  ];
  return functions.every((each) => typeof each === 'function');
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
