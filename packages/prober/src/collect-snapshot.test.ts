import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSnapshot } from '@cpu-atlas/contract';
import type { CpuidEntry, HardwareLayer, HostSnapshot, KvmLayer } from '@cpu-atlas/core';
import { isUnknown } from '@cpu-atlas/core';
import { collectSnapshot } from './collect-snapshot.ts';
import { maskPerCpuEntry } from './cpuid-mask.ts';
import { nativeStatus } from './native-part.ts';

/** Real probes of the machine that runs the tests. */
const status = nativeStatus();
const native = status.kind === 'loaded' ? '' : ` (skipped: ${status.unknown.reason})`;
const first = await collectSnapshot({ qemu: false });
const kvmLayer = readKvm(first);
const kvmNote = 'unknown' in kvmLayer ? ` (skipped: ${kvmLayer.unknown.reason})` : '';

function readKvm(snapshot: HostSnapshot): KvmLayer | { readonly unknown: { readonly reason: string } } {
  const { kernel } = snapshot;
  if (kernel === undefined) throw new Error('no kernel layer');
  return isUnknown(kernel) ? kernel : kernel.kvm;
}

function needKvm(snapshot: HostSnapshot): KvmLayer {
  const kvm = readKvm(snapshot);
  if ('unknown' in kvm) throw new Error(kvm.unknown.reason);
  return kvm;
}

function needHardware(snapshot: HostSnapshot): HardwareLayer {
  const { hardware } = snapshot;
  if (hardware === undefined || isUnknown(hardware)) throw new Error('no hardware layer');
  return hardware;
}

function mask(entries: readonly CpuidEntry[]): readonly CpuidEntry[] {
  return entries.map(maskPerCpuEntry);
}

describe('a probe of this machine', () => {
  it('is a snapshot by the contract, before and after JSON', () => {
    const text = JSON.stringify(first);
    expect(JSON.parse(text)).toEqual(first);
    expect(parseSnapshot(JSON.parse(text))).toEqual(first);
  });

  it('names the host by a hash, never by its machine id', () => {
    expect(first.host.id).toMatch(/^[0-9a-f]{32}$/);
    const machineId = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : '';
    if (machineId !== '') expect(JSON.stringify(first)).not.toContain(machineId);
  });

  it('takes labels and the time as given', async () => {
    const snapshot = await collectSnapshot({ qemu: false, labels: { rack: 'r1' }, now: () => new Date(0) });
    expect(snapshot.host.labels).toEqual({ rack: 'r1' });
    expect(snapshot.collectedAt).toBe('1970-01-01T00:00:00.000Z');
  });

  it.skipIf(!existsSync('/usr/bin/qemu-system-x86_64'))(
    'finds the installed QEMU (skipped where there is none)',
    async () => {
      const { qemu } = await collectSnapshot();
      expect(qemu?.find(({ path }) => path === '/usr/bin/qemu-system-x86_64')?.version).toMatch(/^\d+\.\d+/);
    },
  );

  it.skipIf(status.kind === 'missing')(`tells its CPUs${native}`, () => {
    const hardware = needHardware(first);
    expect(hardware.unreadCpus).toBeUndefined();
    expect(hardware.cpus.flatMap(({ cpus }) => cpus).join(',')).toContain('0');
    const cpuid = hardware.cpus[0]?.cpuid ?? [];
    expect(cpuid.map(({ leaf }) => leaf)).toEqual(expect.arrayContaining(['0x00000000', '0x00000001', '0x80000000']));
    const hasHypervisor = / hypervisor( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
    expect(hardware.hypervisor !== undefined).toBe(hasHypervisor);
  });
});

describe.skipIf('unknown' in kvmLayer)(`KVM of this machine${kvmNote}`, () => {
  it('offers CPUID, MSRs and capabilities', () => {
    const kvm = needKvm(first);
    expect(kvm.apiVersion).toBe(12);
    expect(kvm.supportedCpuid.length).toBeGreaterThan(10);
    expect(kvm.capabilities).toMatchObject({ KVM_CAP_EXT_CPUID: 1, KVM_CAP_USER_MEMORY: 1 });
    expect(kvm.vmUnknown).toBeUndefined();
    expect(kvm.unwritableMsrs).toBeDefined();
    expect(Object.keys(kvm.modules ?? {})).toContain('kvm');
    expect(needHardware(first).tscKhz).toBeGreaterThan(100_000);
  });

  it('two probes are equal but for the time and ids of CPUs', async () => {
    const [one, two] = [first, await collectSnapshot({ qemu: false })].map((snapshot) => ({
      ...snapshot,
      collectedAt: '',
      hardware: {
        ...needHardware(snapshot),
        cpus: needHardware(snapshot).cpus.map(({ cpus, cpuid }) => ({ cpus, cpuid: mask(cpuid) })),
      },
      kernel: {
        ...snapshot.kernel,
        kvm: { ...needKvm(snapshot), supportedCpuid: mask(needKvm(snapshot).supportedCpuid) },
      },
    }));
    expect(two).toEqual(one);
  });

  it('50 probes leave no descriptor and no thread behind', async () => {
    const count = () => [readdirSync('/proc/self/fd').length, readdirSync('/proc/self/task').length] as const;
    const [descriptors, threads] = count();
    for (let i = 0; i < 50; i++) needKvm(await collectSnapshot({ qemu: false }));
    // The VM of the last probe is closed a few milliseconds after the answer.
    for (let i = 0; i < 100 && count()[0] > descriptors; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(count()[0]).toBeLessThanOrEqual(descriptors);
    expect(count()[1]).toBeLessThanOrEqual(threads + 4);
  });

  it('ten probes at once all answer', async () => {
    const snapshots = await Promise.all(Array.from({ length: 10 }, () => collectSnapshot({ qemu: false })));
    expect(snapshots.map((snapshot) => needKvm(snapshot).supportedCpuid.length)).toEqual(
      Array.from({ length: 10 }, () => needKvm(first).supportedCpuid.length),
    );
  });
});
