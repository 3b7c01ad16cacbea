import { describe, expect, it } from 'vitest';
import { parseSnapshot } from '@cpu-atlas/contract';
import { collectSnapshot } from './collect-snapshot.ts';
import type { CollectOptions } from './collect-snapshot.ts';
import { loadNative } from './native-part.ts';
import { fakeProbe, fault, kvmOf, makeRoot, systemAnswers, unknownOf, vmAnswers } from './testing/fake-host.ts';

/** What cannot be had on this machine is put in place of the addon; the collector itself is the real one. */
const never = new Promise<never>(() => undefined);

describe('a host that cannot be probed wholly', () => {
  const cases: readonly { name: string; options: CollectOptions; hardware?: string; kvm?: string }[] = [
    { name: 'off Linux', options: { platform: 'darwin' }, hardware: 'NOT_LINUX', kvm: 'NOT_LINUX' },
    { name: 'off x86', options: { arch: 'arm64' }, hardware: 'NOT_X86', kvm: 'NOT_X86' },
    {
      name: 'without the native part',
      options: { native: loadNative('/nonexistent/prober.node') },
      hardware: 'NATIVE_MISSING',
      kvm: 'NATIVE_MISSING',
    },
    ...[
      { name: 'without /dev/kvm', errno: 2, kvm: 'KVM_ABSENT' },
      { name: 'without permission', errno: 13, kvm: 'KVM_DENIED' },
      { name: 'where a policy forbids it', errno: 1, kvm: 'KVM_DENIED' },
      { name: 'with a busy /dev/kvm', errno: 16, kvm: 'KVM_BUSY' },
      { name: 'with the node but no module', errno: 19, kvm: 'KVM_NO_MODULE' },
      { name: 'with the node but no device', errno: 6, kvm: 'KVM_NO_MODULE' },
      { name: 'out of descriptors', errno: 24, kvm: 'KVM_FAILED' },
    ].map(({ name, errno, kvm }) => ({
      name,
      options: { native: fakeProbe({ readKvmSystem: async () => Promise.reject(fault('open', errno)) }) },
      kvm,
    })),
    {
      name: 'with a KVM of another age',
      options: { native: fakeProbe({ readKvmSystem: async () => ({ ...systemAnswers, apiVersion: 11 }) }) },
      kvm: 'KVM_API_VERSION',
    },
    {
      name: 'whose KVM refuses its CPUID list',
      options: { native: fakeProbe({ readKvmSystem: async () => ({ ...systemAnswers, supportedCpuid: -7 }) }) },
      kvm: 'KVM_FAILED',
    },
    {
      name: 'whose KVM hangs',
      options: { native: fakeProbe({ readKvmSystem: async () => never }), layerLimitMs: 100 },
      kvm: 'PROBE_TIMEOUT',
    },
    {
      name: 'whose CPUs hang',
      options: { native: fakeProbe({ readCpuid: async () => never }), layerLimitMs: 100 },
      hardware: 'PROBE_TIMEOUT',
    },
    {
      name: 'that lets the probe run on no CPU',
      options: {
        native: fakeProbe({
          readCpuid: async (cpus) => ({ registers: new Uint32Array(), errors: new Int32Array(cpus.length).fill(22) }),
        }),
      },
      hardware: 'CPUID_FAILED',
    },
    {
      name: 'where earlier probes hang',
      options: { native: fakeProbe({ readCpuid: async () => Promise.reject(fault('job_start', 11)) }) },
      hardware: 'PROBE_BUSY',
    },
    {
      name: 'whose native part breaks its word',
      options: { native: fakeProbe({ readCpuid: async () => Promise.reject(new TypeError('broken')) }) },
      hardware: 'PROBE_FAILED',
    },
  ];
  it.each(cases)('$name: hardware $hardware, KVM $kvm', async ({ options, hardware, kvm }) => {
    const snapshot = await collectSnapshot({ qemu: false, native: fakeProbe(), ...options });
    expect(unknownOf(snapshot.hardware)?.code).toBe(hardware);
    expect(unknownOf(kvmOf(snapshot))?.code).toBe(kvm);
    expect(parseSnapshot(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot);
  });

  it('each reason and remedy is a sentence without its own full stop', async () => {
    for (const { options } of cases) {
      const snapshot = await collectSnapshot({ qemu: false, native: fakeProbe(), ...options });
      for (const layer of [snapshot.hardware, kvmOf(snapshot)]) {
        const { reason, remedy } = unknownOf(layer) ?? { reason: 'ok then', remedy: 'ok then' };
        expect(`${reason}|${remedy}`).toMatch(/^[^.].* .*[^.]\|[^.].* .*[^.]$/);
      }
    }
  });
});

describe('a host where one step fails', () => {
  it.each([
    {
      name: 'the VM is busy',
      vm: { createVm: -16 },
      code: 'KVM_BUSY',
      reason: 'KVM_CREATE_VM failed: EBUSY (resource busy or locked)',
    },
    {
      name: 'the vCPU fails',
      vm: { createVcpu: -12 },
      code: 'KVM_FAILED',
      reason: 'KVM_CREATE_VCPU failed: ENOMEM (not enough memory)',
    },
    {
      name: 'the CPUID is refused',
      vm: { setCpuid: -22 },
      code: 'KVM_FAILED',
      reason: 'KVM_SET_CPUID2 failed: EINVAL (invalid argument)',
    },
  ])('$name: KVM is known but for its VM', async ({ vm, code, reason }) => {
    const native = fakeProbe({ tryKvmVm: async () => ({ ...vmAnswers, ...vm }) });
    const kvm = kvmOf(await collectSnapshot({ qemu: false, native }));
    expect(kvm).toMatchObject({ apiVersion: 12, vmUnknown: { code, reason } });
    expect(kvm).not.toHaveProperty('unwritableMsrs');
  });

  it('MSRs that cannot be read or written are named, the others told', async () => {
    expect(kvmOf(await collectSnapshot({ qemu: false, native: fakeProbe() }))).toMatchObject({
      featureMsrs: [
        { index: '0x0000008b', value: '0x1000065' },
        { index: '0x0000010a', value: '0x400000000c000069' },
      ],
      unreadableMsrs: ['0x00000345'],
      unwritableMsrs: ['0x0000010a'],
      capabilities: { KVM_CAP_IRQCHIP: 1, KVM_CAP_HLT: 1 },
      vmCapabilities: { KVM_CAP_HLT: 0 },
    });
  });

  it('a CPU that does not answer is named', async () => {
    const root = makeRoot({ 'sys/devices/system/cpu/online': '0-2\n' });
    const native = fakeProbe({
      readCpuid: async (cpus, queries) => ({
        registers: new Uint32Array(cpus.length * queries.length * 2),
        errors: Int32Array.from(cpus, (cpu) => (cpu === 1 ? 110 : 0)),
      }),
    });
    const { hardware } = await collectSnapshot({ qemu: false, native, sysRoot: root });
    expect(hardware).toMatchObject({ cpus: [{ cpus: '0,2' }], unreadCpus: '1' });
  });

  it('CPUs of two kinds are two groups', async () => {
    const root = makeRoot({ 'sys/devices/system/cpu/online': '0-3' });
    const native = fakeProbe({ readCpuid: async (cpus, queries) => hybridAnswers(cpus, queries) });
    const { hardware } = await collectSnapshot({ qemu: false, native, sysRoot: root });
    expect(hardware).toMatchObject({ cpus: [{ cpus: '0-1' }, { cpus: '2-3' }] });
    const leaves = hardware !== undefined && 'cpus' in hardware ? hardware.cpus.map(({ cpuid }) => cpuid.length) : [];
    expect(leaves).toEqual([2, 3]);
  });
});

/** CPUs 0 and 1 have leaves 0 and 1; the others leaf 2, too. */
function hybridAnswers(cpus: Uint32Array, queries: Uint32Array) {
  const rows: number[] = [];
  for (const cpu of cpus) {
    for (let i = 0; i < queries.length; i += 2) rows.push(queries[i] === 0 ? (cpu < 2 ? 1 : 2) : 0, 0, 0, 0);
  }
  return { registers: Uint32Array.from(rows), errors: new Int32Array(cpus.length) };
}
