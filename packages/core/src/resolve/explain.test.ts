import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { cpuid, everything, hostWith, setOfFeatures, snapshotWith } from '../testing/hosts.ts';
import { createContext, type ResolveContext } from './context.ts';
import { checkHostModel, explain } from './explain.ts';
import type { FeatureVerdict } from './resolution.ts';

const index = shippedIndex('10.0.13');

function hostOf(names: readonly string[]): ResolveContext {
  return createContext(index, hostWith(index, setOfFeatures(index, names)));
}

function verdicts(
  context: ResolveContext,
  cpu: string,
  names: readonly string[],
): Record<string, Pick<FeatureVerdict, 'state' | 'requested' | 'supported'>> {
  const { features } = explain(context, { accel: 'kvm', machine: 'q35', cpu });
  return Object.fromEntries(
    features
      .filter(({ name }) => names.includes(name))
      .map(({ name, state, requested, supported }) => [name, { state, requested, supported }]),
  );
}

describe('explain', () => {
  it.each([
    { name: 'avx', state: 'enabled', requested: true, supported: 'yes' },
    { name: 'avx2', state: 'filtered', requested: true, supported: 'no' },
    { name: 'bmi1', state: 'missing', requested: false, supported: 'yes' },
    { name: 'bmi2', state: 'absent', requested: false, supported: 'no' },
    { name: 'npt', state: 'filtered', requested: true, supported: 'no' },
  ] as const)('$name is $state', ({ name, state, requested, supported }) => {
    expect(verdicts(hostOf(['avx', 'bmi1']), 'base,+avx,+avx2,+npt', [name])).toEqual({
      [name]: { state, requested, supported },
    });
  });

  it('what is not known is unknown, asked for or not', () => {
    expect(verdicts(createContext(index, null), 'base,+avx', ['avx', 'avx2'])).toEqual({
      avx: { state: 'unknown', requested: true, supported: 'unknown' },
      avx2: { state: 'unknown', requested: false, supported: 'unknown' },
    });
  });

  it('a feature of two bits is had when both are', () => {
    const both = hostOf(['kvmclock']);
    expect(verdicts(both, 'base,+kvmclock', ['kvmclock'])).toEqual({
      kvmclock: { state: 'enabled', requested: true, supported: 'yes' },
    });
    const host = hostWith(index, index.nothing, { kvm: { supportedCpuid: [cpuid(0x40000001, { eax: 0x1 })] } });
    const { features } = explain(createContext(index, host), { accel: 'kvm', machine: 'q35', cpu: 'base,+kvmclock' });
    expect(features.find(({ name }) => name === 'kvmclock')).toMatchObject({
      ...{ state: 'filtered', supported: 'no', bit: 'CPUID.40000001H:EAX[3]' },
      blocker: { layer: 'kernel', evidence: 'CPUID.40000001H:EAX[3]=0 in what KVM offers (Linux 6.12.0)' },
    });
  });

  it('a feature of both halves of an MSR is told by the half that lacks it', () => {
    const set = everything(index);
    const location = index.features.get('vmx-invept-single-context');
    if (location) set[location.lane + 1] &= ~location.highMask;
    const context = createContext(index, hostWith(index, set, { vendor: 'GenuineIntel' }));
    const cpu = 'base,+vmx,+vmx-secondary-ctls,+vmx-ept,+vmx-vpid,+vmx-invept-single-context';
    const { features } = explain(context, { accel: 'kvm', machine: 'q35', cpu });
    expect(features.find(({ name }) => name === 'vmx-invept-single-context')).toMatchObject({
      state: 'filtered',
      bit: 'MSR 48CH[41]',
    });
  });

  it('goes through all features of the catalog, in order, and gives a blocker to exactly those that are withheld', () => {
    const { features, resolution } = explain(hostOf(['avx']), { accel: 'kvm', machine: 'q35', cpu: 'EPYC-v1,+npt' });
    expect(features.map(({ name }) => name)).toEqual(index.catalog.features.map(({ name }) => name));
    for (const { state, blocker } of features)
      expect(blocker === undefined).toBe(state === 'enabled' || state === 'missing');
    const filtered = features.filter(({ state }) => state === 'filtered').map(({ name }) => name);
    expect([...new Set(filtered)].sort()).toEqual(
      [...new Set(resolution.unavailableFeatures)].filter((name) => name !== '').sort(),
    );
  });

  it('every blocker says what it saw and what to do', () => {
    for (const context of [
      hostOf([]),
      hostOf(['avx']),
      createContext(index, null),
      createContext(index, snapshotWith({})),
    ])
      for (const { blocker } of explain(context, { accel: 'kvm', machine: 'q35', cpu: 'max,+vmx-ept,+npt' }).features)
        if (blocker) expect([blocker.evidence.length > 0, blocker.remedy.length > 0]).toEqual([true, true]);
  });
});

describe('checkHostModel', () => {
  it('passes where host loses nothing', () => {
    expect(checkHostModel(createContext(index, hostWith(index, everything(index))))).toMatchObject({
      outcome: 'passed',
      unavailableFeatures: [],
    });
  });

  it('passes where host loses a Processor Trace that differs', () => {
    const host = hostWith(index, index.nothing, { kvm: { supportedCpuid: [cpuid(7, { ebx: 0x02000000 })] } });
    expect(checkHostModel(createContext(index, host))).toMatchObject({ outcome: 'passed', unavailableFeatures: [] });
  });

  it.each([
    { name: 'nothing is known of the host', context: createContext(index, null) },
    {
      name: 'the silicon is not known',
      context: createContext(index, {
        ...hostWith(index, everything(index)),
        hardware: { unknown: { code: 'X', reason: 'y', remedy: 'z' } },
      }),
    },
  ])('cannot tell where $name', ({ context }) => {
    const { outcome, reason } = checkHostModel(context);
    expect(outcome).toBe('could-not-tell');
    expect(reason).not.toBe('');
  });

  it('cannot tell with a catalog that was harvested without KVM', () => {
    const { kvm: _, ...withoutKvm } = index.catalog;
    const bare = { ...index, catalog: withoutKvm, accelerators: { ...index.accelerators, kvm: null } };
    expect(checkHostModel(createContext(bare, hostWith(index, everything(index))))).toMatchObject({
      outcome: 'could-not-tell',
    });
  });
});
