import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isUnknown, type CpuidEntry, type HostSnapshot } from '@cpu-atlas/core';

const source = new URL('./weaker-kvm.c', import.meta.url).pathname;

/** Bits that a host is to lack. */
export type LackingBits = Pick<CpuidEntry, 'leaf' | 'subleaf'> & Partial<Record<RegisterKey, number>>;

type RegisterKey = 'eax' | 'ebx' | 'ecx' | 'edx';
const registers: readonly RegisterKey[] = ['eax', 'ebx', 'ecx', 'edx'];

/** A program that runs a QEMU as if the KVM of this machine offered less. */
export interface WeakerKvm {
  readonly binary: string;
  remove(): void;
}

/** Makes that program; it needs a C compiler. */
export function buildWeakerKvm(binary: string, lacking: readonly LackingBits[]): WeakerKvm {
  const folder = mkdtempSync(join(tmpdir(), 'cpu-atlas-weaker-'));
  const library = join(folder, 'weaker.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  const lines = lacking.map(({ leaf, subleaf, ...bits }) =>
    [Number(leaf), subleaf, ...registers.map((name) => bits[name] ?? 0)].map((value) => value.toString(16)).join(' '),
  );
  const program = join(folder, 'qemu');
  const script = `#!/bin/sh\nexport CPU_ATLAS_WITHOUT='${lines.join('\n')}'\nexec env LD_PRELOAD='${library}' '${binary}' "$@"\n`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return { binary: program, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What the probe of such a host would have seen. */
export function weakenSnapshot(snapshot: HostSnapshot, lacking: readonly LackingBits[]): HostSnapshot {
  const { kernel } = snapshot;
  if (kernel === undefined || isUnknown(kernel) || isUnknown(kernel.kvm)) return snapshot;
  const supportedCpuid = kernel.kvm.supportedCpuid.map((entry) => weakenEntry(entry, lacking));
  return { ...snapshot, kernel: { ...kernel, kvm: { ...kernel.kvm, supportedCpuid } } };
}

function weakenEntry(entry: CpuidEntry, lacking: readonly LackingBits[]): CpuidEntry {
  return lacking.reduce((left, bits) => {
    if (bits.leaf !== entry.leaf || bits.subleaf !== entry.subleaf) return left;
    const cleared = registers.map((name) => [name, hex(Number(left[name]) & ~(bits[name] ?? 0))]);
    return { ...left, ...(Object.fromEntries(cleared) as Pick<CpuidEntry, RegisterKey>) };
  }, entry);
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
