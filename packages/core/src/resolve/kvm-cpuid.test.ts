import { describe, expect, it } from 'vitest';
import { releaseOf } from '../catalog/release.ts';
import type { CpuidEntry, KvmLayer } from '../snapshot/snapshot.ts';
import { cpuid, snapshotWith, vendorLeaf } from '../testing/hosts.ts';
import { readHostFacts, type HostFacts, type KvmFacts } from './host-facts.ts';
import { kvmCpuidWord } from './kvm-cpuid.ts';
import type { KernelIrqchip } from './resolution.ts';

interface Made {
  readonly silicon?: readonly CpuidEntry[] | null;
  /** Only ones of the silicon are facts. */
  readonly partial?: boolean;
  readonly supported?: readonly CpuidEntry[];
  readonly kvm?: Partial<KvmLayer>;
}

function factsOf({
  silicon = [],
  partial = false,
  supported = [],
  kvm = {},
}: Made): HostFacts & { readonly kvm: KvmFacts } {
  const layer: KvmLayer = { apiVersion: 12, supportedCpuid: supported, featureMsrs: [], capabilities: {}, ...kvm };
  const facts = readHostFacts(
    snapshotWith({
      ...(silicon === null ? {} : { hardware: { cpus: [{ cpus: '0', cpuid: silicon }], partial } }),
      kernel: { release: '6.12.0', kvm: layer },
    }),
    '10.0.13',
  );
  if (facts.kvm === null) throw new Error('made with KVM');
  return { ...facts, kvm: facts.kvm };
}

type Register = 'EAX' | 'EBX' | 'ECX' | 'EDX';

function word(
  made: Made,
  [leaf, subleaf, register]: readonly [number, number | null, Register],
  release = '10.0.13',
  irqchip: KernelIrqchip = 'on',
): { value: number; unknown: number } {
  const facts = factsOf(made);
  return kvmCpuidWord(releaseOf(release), { kind: 'cpuid', leaf, subleaf, register }, facts, facts.kvm, irqchip);
}

const bit = (number: number): number => (1 << number) >>> 0;

// Source: QEMU 7.2, 10.0 and 10.2 sources, KVM part of the x86 target
describe('kvmCpuidWord', () => {
  it.each([
    { name: 'a word that KVM does not list is empty', at: [0x19, null, 'EBX'], value: 0 },
    { name: 'mtrr, pat, mce and mca are always there; ht since 8.2', at: [1, null, 'EDX'], value: 0x10015080 },
    { name: 'hypervisor is always there', at: [1, null, 'ECX'], value: bit(31) },
    { name: 'arat is always there', at: [6, null, 'EAX'], value: bit(2) },
    { name: 'topoext is always there', at: [0x80000001, null, 'ECX'], value: bit(22) },
    { name: 'the hint of dedicated CPUs is always there', at: [0x40000001, null, 'EDX'], value: bit(0) },
    { name: 'overflow-recov and succor are always there since 9.1', at: [0x80000007, null, 'EBX'], value: 3 },
  ] as const)('$name', ({ at, value }) => {
    expect(word({}, at)).toEqual({ value, unknown: 0 });
  });

  it.each([
    { name: 'ht is not there before 8.2', at: [1, null, 'EDX'], release: '8.1.5', value: 0x00015080 },
    { name: 'succor is not there before 9.1', at: [0x80000007, null, 'EBX'], release: '9.0.4', value: 0 },
  ] as const)('$name', ({ at, release, value }) => {
    expect(word({}, at, release).value).toBe(value);
  });

  it('passes on what KVM offers', () => {
    expect(word({ supported: [cpuid(7, { ecx: 0x1234 })] }, [7, 0, 'ECX']).value).toBe(0x1234);
  });

  const deadline: Made = {
    supported: [cpuid(1, { ecx: bit(21) })],
    kvm: { capabilities: { KVM_CAP_TSC_DEADLINE_TIMER: 1 } },
  };

  it.each([
    {
      name: 'tsc-deadline and x2apic with the irqchip in the kernel',
      made: deadline,
      irqchip: 'on',
      value: bit(31) | bit(24) | bit(21),
    },
    {
      name: 'tsc-deadline and x2apic with a split irqchip',
      made: deadline,
      irqchip: 'split',
      value: bit(31) | bit(24) | bit(21),
    },
    { name: 'neither without', made: deadline, irqchip: 'off', value: bit(31) },
    {
      name: 'no tsc-deadline without the capability',
      made: { supported: deadline.supported },
      irqchip: 'on',
      value: bit(31) | bit(21),
    },
  ] as const)('$name', ({ made, irqchip, value }) => {
    expect(word(made, [1, null, 'ECX'], '10.0.13', irqchip).value).toBe(value >>> 0);
  });

  it.each([
    { irqchip: 'on', value: 0x2081 },
    { irqchip: 'split', value: 0xa081 },
    { irqchip: 'off', value: 0x2001 },
  ] as const)('kernel-irqchip=$irqchip and the paravirtual features', ({ irqchip, value }) => {
    expect(
      word({ supported: [cpuid(0x40000001, { eax: 0x2081 })] }, [0x40000001, null, 'EAX'], '10.0.13', irqchip).value,
    ).toBe(value);
  });

  const haswell = (eax: number): Made => ({
    silicon: [vendorLeaf('GenuineIntel'), cpuid(1, { eax })],
    supported: [cpuid(7, { ebx: 0x810 })],
  });

  it.each([
    { name: 'Haswell, model 60', eax: 0x000306c3, value: 0 },
    { name: 'Haswell, model 69', eax: 0x00040651, value: 0 },
    { name: 'Haswell, model 70', eax: 0x00040661, value: 0 },
    { name: 'Haswell-EP up to stepping 3', eax: 0x000306f3, value: 0 },
    { name: 'Haswell-EX with stepping 4', eax: 0x000306f4, value: 0x810 },
    { name: 'Broadwell', eax: 0x000306d4, value: 0x810 },
  ])('TSX of $name', ({ eax, value }) => {
    expect(word(haswell(eax), [7, 0, 'EBX'], '7.2.22').value).toBe(value);
  });

  it.each([
    { name: 'arch-capabilities with its MSR', msrIndices: ['0x0000010a'], value: bit(29) },
    { name: 'arch-capabilities without its MSR', msrIndices: ['0x00000010'], value: 0 },
  ])('$name', ({ msrIndices, value }) => {
    const made = { supported: [cpuid(7, { edx: bit(29) })], kvm: { msrIndices } };
    expect(word(made, [7, 0, 'EDX']).value).toBe(value);
  });

  it('arch-capabilities needed the silicon in 10.0.3 and 10.0.4, and in 10.1.0 and 10.1.1', () => {
    const made = { silicon: [cpuid(7, {})], supported: [cpuid(7, { edx: bit(29) })], kvm: { msrIndices: ['0x10a'] } };
    const releases = ['10.0.2', '10.0.3', '10.0.4', '10.0.5', '10.1.0', '10.1.1', '10.1.2', '10.2.0'];
    expect(releases.filter((release) => word(made, [7, 0, 'EDX'], release).value === 0)).toEqual([
      '10.0.3',
      '10.0.4',
      '10.1.0',
      '10.1.1',
    ]);
  });

  it.each([
    {
      name: 'erms',
      at: [7, 0, 'EBX'],
      silicon: cpuid(7, { ebx: bit(9) }),
      value: bit(9),
      since: '8.0.0',
      until: '7.2.22',
    },
    {
      name: 'fsrm',
      at: [7, 0, 'EDX'],
      silicon: cpuid(7, { edx: bit(4) }),
      value: bit(4),
      since: '8.0.0',
      until: '7.2.22',
    },
    {
      name: 'fzrm, fsrs and fsrc',
      at: [7, 1, 'EAX'],
      silicon: cpuid(7, { eax: 0x1c00 }, 1),
      value: 0x1c00,
      since: '8.0.0',
      until: '7.2.22',
    },
    {
      name: 'mcdt-no',
      at: [7, 2, 'EDX'],
      silicon: cpuid(7, { edx: bit(5) }, 2),
      value: bit(5),
      since: '8.1.0',
      until: '8.0.5',
    },
  ] as const)('$name comes from the silicon since $since', ({ at, silicon, value, since, until }) => {
    expect(word({ silicon: [silicon] }, at, since)).toEqual({ value, unknown: 0 });
    expect(word({ silicon: [silicon] }, at, until)).toEqual({ value: 0, unknown: 0 });
    expect(word({ silicon: [cpuid(7, {}), cpuid(7, {}, 1), cpuid(7, {}, 2)] }, at, since)).toEqual({
      value: 0,
      unknown: 0,
    });
  });

  it('is not known where the silicon is not, unless KVM says so itself', () => {
    expect(word({ silicon: null }, [7, 1, 'EAX'])).toEqual({ value: 0, unknown: 0x1c00 });
    expect(word({ silicon: null, supported: [cpuid(7, { eax: 0x400 }, 1)] }, [7, 1, 'EAX'])).toEqual({
      value: 0x400,
      unknown: 0x1800,
    });
  });

  it.each([
    { name: 'a 0 bit', silicon: [cpuid(7, { edx: bit(2) })], value: 0, unknown: bit(4) },
    { name: 'a missing leaf', silicon: [cpuid(1, {})], value: 0, unknown: bit(4) },
    { name: 'a 1 bit', silicon: [cpuid(7, { edx: bit(4) })], value: bit(4), unknown: 0 },
  ])('$name of a partial layer is a fact only when it is 1', ({ silicon, value, unknown }) => {
    expect(word({ silicon, partial: true }, [7, 0, 'EDX'])).toEqual({ value, unknown });
  });

  it.each([
    { name: 'has it', silicon: [cpuid(7, { edx: bit(29) })], partial: false, value: bit(29), unknown: 0 },
    { name: 'lacks it', silicon: [cpuid(7, {})], partial: false, value: 0, unknown: 0 },
    { name: 'may have it', silicon: [cpuid(7, {})], partial: true, value: 0, unknown: bit(29) },
    { name: 'was not seen', silicon: null, partial: false, value: 0, unknown: bit(29) },
  ])('arch-capabilities of 10.0.3, where the silicon $name', ({ silicon, partial, value, unknown }) => {
    const supported = [cpuid(7, { edx: bit(29) | bit(4) })];
    const found = word({ silicon, partial, supported, kvm: { msrIndices: ['0x10a'] } }, [7, 0, 'EDX'], '10.0.3');
    expect(found).toEqual({ value: (value | bit(4)) >>> 0, unknown });
  });

  it.each([
    { name: 'an Intel CPU without a model', silicon: [vendorLeaf('GenuineIntel'), cpuid(1, {})], value: 0 },
    { name: 'a CPU without a vendor', silicon: [cpuid(7, {})], value: 0 },
    { name: 'an AMD CPU', silicon: [vendorLeaf('AuthenticAMD')], value: 0x810 },
  ])('whether TSX works on $name of a partial layer', ({ silicon, value }) => {
    const found = word({ silicon, partial: true, supported: [cpuid(7, { ebx: 0x810 })] }, [7, 0, 'EBX'], '7.2.22');
    expect(found).toEqual({ value, unknown: 0x810 & ~value });
  });

  it("a partial layer that does not tell who the CPU is leaves that to KVM's answer", () => {
    const supported = [vendorLeaf('GenuineIntel'), cpuid(1, { eax: 0x000306c3 }), cpuid(7, { ebx: 0x810 })];
    const found = word({ silicon: [cpuid(1, { ecx: 1 })], partial: true, supported }, [7, 0, 'EBX'], '7.2.22');
    expect(found).toEqual({ value: 0, unknown: 0 });
  });

  it.each([
    { name: 'XCR0 is what a guest may have, where KVM tells', kvm: { guestXcr0: '0x600e7' }, value: 0x600e7 },
    { name: 'XCR0 is leaf 0DH where it does not', kvm: {}, value: 0x7 },
  ])('$name', ({ kvm, value }) => {
    expect(word({ supported: [cpuid(0xd, { eax: 0x7 })], kvm }, [0xd, 0, 'EAX']).value).toBe(value);
  });

  it('the upper half of XCR0 is that of the attribute, too', () => {
    expect(word({ kvm: { guestXcr0: '0x4000000000000007' } }, [0xd, 0, 'EDX']).value).toBe(0x40000000);
  });

  it("AMD's copies follow the supported features of leaf 1", () => {
    const made = { supported: [cpuid(1, { edx: 0x0fffffff }), cpuid(0x80000001, { edx: 0x20100800 })] };
    expect(word(made, [0x80000001, null, 'EDX']).value).toBe((0x20100800 | 0x0183f3ff) >>> 0);
  });
});
