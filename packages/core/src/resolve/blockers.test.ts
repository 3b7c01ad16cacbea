import { describe, expect, it } from 'vitest';
import type { FeatureMsr, HostSnapshot, KvmLayer } from '../snapshot/snapshot.ts';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { cpuid, everything, hostWith, setOfFeatures, snapshotWith, vendorLeaf } from '../testing/hosts.ts';
import { createContext } from './context.ts';
import { explain } from './explain.ts';
import type { Blocker, FeatureVerdict, ResolutionRequest } from './resolution.ts';

const indexes = {
  '7.2.22': shippedIndex('7.2.22'),
  '10.0.13': shippedIndex('10.0.13'),
  '11.1.3': shippedIndex('11.1.3'),
};
const silence = { code: 'NOT_LINUX', reason: 'nobody looked at the CPU', remedy: 'probe it on Linux' };

interface Made {
  readonly version?: ShippedVersion;
  readonly vendor?: string;
  /** Features that KVM offers; the silicon has all, but for `siliconLacks`. */
  readonly kvmLacks?: readonly string[];
  readonly siliconLacks?: readonly string[];
  readonly kvm?: Partial<KvmLayer>;
  readonly hardware?: HostSnapshot['hardware'];
  readonly siliconMsrs?: readonly FeatureMsr[];
}

function without(version: ShippedVersion, names: readonly string[]): Uint32Array {
  const set = everything(indexes[version]);
  setOfFeatures(indexes[version], names).forEach((lane, i) => (set[i] &= ~lane));
  return set;
}

function hostOf({
  version = '10.0.13',
  vendor = 'AuthenticAMD',
  kvmLacks = [],
  siliconLacks = [],
  kvm,
  hardware,
  siliconMsrs,
}: Made): HostSnapshot {
  const index = indexes[version];
  const silicon = hostWith(index, without(version, siliconLacks), { vendor }).hardware;
  return hostWith(index, without(version, [...kvmLacks, ...siliconLacks]), {
    vendor,
    kvm: kvm ?? {},
    hardware: hardware ?? (silicon && siliconMsrs ? { ...silicon, msrs: siliconMsrs } : silicon),
  });
}

function verdictOf(
  name: string,
  made: Made | HostSnapshot | null,
  request: Partial<ResolutionRequest> = {},
): FeatureVerdict {
  const version = (made !== null && 'version' in made && made.version) || '10.0.13';
  const snapshot = made === null || 'schema' in made ? made : hostOf(made);
  const context = createContext(indexes[version], snapshot);
  const { features } = explain(context, { accel: 'kvm', machine: 'q35', cpu: `base,+${name}`, ...request });
  const verdict = features.find((feature) => feature.name === name);
  if (verdict === undefined) throw new Error(`no feature ${name}`);
  return verdict;
}

const blockerOf = (...args: Parameters<typeof verdictOf>): Blocker | undefined => verdictOf(...args).blocker;

describe('findBlocker', () => {
  it.each([
    {
      name: 'avx2',
      made: { siliconLacks: ['avx2'] },
      layer: 'hardware',
      evidence: 'CPUID.07H.0:EBX[5]=0 on the host CPU',
      remedy: /append ,-avx2$/,
    },
    {
      name: 'rtm',
      made: { vendor: 'GenuineIntel', siliconLacks: ['rtm'] },
      layer: 'hardware',
      evidence: 'CPUID.07H.0:EBX[11]=0 on the host CPU',
      remedy: /-noTSX/,
    },
    {
      name: 'svm',
      made: { siliconLacks: ['svm'] },
      layer: 'hardware',
      evidence: 'CPUID.80000001H:ECX[2]=0 on the host CPU',
      remedy: /firmware/,
    },
    {
      name: 'avx2',
      made: { kvmLacks: ['avx2'] },
      layer: 'kernel',
      evidence: 'CPUID.07H.0:EBX[5]=0 in what KVM offers (Linux 6.12.0), although the CPU has it',
      remedy: /newer kernel/,
    },
    {
      name: 'svm',
      made: { kvmLacks: ['svm'], kvm: { modules: { kvm_amd: { nested: '0' } } } },
      layer: 'kernel',
      evidence:
        'CPUID.80000001H:ECX[2]=0 in what KVM offers (Linux 6.12.0), although the CPU has it; kvm_amd runs with nested=0',
      remedy: /^load kvm_amd with nested=1$/,
    },
    {
      name: 'vmx',
      made: { vendor: 'GenuineIntel', kvmLacks: ['vmx'], kvm: { modules: { kvm_intel: { nested: 'N' } } } },
      layer: 'kernel',
      evidence: /kvm_intel runs with nested=0$/,
      remedy: /^load kvm_intel with nested=1$/,
    },
    {
      name: 'pdcm',
      made: { kvmLacks: ['pdcm'], kvm: { modules: { kvm: { enable_pmu: 'N' } } } },
      layer: 'kernel',
      evidence: /kvm runs with enable_pmu=N$/,
      remedy: /^load kvm with enable_pmu=1$/,
    },
    {
      name: 'kvm-pv-ipi',
      made: { kvmLacks: ['kvm-pv-ipi'] },
      layer: 'kernel',
      evidence: 'CPUID.40000001H:EAX[11]=0 in what KVM offers (Linux 6.12.0)',
      remedy: /^a newer kernel may/,
    },
    {
      name: 'x2apic',
      made: { siliconLacks: ['x2apic'] },
      layer: 'kernel',
      evidence: 'CPUID.01H:ECX[21]=0 in what KVM offers (Linux 6.12.0)',
      remedy: /newer kernel/,
    },
    {
      name: 'arch-capabilities',
      made: { kvm: { msrIndices: ['0x10'] } },
      layer: 'qemu',
      evidence: /^CPUID\.07H\.0:EDX\[29\]=1 in what KVM offers, but QEMU 10\.0\.13 does not pass it on$/,
      remedy: /another QEMU release/,
    },
    {
      name: 'avx2',
      made: { kvmLacks: ['avx2'], hardware: { unknown: silence } },
      layer: 'not-observed',
      evidence: 'CPUID.07H.0:EBX[5]=0 in what KVM offers; what the CPU has is not known',
      remedy: /^probe it on Linux$/,
    },
    {
      name: 'avx2',
      made: { kvmLacks: ['avx2'], hardware: { cpus: [{ cpus: '0', cpuid: [cpuid(1, {})] }], partial: true } },
      layer: 'not-observed',
      evidence: /what the CPU has is not known$/,
      remedy: /probe/,
    },
    {
      name: 'avx2',
      made: { kvmLacks: ['avx2'], hardware: { cpus: [{ cpus: '0', cpuid: [cpuid(7, { ebx: 0x1 })] }], partial: true } },
      layer: 'not-observed',
      evidence: /what the CPU has is not known$/,
      remedy: /probe/,
    },
    {
      name: 'avx2',
      made: {
        kvmLacks: ['avx2'],
        hardware: { cpus: [{ cpus: '0', cpuid: [cpuid(7, { ebx: 0x20 })] }], partial: true },
      },
      layer: 'kernel',
      evidence: /although the CPU has it$/,
      remedy: /newer kernel/,
    },
    {
      name: 'svm',
      made: {
        kvmLacks: ['svm'],
        kvm: { modules: { kvm_amd: { nested: '0' } } },
        hardware: { cpus: [{ cpus: '0', cpuid: [vendorLeaf('AuthenticAMD'), cpuid(1, {})] }], partial: true },
      },
      layer: 'kernel',
      evidence: /Linux 6\.12\.0\); kvm_amd runs with nested=0$/,
      remedy: /^load kvm_amd with nested=1$/,
    },
    {
      name: 'avx2',
      made: {
        kvmLacks: ['avx2'],
        hardware: {
          cpus: [
            { cpus: '0', cpuid: [cpuid(7, { ebx: 0x20 })] },
            { cpus: '1', cpuid: [cpuid(7, {})] },
          ],
        },
      },
      layer: 'hardware',
      evidence: 'CPUID.07H.0:EBX[5]=0 on the host CPU',
      remedy: /avx2/,
    },
  ] as const)('$layer withholds $name ($evidence)', ({ name, made, layer, evidence, remedy }) => {
    expect(blockerOf(name, made as Made)).toEqual({
      layer,
      evidence: typeof evidence === 'string' ? evidence : expect.stringMatching(evidence),
      remedy: expect.stringMatching(remedy),
    });
  });

  it.each([
    {
      name: 'a bit of an MSR of which the CPU did not tell the value may be the CPU or the kernel',
      made: { kvmLacks: ['rdctl-no'] },
      layer: 'not-observed',
      evidence: 'MSR 10AH[0]=0 in what KVM offers; what the MSR of the CPU says is not known',
    },
    {
      name: 'a bit that the MSR of the CPU has is the kernel',
      made: { kvmLacks: ['rdctl-no'], siliconMsrs: [{ index: '0x10a', value: '0x1' }] },
      layer: 'kernel',
      evidence: 'MSR 10AH[0]=0 in what KVM offers (Linux 6.12.0), although the CPU has it',
    },
    {
      name: 'a bit that the MSR of the CPU does not have is the CPU',
      made: { kvmLacks: ['rdctl-no'], siliconMsrs: [{ index: '0x10a', value: '0xfffffffffffffffe' }] },
      layer: 'hardware',
      evidence: 'MSR 10AH[0]=0 on the host CPU',
    },
    {
      name: 'an MSR that KVM has without telling its value leaves it open',
      made: { kvm: { featureMsrs: [], unreadableMsrs: ['0x10a'] } },
      layer: 'not-observed',
      evidence: 'KVM has the MSR, but did not tell its value: MSR 10AH[0] is not known',
    },
    {
      name: 'a bit of an MSR that the CPU does not have is the CPU',
      made: { kvmLacks: ['rdctl-no'], siliconLacks: ['arch-capabilities'] },
      layer: 'hardware',
      evidence: 'the host CPU has no MSR 10AH',
    },
  ])('$name', ({ made, layer, evidence }) => {
    expect(blockerOf('rdctl-no', made, { cpu: 'base,+arch-capabilities,+rdctl-no' })).toMatchObject({
      layer,
      evidence,
    });
  });

  it.each([
    {
      name: 'x2apic',
      irqchip: 'off',
      evidence: 'x2apic needs the irqchip of the kernel',
      remedy: 'use kernel-irqchip=on or split',
    },
    {
      name: 'tsc-deadline',
      irqchip: 'off',
      evidence: 'tsc-deadline needs the irqchip of the kernel',
      remedy: 'use kernel-irqchip=on or split',
    },
    {
      name: 'kvm-msi-ext-dest-id',
      irqchip: 'on',
      evidence: 'kvm-msi-ext-dest-id needs a split irqchip',
      remedy: 'use kernel-irqchip=split',
    },
  ] as const)('config: $name with kernel-irqchip=$irqchip', ({ name, irqchip, evidence, remedy }) => {
    const made = { version: '7.2.22', kvmLacks: name === 'x2apic' ? [] : [name] } as const;
    expect(blockerOf(name, made, { kernelIrqchip: irqchip })).toEqual({ layer: 'config', evidence, remedy });
  });

  it('config: kernel-irqchip=off is no excuse for what has nothing to do with it', () => {
    const verdict = verdictOf('avx2', { version: '7.2.22', siliconLacks: ['avx2'] }, { kernelIrqchip: 'off' });
    expect(verdict.blocker?.layer).toBe('hardware');
  });

  it('config: SGX on a machine type that is no PC', () => {
    expect(blockerOf('sgx', {}, { machine: 'microvm' })).toMatchObject({
      layer: 'config',
      remedy: 'use a pc or q35 machine type',
    });
  });

  it('config: intel-pt on a machine type that does not raise the level', () => {
    expect(blockerOf('intel-pt', {}, { machine: 'pc-q35-3.1' })).toMatchObject({
      layer: 'config',
      remedy: 'append ,min-level=0x14',
    });
  });

  it('qemu: a Processor Trace that differs from the one every guest is shown', () => {
    const supportedCpuid = [vendorLeaf('GenuineIntel'), cpuid(7, { ebx: 0x02000000 })];
    expect(blockerOf('intel-pt', { kvm: { supportedCpuid } })).toMatchObject({
      layer: 'qemu',
      evidence: expect.stringContaining('CPUID.14H'),
    });
  });

  it('qemu: TSX of a CPU where it does not work', () => {
    const haswell = [vendorLeaf('GenuineIntel'), cpuid(1, { eax: 0x306c3 }), cpuid(7, { ebx: 0xffffffff })];
    const blocker = blockerOf('rtm', { vendor: 'GenuineIntel', hardware: { cpus: [{ cpus: '0', cpuid: haswell }] } });
    expect(blocker).toMatchObject({
      layer: 'qemu',
      evidence: 'QEMU 10.0.13 hides TSX on this CPU, where it does not work',
    });
  });

  it.each([
    {
      name: 'npt',
      cpu: 'base,+npt',
      evidence: 'npt depends on svm, which is not requested',
      remedy: 'append ,+svm, or leave npt out',
    },
    {
      name: 'vmx-ept',
      cpu: 'base,+vmx,+vmx-ept',
      evidence: 'vmx-ept depends on vmx-secondary-ctls, which is not requested',
      remedy: 'append ,+vmx-secondary-ctls, or leave vmx-ept out',
    },
    {
      name: 'avx10-256',
      cpu: 'base,+avx10-128,+avx10-256',
      evidence: 'avx10-256 depends on avx10, which is not requested',
      remedy: 'append ,+avx10, or leave avx10-256 out',
    },
  ])('dependency: $evidence', ({ name, cpu, evidence, remedy }) => {
    expect(blockerOf(name, {}, { cpu })).toEqual({ layer: 'dependency', evidence, remedy });
  });

  it('dependency: features that exclude each other', () => {
    const blocker = blockerOf('mpx', { version: '11.1.3' }, { cpu: 'base,+apxf,+mpx' });
    expect(blocker).toEqual({
      layer: 'dependency',
      evidence: 'mpx is asked for together with apxf, which excludes it',
      remedy: 'append ,-mpx or ,-apxf',
    });
  });

  it('qemu: what TCG does not implement, on any host', () => {
    expect(blockerOf('avx512f', null, { accel: 'tcg' })).toEqual({
      layer: 'qemu',
      evidence: 'TCG of QEMU 10.0.13 does not implement CPUID.07H.0:EBX[16]',
      remedy: 'use KVM, or append ,-avx512f',
    });
  });

  it('not-observed: what TCG of a binary can that was not seen with it', () => {
    const context = createContext({ ...indexes['10.0.13'], tcgSupported: null }, null);
    const { features } = explain(context, { accel: 'tcg', machine: 'q35', cpu: 'base,+avx2' });
    expect(features.find(({ name }) => name === 'avx2')).toMatchObject({
      state: 'unknown',
      supported: 'unknown',
      blocker: { layer: 'not-observed' },
    });
  });

  const observed = snapshotWith({
    qemu: [{ path: 'qemu', version: '10.0.13', observed: { kvm: { host: { avx2: false } } } }],
  });

  it.each([
    { name: 'does not have it', partial: false, layer: 'hardware', evidence: 'CPUID.07H.0:EBX[5]=0 on the host CPU' },
    {
      name: 'may have it',
      partial: true,
      layer: 'not-observed',
      evidence: '-cpu host of the QEMU on that host does not have avx2',
    },
  ])('$layer: what host of the QEMU there does not have, and the CPU $name', ({ partial, layer, evidence }) => {
    const hardware = { cpus: [{ cpus: '0', cpuid: [vendorLeaf('GenuineIntel'), cpuid(7, {})] }], partial };
    expect(blockerOf('avx2', { ...observed, hardware })).toMatchObject({ layer, evidence });
  });

  it.each([
    {
      name: 'what host of the QEMU there does not have',
      feature: 'avx2',
      snapshot: observed,
      state: 'filtered',
      evidence: '-cpu host of the QEMU on that host does not have avx2',
    },
    {
      name: 'what the QEMU there did not speak of',
      feature: 'avx512f',
      snapshot: observed,
      state: 'unknown',
      evidence: 'the snapshot says nothing of the kernel',
    },
    {
      name: 'anything on a host of which nothing is known',
      feature: 'avx2',
      snapshot: null,
      state: 'unknown',
      evidence: 'the snapshot says nothing of the kernel',
    },
    {
      name: 'anything where KVM could not be asked',
      feature: 'avx2',
      snapshot: snapshotWith({
        kernel: {
          release: '6.12',
          kvm: { unknown: { code: 'KVM_DENIED', reason: 'cannot open /dev/kvm', remedy: 'join group kvm' } },
        },
      }),
      state: 'unknown',
      evidence: 'cannot open /dev/kvm',
    },
  ])('not-observed: $name', ({ feature, snapshot, state, evidence }) => {
    expect(verdictOf(feature, snapshot)).toMatchObject({ state, blocker: { layer: 'not-observed', evidence } });
  });
});
