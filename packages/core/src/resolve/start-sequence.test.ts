import { describe, expect, it } from 'vitest';
import type { KvmLayer } from '../snapshot/snapshot.ts';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { cpuid, everything, hostWith, setOfFeatures, snapshotWith, type HostTraits } from '../testing/hosts.ts';
import { createContext } from './context.ts';
import type { KernelIrqchip, Resolution, SmpTopology } from './resolution.ts';
import { resolve } from './resolve.ts';

const indexes = {
  '7.2.22': shippedIndex('7.2.22'),
  '10.0.13': shippedIndex('10.0.13'),
  '11.1.3': shippedIndex('11.1.3'),
};

interface Run {
  readonly version?: ShippedVersion;
  readonly runsAs?: string;
  readonly cpu?: string;
  readonly machine?: string;
  readonly irqchip?: KernelIrqchip;
  readonly smp?: SmpTopology;
  readonly kvm?: Partial<KvmLayer>;
  readonly hardware?: HostTraits['hardware'];
  /** Features that the host lacks. */
  readonly lacks?: readonly string[];
}

/** A cell under KVM on a host that has everything but what is named. */
function run({
  version = '10.0.13',
  runsAs,
  cpu = 'EPYC-v1',
  machine = 'q35',
  irqchip,
  smp,
  kvm = {},
  hardware,
  lacks = [],
}: Run): Resolution {
  const index = runsAs === undefined ? indexes[version] : shippedIndex(version, runsAs);
  const set = everything(index);
  setOfFeatures(index, lacks).forEach((lane, i) => (set[i] &= ~lane));
  const snapshot = hostWith(index, set, { kvm, ...(hardware && { hardware }) });
  return resolve(createContext(index, snapshot), { accel: 'kvm', machine, cpu, kernelIrqchip: irqchip, smp });
}

const userspaceApic = 'KVM does not support userspace APIC';
const vcpuFailed = 'kvm_init_vcpu: kvm_arch_init_vcpu failed (0): Operation not supported';
const tsc =
  'warning: TSC frequency mismatch between VM (1000000 kHz) and host (2500000 kHz), and TSC scaling unavailable';
const threads = "warning: This family of AMD CPU doesn't support hyperthreading(2)";
const pni = "warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]";
const fixedTsc: Run = {
  hardware: {
    cpus: [{ cpus: '0', cpuid: [cpuid(0x80000000, { eax: 0x80000008 }), cpuid(0x80000008, { eax: 0x3030 })] }],
    tscKhz: 2_500_000,
  },
};

// Source: QEMU 7.2.22, 10.0.13 and 11.1.3 runs on a KVM that refuses these things, and their sources
describe('what QEMU refuses under KVM', () => {
  it.each([
    { name: 'no irqchip in the kernel, since 8.0', run: { irqchip: 'off' }, by: 'accelerator', message: userspaceApic },
    {
      name: 'no irqchip in the kernel, on microvm, too',
      run: { irqchip: 'off', machine: 'microvm' },
      by: 'accelerator',
      message: userspaceApic,
    },
    {
      name: 'no irqchip in the kernel with two CPUs that have no APIC',
      run: { irqchip: 'off', cpu: 'EPYC-v1,-apic', smp: { cpus: 2 } },
      by: 'accelerator',
      message: userspaceApic,
    },
    {
      name: 'an MSR of features that cannot be written',
      run: { cpu: 'Cascadelake-Server-v2', kvm: { unwritableMsrs: ['0x10a'] } },
      by: 'abort',
      message: /^error: failed to set MSR 0x10a to 0x/,
    },
    {
      name: 'an enlightenment on a kernel without Hyper-V',
      run: { cpu: 'EPYC-v1,hv-time=on', kvm: { msrIndices: ['0x10a'] } },
      by: 'abort',
      message: /MSR 0x40000021/,
    },
    {
      name: 'hv-vpindex on a kernel that cannot set it',
      run: { cpu: 'EPYC-v1,hv-vpindex=on' },
      by: 'accelerator',
      message: "kernel doesn't allow setting HyperV VP_INDEX",
    },
    {
      name: 'local machine checks that KVM does not have',
      run: { cpu: 'EPYC-v1,lmce=on', kvm: { mceCapabilities: '0x1000100' } },
      by: 'accelerator',
      message: vcpuFailed,
    },
    {
      name: 'another TSC frequency without scaling',
      run: { ...fixedTsc, cpu: 'EPYC-v1,tsc-frequency=1000000000' },
      by: 'accelerator',
      message: vcpuFailed,
    },
    {
      name: 'branch records without pmu',
      run: { cpu: 'EPYC-v1,lbr-fmt=5' },
      by: 'usage',
      message: 'vPMU: LBR is unsupported without pmu=on',
    },
    {
      name: 'branch records of another format',
      run: { cpu: 'EPYC-v1,lbr-fmt=5,pmu=on' },
      by: 'usage',
      message: 'vPMU: the lbr-fmt value (0x5) does not match the host value (0x3f).',
    },
    {
      name: 'enforce',
      run: { cpu: 'EPYC-v1,enforce', lacks: ['pni'] },
      by: 'enforce',
      message: "Host doesn't support requested features",
    },
  ] as const)('$name', ({ run: cell, by, message }) => {
    const { refusal, status, enforce } = run(cell);
    expect(status).toBe('refused');
    expect(refusal).toMatchObject({
      by,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(refusal?.remedy).not.toBe('');
    expect(enforce).toBe(by === 'abort' ? 'starts' : 'refuses');
  });

  it.each([
    {
      name: 'no irqchip in the kernel before 8.0',
      run: { version: '7.2.22', irqchip: 'off', cpu: 'EPYC-v1,-kvm-asyncpf-int' },
    },
    {
      name: 'no irqchip in the kernel with one CPU that has no APIC',
      run: { irqchip: 'off', cpu: 'EPYC-v1,-apic,-kvm-asyncpf-int' },
    },
    { name: 'an MSR that can be written', run: { cpu: 'Cascadelake-Server-v2' } },
    {
      name: 'a model without the MSR that cannot be written',
      run: { cpu: 'EPYC-v1', kvm: { unwritableMsrs: ['0x10a'] } },
    },
    { name: 'an enlightenment on a kernel with Hyper-V', run: { cpu: 'EPYC-v1,hv-time=on,hv-synic=on,hv-vapic=on' } },
    {
      name: 'hv-vpindex on a kernel that can set it',
      run: { cpu: 'EPYC-v1,hv-vpindex=on', kvm: { capabilities: { KVM_CAP_HYPERV_VP_INDEX: 1 } } },
    },
    {
      name: 'local machine checks of a CPU that has none',
      run: { cpu: 'EPYC-v1,lmce=on,-mce', kvm: { mceCapabilities: '0x1000100' } },
    },
    {
      name: 'local machine checks of a CPU that is too old',
      run: { cpu: 'EPYC-v1,lmce=on,family=5', kvm: { mceCapabilities: '0x1000100' } },
    },
    { name: 'the TSC frequency of the host, nearly', run: { ...fixedTsc, cpu: 'EPYC-v1,tsc-frequency=2500600000' } },
    {
      name: 'another TSC frequency with scaling',
      run: { ...fixedTsc, cpu: 'EPYC-v1,tsc-frequency=1000000000', kvm: { capabilities: { KVM_CAP_TSC_CONTROL: 1 } } },
    },
    { name: 'branch records of the host', run: { cpu: 'EPYC-v1,lbr-fmt=0x3f,+pdcm,pmu=on' } },
    { name: 'many CPUs with x2apic', run: { smp: { cpus: 256 } } },
  ] as const)('but not $name', ({ run: cell }) => {
    expect(run(cell as Run).refusal).toBeUndefined();
  });

  it.each([
    {
      name: 'vmx that KVM does not have',
      cpu: 'EPYC-v1,+vmx,x-force-features=on',
      kvm: { msrIndices: ['0x10'] },
      by: 'abort',
    },
    {
      name: 'smx that KVM does not have',
      cpu: 'EPYC-v1,+smx,x-force-features=on',
      kvm: { msrIndices: ['0x10'] },
      by: 'abort',
    },
    {
      name: 'vmx on a kernel with its MSR',
      cpu: 'EPYC-v1,+vmx,x-force-features=on',
      kvm: { msrIndices: ['0x3a'] },
      by: undefined,
    },
    { name: 'vmx that is filtered', cpu: 'EPYC-v1,+vmx', kvm: { msrIndices: ['0x10'] }, by: undefined },
  ])('forced: $name', ({ cpu, kvm, by }) => {
    expect(run({ cpu, kvm, lacks: ['vmx', 'smx'] }).refusal?.by).toBe(by);
  });

  it('aborts for asynchronous page faults without an APIC in the kernel', () => {
    expect(run({ version: '7.2.22', irqchip: 'off', cpu: 'host' }).refusal).toMatchObject({
      by: 'abort',
      message: expect.stringContaining('0x4b564d06'),
    });
  });

  it.each([
    { version: '7.2.22', by: 'usage', message: undefined },
    { version: '10.0.13', by: 'abort', message: 'APIC ID 255 requires x2APIC feature in CPU' },
    { version: '11.1.3', by: 'usage', message: 'Try x2apic=on in -cpu.' },
  ] as const)('256 CPUs without x2apic in $version', ({ version, by, message }) => {
    const { refusal } = run({ version, cpu: 'EPYC-v1,-x2apic', smp: { cpus: 256 } });
    expect(refusal).toEqual(message === undefined ? undefined : expect.objectContaining({ by, message }));
  });

  it('names the first APIC id that is too high, which a level may have skipped to', () => {
    const { refusal } = run({ cpu: 'EPYC-v1,-x2apic', smp: { cpus: 255, cores: 3 } });
    expect(refusal?.message).toBe('APIC ID 256 requires x2APIC feature in CPU');
  });
});

describe('what QEMU has printed by then', () => {
  it.each([
    { name: 'nothing before the topology is refused', cell: { smp: { cpus: 3, cores: 2 }, lacks: ['pni'] }, lines: [] },
    { name: 'nothing before hv-vpindex is refused', cell: { cpu: 'EPYC-v1,hv-vpindex=on', lacks: ['pni'] }, lines: [] },
    {
      name: 'no unsupported feature before a format of branch records is refused',
      cell: { cpu: 'EPYC-v1,lbr-fmt=5,+rdctl-no', lacks: ['pni'] },
      lines: ['warning: This feature depends on other features that were not requested: MSR(10AH).rdctl-no [bit 0]'],
    },
    {
      name: 'unsupported features before enforce refuses',
      cell: { cpu: 'EPYC-v1,enforce', lacks: ['pni'] },
      lines: [pni],
    },
    {
      name: 'unsupported features before the APIC is refused',
      cell: { irqchip: 'off', cpu: 'EPYC-v1,-kvm-msi-ext-dest-id', lacks: ['pni'] },
      lines: [pni],
    },
    {
      name: 'physical bits after unsupported features',
      cell: { cpu: 'EPYC-v1,phys-bits=46', lacks: ['pni'] },
      lines: [pni, 'warning: Host physical bits (48) does not match phys-bits property (46)'],
    },
    {
      name: 'the mismatch of the TSC before the vCPU is refused',
      cell: { ...fixedTsc, cpu: 'EPYC-v1,tsc-frequency=1000000000' },
      lines: [tsc],
    },
    { name: 'no feature with check=off', cell: { cpu: 'EPYC-v1,check=off', lacks: ['pni'] }, lines: [] },
  ] as const)('$name', ({ cell, lines }) => {
    expect(run(cell as Run).warnings).toEqual(lines);
  });

  it.each([
    {
      version: '7.2.22',
      irqchip: 'off',
      cpu: 'qemu64,-kvm-asyncpf-int',
      lines: [
        threads,
        'warning: Userspace local APIC is deprecated for KVM.',
        'warning: Do not use kernel-irqchip except for the -M isapc machine type.',
      ],
    },
    {
      version: '10.0.13',
      irqchip: 'on',
      cpu: 'qemu64',
      lines: [`${threads}. Please configure -smp options properly or try enabling topoext feature.`],
    },
  ] as const)('threads of an old AMD CPU in $version', ({ version, irqchip, cpu, lines }) => {
    expect(run({ version, irqchip, cpu, smp: { cpus: 2, threads: 2 } }).warnings).toEqual(lines);
  });

  it.each([
    { version: '7.2.22', lines: [] },
    {
      version: '10.0.13',
      lines: [`${threads}. Please configure -smp options properly or try enabling topoext feature.`],
    },
  ] as const)('threads of a CPU that KVM then refuses, in $version', ({ version, lines }) => {
    const cell: Run = {
      version,
      cpu: 'Cascadelake-Server-v2',
      smp: { cpus: 2, threads: 2 },
      kvm: { unwritableMsrs: ['0x10a'] },
    };
    expect(run(cell).warnings).toEqual(lines);
  });

  it('intel-pt that differs comes after all other features', () => {
    const supportedCpuid = [cpuid(7, { ebx: 0x02000000 })];
    const { warnings } = run({ cpu: 'base,+intel-pt,+vmx,check=on', kvm: { supportedCpuid } });
    expect(warnings).toEqual([
      "warning: host doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]",
      "warning: host doesn't support requested feature: CPUID.07H:EBX.intel-pt [bit 25]",
    ]);
  });

  it('a version of AVX10 without the feature comes last', () => {
    const { warnings } = run({ cpu: 'GraniteRapids-v2,-avx10', lacks: ['pni', 'vmx-invvpid'] });
    expect(warnings.at(0)).toBe(pni);
    expect(warnings.at(-1)).toBe("warning: host doesn't support requested feature: avx10.1.");
  });
});

describe('what is not known', () => {
  const nobody = { code: 'NOT_OBSERVED', reason: 'nobody looked at KVM', remedy: 'look' };

  it.each([
    { name: 'a host of which nothing is known', snapshot: null },
    {
      name: 'a KVM that was not looked at',
      snapshot: snapshotWith({ kernel: { release: '6.12', kvm: { unknown: nobody } } }),
    },
  ])('$name makes no cell runnable and refuses none for it', ({ snapshot }) => {
    const context = createContext(indexes['10.0.13'], snapshot);
    for (const cpu of [
      'EPYC-v1',
      'host',
      'max',
      'EPYC-v1,enforce',
      'EPYC-v1,phys-bits=40',
      'EPYC-v1,-lm',
      'EPYC-v1,lbr-fmt=5,pmu=on',
    ]) {
      const { status, unknowns, enforce } = resolve(context, { accel: 'kvm', machine: 'q35', cpu });
      expect({ cpu, status, enforce }).toEqual({ cpu, status: 'unknown', enforce: 'unknown' });
      expect(unknowns.length).toBeGreaterThan(0);
    }
  });

  it.each([
    { name: 'the MSRs of Hyper-V', run: { cpu: 'EPYC-v1,hv-time=on', kvm: { msrIndices: undefined } } },
    { name: 'local machine checks', run: { cpu: 'EPYC-v1,lmce=on' } },
    { name: 'that TSC frequency', run: { cpu: 'EPYC-v1,tsc-frequency=1000000000' } },
  ] as const)('$name: whether KVM has it, where the snapshot does not say', ({ name, run: cell }) => {
    const { status, unknowns, enforce, refusal } = run(cell as Run);
    expect({ status, enforce, refusal }).toEqual({ status: 'unknown', enforce: 'unknown', refusal: undefined });
    expect(unknowns).toEqual([expect.stringContaining(name)]);
  });

  it('a usage error is one on any host', () => {
    const context = createContext(indexes['10.0.13'], null);
    const { refusal } = resolve(context, { accel: 'kvm', machine: 'q35', cpu: 'Haswell-v1,legacy-cache=off' });
    expect(refusal).toMatchObject({ by: 'usage', message: "CPU model 'Haswell-v1' doesn't support legacy-cache=off" });
  });

  it('says what was assumed', () => {
    const context = createContext(indexes['10.0.13'], null);
    expect(resolve(context, { accel: 'kvm', machine: 'microvm', cpu: 'EPYC-v1' }).assumptions).toEqual([
      'kernel-irqchip=split, the default of this machine type',
      'the vendor of the host CPU is not known; no feature of a named model depends on it',
    ]);
    expect(resolve(context, { accel: 'tcg', machine: 'q35', cpu: 'EPYC-v1' }).assumptions).toEqual([]);
  });
});
