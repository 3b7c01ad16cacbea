import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { cpuid, hostWith, setOfFeatures, snapshotWith } from '../testing/hosts.ts';
import { createContext } from './context.ts';
import type { Accelerator, KernelIrqchip } from './resolution.ts';

const index = shippedIndex('10.0.13');
const silence = { code: 'NOT_OBSERVED', reason: 'nobody looked', remedy: 'look' };

type Answer = 'yes' | 'no' | 'unknown';

interface Asked {
  readonly accel?: Accelerator;
  readonly irqchip?: KernelIrqchip;
  readonly isPc?: boolean;
  readonly on?: CatalogIndex;
}

/** What a host supports of some features. */
function answers(
  snapshot: HostSnapshot | null,
  names: readonly string[],
  { accel = 'kvm', irqchip = 'on', isPc = true, on = index }: Asked = {},
): Record<string, Answer> {
  const { supported, unknown } = createContext(on, snapshot).support(accel, irqchip, isPc);
  return Object.fromEntries(
    names.map((name): [string, Answer] => {
      const location = on.features.get(name);
      if (location === undefined) throw new Error(`no feature ${name}`);
      if ((supported[location.lane] & location.mask) !== 0) return [name, 'yes'];
      return [name, (unknown[location.lane] & location.mask) !== 0 ? 'unknown' : 'no'];
    }),
  );
}

const kvmOf = (names: readonly string[]): HostSnapshot => hostWith(index, setOfFeatures(index, names));

describe('what a host supports under KVM', () => {
  it('is what KVM offers, and no more', () => {
    expect(answers(kvmOf(['avx2', 'rdctl-no']), ['avx2', 'rdctl-no', 'avx512f', 'vmx-ept'])).toEqual({
      avx2: 'yes',
      'rdctl-no': 'yes',
      avx512f: 'no',
      'vmx-ept': 'no',
    });
  });

  it.each([
    { name: 'a host without any snapshot', snapshot: null },
    { name: 'an empty snapshot', snapshot: snapshotWith({}) },
    { name: 'a kernel that was not looked at', snapshot: snapshotWith({ kernel: { unknown: silence } }) },
    {
      name: 'a KVM that was not looked at',
      snapshot: snapshotWith({ kernel: { release: '6.12', kvm: { unknown: silence } } }),
    },
    {
      name: 'silicon alone',
      snapshot: snapshotWith({ hardware: { cpus: [{ cpus: '0', cpuid: [cpuid(7, { ebx: 0xffffffff })] }] } }),
    },
  ])('is not known of $name', ({ snapshot }) => {
    expect(answers(snapshot, ['avx2', 'sse', 'vmx-ept'])).toEqual({
      avx2: 'unknown',
      sse: 'unknown',
      'vmx-ept': 'unknown',
    });
  });

  it('what the silicon decides is not known without the silicon', () => {
    const host = { ...kvmOf(['avx2']), hardware: { unknown: silence } };
    expect(answers(host, ['avx2', 'avx512f', 'fsrm', 'mcdt-no'])).toEqual({
      avx2: 'yes',
      avx512f: 'no',
      fsrm: 'unknown',
      'mcdt-no': 'unknown',
    });
    expect(answers(host, ['fsrm'], { on: shippedIndex('7.2.22') })).toEqual({ fsrm: 'no' });
  });

  const withGroups = (groups: readonly number[]): HostSnapshot => ({
    ...kvmOf(['avx2']),
    hardware: { cpus: groups.map((edx, i) => ({ cpus: String(i), cpuid: [cpuid(7, { edx })] })) },
  });

  it.each([
    { name: 'all kinds of CPU have it', groups: [0x10, 0x10], fsrm: 'yes' },
    { name: 'one kind of CPU lacks it', groups: [0x10, 0], fsrm: 'no' },
    { name: 'the first kind of CPU lacks it', groups: [0, 0x10, 0x10], fsrm: 'no' },
  ])('of a host with several kinds of CPU is what all have: $name', ({ groups, fsrm }) => {
    expect(answers(withGroups(groups), ['fsrm'])).toEqual({ fsrm });
  });

  it('sgx is there on PC machine types only, since 9.1', () => {
    const host = kvmOf(['sgx', 'sgxlc', 'sgx1']);
    expect(answers(host, ['sgx', 'sgxlc', 'sgx1'])).toEqual({ sgx: 'yes', sgxlc: 'yes', sgx1: 'yes' });
    expect(answers(host, ['sgx', 'sgxlc', 'sgx1'], { isPc: false })).toEqual({ sgx: 'no', sgxlc: 'no', sgx1: 'yes' });
    expect(answers(host, ['sgx'], { isPc: false, on: shippedIndex('10.0.13', '9.0.4') })).toEqual({ sgx: 'yes' });
  });
});

describe('what a host supports that only QEMU itself described', () => {
  const observed = (
    accel: Accelerator,
    host: Record<string, boolean | number | string>,
    version = '10.0.13',
  ): HostSnapshot => snapshotWith({ qemu: [{ path: 'qemu-system-x86_64', version, observed: { [accel]: { host } } }] });

  it('is what `host` was expanded to, and the bits that host never takes by itself', () => {
    const host = observed('kvm', { avx: true, avx2: false, 'vmx-ept': true });
    expect(answers(host, ['avx', 'avx2', 'vmx-ept', 'hypervisor', 'topoext', 'ht'])).toEqual({
      ...{ avx: 'yes', avx2: 'no', 'vmx-ept': 'yes', hypervisor: 'yes', topoext: 'yes', ht: 'yes' },
    });
  });

  it('is not known of a feature that the expansion does not mention', () => {
    expect(answers(observed('kvm', { avx: true }), ['avx', 'avx512f'])).toEqual({ avx: 'yes', avx512f: 'unknown' });
  });

  it('has the state components of the features that are there', () => {
    const { supported, unknown } = createContext(
      index,
      observed('kvm', { avx: true, avx512f: false, xsave: true }),
    ).support('kvm', 'on', true);
    const lane = index.layout.laneOfKey.get('d.0.EAX') ?? -1;
    expect([supported[lane] & 0xe7, unknown[lane] & 0xe7]).toEqual([0x7, 0]);
  });

  it('is less than what KVM said, where that is known', () => {
    const host = { ...kvmOf(['avx2']), ...observed('kvm', { avx2: false, avx512f: true }) };
    expect(answers({ ...kvmOf(['avx2']), qemu: host.qemu ?? [] }, ['avx2', 'avx512f'])).toEqual({
      avx2: 'yes',
      avx512f: 'no',
    });
  });

  it('is taken from the QEMU of the same version, where several were asked', () => {
    const older = observed('kvm', { avx: false }, '7.2.22').qemu ?? [];
    const same = observed('kvm', { avx: true }).qemu ?? [];
    expect(answers(snapshotWith({ qemu: [...older, ...same] }), ['avx'])).toEqual({ avx: 'yes' });
    expect(answers(snapshotWith({ qemu: [...same, ...older] }), ['avx'], { on: shippedIndex('7.2.22') })).toEqual({
      avx: 'no',
    });
  });
});

describe('what TCG supports', () => {
  it('is what the binary says of itself, on any host', () => {
    const names = ['avx2', 'avx512f', 'vmx'];
    expect(answers(null, names, { accel: 'tcg' })).toEqual({ avx2: 'yes', avx512f: 'no', vmx: 'no' });
    expect(answers(kvmOf(['avx512f']), names, { accel: 'tcg' })).toEqual({ avx2: 'yes', avx512f: 'no', vmx: 'no' });
  });

  it('is not known of a binary that was never seen with TCG', () => {
    const unseen = { ...index, tcgSupported: null };
    expect(answers(null, ['avx2'], { accel: 'tcg', on: unseen })).toEqual({ avx2: 'unknown' });
  });

  it.each([
    { runsAs: '8.0.5', answer: 'unknown' },
    { runsAs: '8.1.0', answer: 'yes' },
  ])('of a binary of $runsAs that showed its max: rdctl-no $answer', ({ runsAs, answer }) => {
    const seen = snapshotWith({
      qemu: [{ path: 'qemu', version: runsAs, observed: { tcg: { host: { avx2: true, avx512f: false } } } }],
    });
    const unseen = { ...shippedIndex('10.0.13', runsAs), tcgSupported: null };
    expect(answers(seen, ['avx2', 'avx512f', 'rdctl-no'], { accel: 'tcg', on: unseen })).toEqual({
      avx2: 'yes',
      avx512f: 'no',
      'rdctl-no': answer,
    });
  });
});

describe('a snapshot that is damaged', () => {
  it.each([
    { name: 'a register that is not hex', break: { supportedCpuid: [{ ...cpuid(1, {}), eax: 'zz' }] } },
    { name: 'a register of more than 32 bits', break: { supportedCpuid: [{ ...cpuid(1, {}), ebx: '0x123456789' }] } },
    { name: 'an MSR that is not hex', break: { featureMsrs: [{ index: '0x10a', value: 'none' }] } },
    { name: 'an index that is not hex', break: { msrIndices: ['ten'] } },
    { name: 'XCR0 that is not hex', break: { guestXcr0: '' } },
  ])('is refused: $name', ({ break: kvm }) => {
    const make = (): unknown => createContext(index, hostWith(index, index.nothing, { kvm }));
    expect(make).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_INVALID', where: expect.stringMatching(/^kernel\.kvm\./) }),
    );
  });
});
