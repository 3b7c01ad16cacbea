import { describe, expect, it } from 'vitest';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { cpuid, everything, hostWith, vendorLeaf } from '../testing/hosts.ts';
import { createContext, type ResolveContext } from './context.ts';
import type { Resolution } from './resolution.ts';
import { resolve } from './resolve.ts';

const indexes = {
  '7.2.22': shippedIndex('7.2.22'),
  '10.0.13': shippedIndex('10.0.13'),
  '11.1.3': shippedIndex('11.1.3'),
};

interface Host {
  readonly version?: ShippedVersion;
  readonly vendor?: string;
  /** CPUID.80000008H:EAX of the silicon and of KVM. */
  readonly sizes?: number;
  readonly silicon?: boolean;
}

/** A host that supports everything, with address sizes of our choice. */
function contextOf({
  version = '10.0.13',
  vendor = 'AuthenticAMD',
  sizes = 0x3030,
  silicon = true,
}: Host = {}): ResolveContext {
  const index = indexes[version];
  const host = hostWith(index, everything(index), { vendor });
  const sized = { ...cpuid(0x80000008, { eax: sizes }), ebx: '0xffffffff' };
  const replace = (entries: readonly { leaf: string }[]): (typeof sized)[] =>
    [...entries.filter(({ leaf }) => leaf !== sized.leaf), sized] as (typeof sized)[];
  const kernel = host.kernel;
  if (
    kernel === undefined ||
    'unknown' in kernel ||
    'unknown' in kernel.kvm ||
    host.hardware === undefined ||
    'unknown' in host.hardware
  )
    throw new Error('made with all layers');
  const snapshot: HostSnapshot = {
    ...host,
    hardware: silicon
      ? { cpus: [{ cpus: '0', cpuid: replace(host.hardware.cpus[0].cpuid) }] }
      : { unknown: { code: 'NOT_LINUX', reason: 'nobody looked', remedy: 'look' } },
    kernel: { ...kernel, kvm: { ...kernel.kvm, supportedCpuid: replace(kernel.kvm.supportedCpuid) } },
  };
  return createContext(index, snapshot);
}

const under = (accel: 'kvm' | 'tcg', context: ResolveContext, cpu: string, machine = 'q35'): Resolution =>
  resolve(context, { accel, machine, cpu });

// Source: QEMU 7.2.22, 10.0.13 and 11.1.3 runs; recorded hosts of the oracle
describe('the identity of a CPU under KVM', () => {
  it.each([
    { name: 'a named model gets the vendor of the host', cpu: 'Haswell-v1', vendor: 'AuthenticAMD' },
    { name: 'but for one that the user gave', cpu: 'Haswell-v1,vendor=GenuineIntel', vendor: 'GenuineIntel' },
    { name: 'host gets it, too', cpu: 'host', vendor: 'AuthenticAMD' },
  ])('$name', ({ cpu, vendor }) => {
    expect(under('kvm', contextOf(), cpu).vendor).toBe(vendor);
  });

  it.each([
    { version: '7.2.22', vendor: '' },
    { version: '10.0.13', vendor: '' },
    { version: '11.1.3', vendor: 'AuthenticAMD' },
  ] as const)('base of $version has the vendor "$vendor"', ({ version, vendor }) => {
    expect(under('kvm', contextOf({ version }), 'base').vendor).toBe(vendor);
  });

  it('a named model keeps its family, model, stepping and name', () => {
    const { family, model, stepping, modelId } = under('kvm', contextOf(), 'Haswell-v1');
    expect({ family, model, stepping, modelId }).toEqual({
      family: 6,
      model: 60,
      stepping: 4,
      modelId: 'Intel Core Processor (Haswell)',
    });
  });

  it('host has those of the host', () => {
    const { family, model, stepping, modelId } = under('kvm', contextOf(), 'host');
    expect({ family, model, stepping, modelId }).toEqual({ family: 25, model: 1, stepping: 1, modelId: 'Test CPU' });
  });

  it.each([
    { name: 'of an AMD guest', cpu: 'EPYC-v1', ucode: 0x1000065 },
    { name: 'of an Intel guest', cpu: 'EPYC-v1,vendor=GenuineIntel', ucode: 0x100000000 },
    { name: 'that the user gave', cpu: 'EPYC-v1,ucode-rev=5', ucode: 5 },
  ])('the microcode revision $name', ({ cpu, ucode }) => {
    expect(under('kvm', contextOf(), cpu).properties['ucode-rev']).toBe(ucode);
  });

  it('an AMD CPU repeats what the guest really gets of leaf 1', () => {
    const words = (cpu: string): number[] => {
      const { featureWords } = under('kvm', contextOf(), cpu);
      return [1, 0x80000001].map(
        (leaf) =>
          featureWords.find((info) => info['cpuid-input-eax'] === leaf && info['cpuid-register'] === 'EDX')?.features ??
          -1,
      );
    };
    const [basic, extended] = words('Haswell-v1');
    expect(extended & 0x0183f3ff).toBe(basic & 0x0183f3ff);
    const [, intel] = words('Haswell-v1,vendor=GenuineIntel');
    expect(intel & 0x0183f3ff).toBe(0);
  });
});

describe('address bits under KVM', () => {
  it.each([
    { name: '40 when nobody says', cpu: 'EPYC-v1', bits: 40, warnings: [] },
    {
      name: 'as asked for, with a warning where the host has others',
      cpu: 'EPYC-v1,phys-bits=46',
      bits: 46,
      warnings: ['warning: Host physical bits (48) does not match phys-bits property (46)'],
    },
    { name: 'as asked for, silently where the host has as many', cpu: 'EPYC-v1,phys-bits=48', bits: 48, warnings: [] },
    { name: "the host's with host-phys-bits", cpu: 'EPYC-v1,host-phys-bits=on', bits: 48, warnings: [] },
    { name: 'limited', cpu: 'EPYC-v1,host-phys-bits=on,host-phys-bits-limit=43', bits: 43, warnings: [] },
    {
      name: 'not limited by more than the host has',
      cpu: 'EPYC-v1,host-phys-bits=on,host-phys-bits-limit=50',
      bits: 48,
      warnings: [],
    },
    {
      name: 'host-phys-bits beats phys-bits, which is warned of',
      cpu: 'EPYC-v1,host-phys-bits=on,phys-bits=40',
      bits: 48,
      warnings: ['warning: Host physical bits (48) does not match phys-bits property (40)'],
    },
    { name: "the host's for host", cpu: 'host', bits: 48, warnings: [] },
    { name: 'limited for host', cpu: 'host,host-phys-bits-limit=44', bits: 44, warnings: [] },
    { name: '40 for a host that the user denies it', cpu: 'host,host-phys-bits=off', bits: 40, warnings: [] },
  ])('are $name', ({ cpu, bits, warnings }) => {
    const resolution = under('kvm', contextOf(), cpu);
    expect(resolution.properties['phys-bits']).toBe(bits);
    expect(resolution.warnings).toEqual(warnings);
  });

  it('are those of the host on microvm, whatever the user says', () => {
    expect(under('kvm', contextOf(), 'EPYC-v1,host-phys-bits=off', 'microvm').properties['phys-bits']).toBe(48);
  });

  it('are not known where the silicon is not, and nothing is made up', () => {
    const resolution = under('kvm', contextOf({ silicon: false }), 'EPYC-v1,host-phys-bits=on');
    expect(resolution.properties['phys-bits']).toBeNull();
    expect(under('kvm', contextOf({ silicon: false }), 'EPYC-v1').properties['phys-bits']).toBe(40);
  });

  it.each([
    { name: 'none where KVM tells none', sizes: 0x3030, cpu: 'host', bits: 0 },
    { name: "KVM's", sizes: 0x2f3030, cpu: 'host', bits: 47 },
    { name: "KVM's, but not above phys-bits", sizes: 0x303030, cpu: 'EPYC-v1', bits: 40 },
    { name: 'limited with the physical bits', sizes: 0x303030, cpu: 'host,host-phys-bits-limit=44', bits: 44 },
    { name: 'as asked for', sizes: 0x303030, cpu: 'host,guest-phys-bits=42', bits: 42 },
  ])('of the guest are $name', ({ sizes, cpu, bits }) => {
    expect(under('kvm', contextOf({ sizes }), cpu).properties['guest-phys-bits']).toBe(bits);
  });

  it('of the guest are none on machine types up to 9.0, and nothing that 7.2 knows', () => {
    expect(under('kvm', contextOf({ sizes: 0x303030 }), 'host', 'pc-q35-9.0').properties['guest-phys-bits']).toBe(0);
    expect(
      under('kvm', contextOf({ version: '7.2.22', sizes: 0x303030 }), 'host').properties['guest-phys-bits'],
    ).toBeNull();
  });

  it('above 52 end QEMU 11.1 under KVM', () => {
    const context = contextOf({ version: '11.1.3' });
    expect(under('kvm', context, 'EPYC-v1,phys-bits=53').refusal).toMatchObject({ by: 'abort' });
    expect(under('kvm', context, 'EPYC-v1,phys-bits=53,fill-mtrr-mask=off').refusal).toBeUndefined();
    expect(under('tcg', context, 'EPYC-v1,phys-bits=53').refusal).toBeUndefined();
  });
});

describe('a host without leaf 80000008H', () => {
  it('has 36 physical address bits', () => {
    const index = indexes['10.0.13'];
    const old = [vendorLeaf('GenuineIntel'), cpuid(1, { eax: 0x6f6 }), cpuid(0x80000000, { eax: 0x80000004 })];
    const host = hostWith(index, everything(index), { hardware: { cpus: [{ cpus: '0', cpuid: old }] } });
    expect(under('kvm', createContext(index, host), 'host').properties['phys-bits']).toBe(36);
  });
});
