import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeHostMatrix, type HostMatrix } from '../matrix/host-matrix.ts';
import type { MatrixRequest } from '../matrix/cell-classes.ts';
import { createContext } from '../resolve/context.ts';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { recordedSnapshot } from '../testing/recorded-snapshots.ts';
import { fingerprintText } from './fingerprint.ts';
import { isUnknown, type HardwareLayer, type HostSnapshot, type KernelLayer, type KvmLayer } from './snapshot.ts';

const indexes = shippedVersions.map((version) => shippedIndex(version));
const requests: readonly MatrixRequest[] = [
  { accel: 'tcg' },
  { accel: 'kvm' },
  { accel: 'kvm', kernelIrqchip: 'on' },
  { accel: 'kvm', kernelIrqchip: 'split' },
  { accel: 'kvm', kernelIrqchip: 'off' },
];

function matricesOf(snapshot: HostSnapshot): HostMatrix[] {
  return indexes.flatMap((index) =>
    requests.map((request) => computeHostMatrix(createContext(index, snapshot), request)),
  );
}

const probed = recordedSnapshot('lab-epyc-milan-6.1');
const observed = recordedSnapshot('xeon-gold-6148');
const partial = recordedSnapshot('xeon-6788p');

function withHardware(snapshot: HostSnapshot, change: (layer: HardwareLayer) => Partial<HardwareLayer>): HostSnapshot {
  const { hardware } = snapshot;
  if (hardware === undefined || isUnknown(hardware)) return snapshot;
  return { ...snapshot, hardware: { ...hardware, ...change(hardware) } };
}

function withKernel(snapshot: HostSnapshot, change: (layer: KernelLayer) => Partial<KernelLayer>): HostSnapshot {
  const { kernel } = snapshot;
  if (kernel === undefined || isUnknown(kernel)) return snapshot;
  return { ...snapshot, kernel: { ...kernel, ...change(kernel) } };
}

function withKvm(snapshot: HostSnapshot, change: (layer: KvmLayer) => Partial<KvmLayer>): HostSnapshot {
  return withKernel(snapshot, ({ kvm }) => (isUnknown(kvm) ? {} : { kvm: { ...kvm, ...change(kvm) } }));
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** What tells one CPU of a host from another, and what the host's own hypervisor says. */
const otherCpu = (layer: HardwareLayer): Partial<HardwareLayer> => ({
  cpus: layer.cpus.map(({ cpuid }) => ({
    cpus: '4-7',
    cpuid: [
      ...cpuid.map((entry) =>
        Number(entry.leaf) === 1
          ? { ...entry, ebx: hex((Number(entry.ebx) & 0xffffff) | 0x7000000) }
          : Number(entry.leaf) === 0xb
            ? { ...entry, edx: hex(7) }
            : entry,
      ),
      { leaf: '0x40000010', subleaf: 0, eax: '0x002625a0', ebx: hex(0), ecx: hex(0), edx: hex(0) },
    ].reverse(),
  })),
});

const idleChanges: readonly { name: string; change: (snapshot: HostSnapshot) => HostSnapshot }[] = [
  { name: 'its name, id and labels', change: (s) => ({ ...s, host: { id: 'x', name: 'y', labels: { rack: 'r1' } } }) },
  {
    name: 'when and by what it was probed',
    change: (s) => ({ ...s, collectedAt: '2030-01-01T00:00:00Z', collector: 'z' }),
  },
  {
    name: 'a binary that did not tell its version',
    change: (s) => ({ ...s, unreadQemu: [{ path: '/opt/q', unknown: { code: 'C', reason: 'r', remedy: 'm' } }] }),
  },
  {
    name: 'where its QEMU is',
    change: (s) => ({ ...s, qemu: s.qemu?.map((binary) => ({ ...binary, path: '/opt/q' })) }),
  },
  {
    name: 'another QEMU beside the first',
    change: (s) => ({ ...s, qemu: s.qemu && [...s.qemu, { path: 'q', version: '9.0.0' }] }),
  },
  { name: 'the CPU that was asked', change: (s) => withHardware(s, otherCpu) },
  {
    name: 'its clock, the texts of its vulnerabilities, its own hypervisor, CPUs that were not read',
    change: (s) =>
      withHardware(s, () => ({
        tscKhz: 1_234_567,
        vulnerabilities: { mds: 'Vulnerable' },
        hypervisor: 'VMwareVMware',
        unreadCpus: '9',
      })),
  },
  { name: 'the revision of its microcode', change: (s) => withHardware(s, () => ({ microcode: '0x77' })) },
  {
    name: 'that revision as KVM hands it on',
    change: (s) =>
      withKvm(s, ({ featureMsrs }) => ({
        featureMsrs: [
          ...featureMsrs.filter(({ index }) => Number(index) !== 0x8b),
          { index: '0x8b', value: '0x7700000000' },
        ],
      })),
  },
  { name: 'the release of its kernel', change: (s) => withKernel(s, () => ({ release: '7.0.0' })) },
  {
    name: 'what KVM says without effect',
    change: (s) =>
      withKvm(s, ({ capabilities }) => ({
        apiVersion: 13,
        modules: { kvm: { halt_poll_ns: '1' } },
        emulatedCpuid: [],
        vmCapabilities: { KVM_CAP_X: 1 },
        vmUnknown: { code: 'C', reason: 'r', remedy: 'm' },
        capabilities: { ...capabilities, KVM_CAP_NR_VCPUS: 3, KVM_CAP_NONE: 0 },
      })),
  },
  {
    name: 'the order and the spelling of what was read',
    change: (s) =>
      withKvm(s, ({ supportedCpuid, featureMsrs, msrIndices }) => ({
        supportedCpuid: supportedCpuid
          .map((entry) => ({ ...entry, eax: entry.eax.toUpperCase().replace('0X', '') }))
          .reverse(),
        featureMsrs: [...featureMsrs].reverse(),
        msrIndices: msrIndices && [...msrIndices].reverse(),
      })),
  },
];

const hosts = [
  { host: 'a probed host', snapshot: probed },
  { host: 'a host known over QMP', snapshot: observed },
  { host: 'a host of which some flags are known', snapshot: partial },
];

describe.each(hosts)('the fingerprint of $host', ({ snapshot }) => {
  it.each(idleChanges)('does not hang on $name', ({ change }) => {
    expect(fingerprintText(change(snapshot))).toBe(fingerprintText(snapshot));
  });

  it('does not hang on any of that together, and no matrix does', () => {
    const changed = idleChanges.reduce((host, { change }) => change(host), snapshot);
    expect(fingerprintText(changed)).toBe(fingerprintText(snapshot));
    expect(matricesOf(changed)).toEqual(matricesOf(snapshot));
  });
});

const decidingChanges: readonly { name: string; change: (snapshot: HostSnapshot) => HostSnapshot }[] = [
  {
    name: 'a bit that KVM no longer offers',
    change: (s) => withKvm(s, ({ supportedCpuid }) => ({ supportedCpuid: supportedCpuid.slice(0, -1) })),
  },
  { name: 'a feature MSR', change: (s) => withKvm(s, () => ({ featureMsrs: [] })) },
  { name: 'an MSR that cannot be written', change: (s) => withKvm(s, () => ({ unwritableMsrs: ['0x10a'] })) },
  { name: 'an MSR that KVM does not tell', change: (s) => withKvm(s, () => ({ unreadableMsrs: ['0x345'] })) },
  { name: 'a capability', change: (s) => withKvm(s, () => ({ capabilities: {} })) },
  { name: 'the state that guests may have', change: (s) => withKvm(s, () => ({ guestXcr0: '0x3' })) },
  {
    name: 'another kind of CPU',
    change: (s) =>
      withHardware(s, ({ cpus }) => ({ cpus: [...cpus, { cpus: '9', cpuid: cpus[0].cpuid.slice(0, 3) }] })),
  },
  { name: 'a CPU that was seen in part', change: (s) => withHardware(s, () => ({ partial: true })) },
  {
    name: 'silence of its kernel',
    change: (s) => ({ ...s, kernel: { unknown: { code: 'KVM_DENIED', reason: 'r', remedy: 'm' } } }),
  },
  { name: 'its own QEMU', change: (s) => ({ ...s, qemu: [{ path: 'q', version: '9.0.0' }] }) },
  {
    name: 'a member that this release does not know',
    change: (s) => Object.assign({}, s, { firmware: { sgx: 'off' } }),
  },
];

describe('another fingerprint', () => {
  it.each(decidingChanges)('comes of $name', ({ change }) => {
    expect(fingerprintText(change(probed))).not.toBe(fingerprintText(probed));
  });

  it('tells all recorded hosts apart that differ', () => {
    expect(new Set([probed, observed, partial].map(fingerprintText)).size).toBe(3);
  });

  it('is refused for what is no register', () => {
    const broken = withKvm(probed, () => ({ guestXcr0: 'all' }));
    expect(() => fingerprintText(broken)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_INVALID' }));
  });
});

const registers = ['eax', 'ebx', 'ecx', 'edx'] as const;

/** Flips one bit of one register of the silicon or of what KVM offers. */
function flip(snapshot: HostSnapshot, layer: 'silicon' | 'kvm', at: number, bit: number): HostSnapshot {
  const inList = <T extends HardwareLayer['cpus'][number]['cpuid']>(entries: T) =>
    entries.map((entry, i) => {
      if (i !== at % entries.length) return entry;
      const register = registers[Math.floor(at / entries.length) % 4];
      return { ...entry, [register]: hex(Number(entry[register]) ^ (1 << bit)) };
    });
  if (layer === 'kvm') return withKvm(snapshot, ({ supportedCpuid }) => ({ supportedCpuid: inList(supportedCpuid) }));
  return withHardware(snapshot, ({ cpus }) => ({
    cpus: cpus.map((group) => ({ ...group, cpuid: inList(group.cpuid) })),
  }));
}

describe('hosts of one fingerprint', () => {
  it('have one matrix: whatever bit turns a cell turns the fingerprint', () => {
    const index = indexes[1];
    const statusOf = (snapshot: HostSnapshot): Uint8Array =>
      computeHostMatrix(createContext(index, snapshot), { accel: 'kvm' }).status;
    const original = statusOf(probed);
    const text = fingerprintText(probed);
    fc.assert(
      fc.property(fc.constantFrom('silicon', 'kvm'), fc.nat(1000), fc.nat(31), (layer, at, bit) => {
        const changed = flip(probed, layer, at, bit);
        if (fingerprintText(changed) === text) expect(statusOf(changed)).toEqual(original);
      }),
      { numRuns: 120 },
    );
  });
});
