import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HostSnapshot, UnknownReason } from '@cpu-atlas/core';
import type { KvmSystemAnswers, KvmVmAnswers, NativePart, NativeProbe } from '../native-part.ts';

/** An addon whose answers are those of a small CPU with KVM, but for what a case changes. */
export function fakeProbe(changes: Partial<NativeProbe> = {}): NativePart {
  const probe: NativeProbe = {
    readCpuid: async (cpus, queries) => ({
      registers: new Uint32Array(cpus.length * queries.length * 2),
      errors: new Int32Array(cpus.length),
    }),
    readKvmSystem: async () => systemAnswers,
    tryKvmVm: async () => vmAnswers,
    ...changes,
  };
  return { kind: 'loaded', probe };
}

export const systemAnswers: KvmSystemAnswers = {
  apiVersion: 12,
  supportedCpuid: Uint32Array.of(7, 0, 1, 0, 0, 0, 1 << 29),
  emulatedCpuid: -22,
  msrIndices: Uint32Array.of(0x10a),
  featureMsrIndices: Uint32Array.of(0x8b, 0x10a, 0x345),
  featureMsrStatus: Int32Array.of(1, 1, 0),
  featureMsrValues: BigUint64Array.of(0x1000065n, 0x400000000c000069n, 0n),
  extensions: Int32Array.of(1, 1),
  attributeStatus: Int32Array.of(-25),
  attributeValues: BigUint64Array.of(0n),
  mceStatus: -25,
  mceCapabilities: BigUint64Array.of(0n),
};

export const vmAnswers: KvmVmAnswers = {
  createVm: 0,
  createIrqchip: 0,
  createVcpu: 0,
  tscKhz: -5,
  setCpuid: 0,
  extensions: Int32Array.of(1, 0),
  setMsrs: Int32Array.of(1, 0),
};

/** A rejection as the addon makes it. */
export function fault(syscall: string, errno: number): Error {
  return Object.assign(new Error(syscall), { syscall, errno });
}

/** The KVM part of a snapshot, or the kernel layer when that is unknown as a whole. */
export function kvmOf(snapshot: HostSnapshot): unknown {
  const { kernel } = snapshot;
  return kernel !== undefined && 'kvm' in kernel ? kernel.kvm : kernel;
}

/** Why a layer is unknown; `undefined` when it is known. */
export function unknownOf(layer: unknown): UnknownReason | undefined {
  return typeof layer === 'object' && layer !== null && 'unknown' in layer
    ? (layer.unknown as UnknownReason)
    : undefined;
}

/** A directory with these files in place of `/`, for one test. Others may enter it. */
export function makeRoot(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'atlas-root-'));
  chmodSync(root, 0o755);
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
