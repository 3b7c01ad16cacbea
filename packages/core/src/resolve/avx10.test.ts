import { describe, expect, it } from 'vitest';
import { shippedIndex, type ShippedVersion } from '../testing/catalogs.ts';
import { cpuid, everything, hostWith, setOfFeatures, snapshotWith } from '../testing/hosts.ts';
import { createContext, type ResolveContext } from './context.ts';
import { resolve } from './resolve.ts';

const indexes = { '10.0.13': shippedIndex('10.0.13'), '11.1.3': shippedIndex('11.1.3') };
const noVersion = ['avx10-128', 'avx10-256', 'avx10-512'];

/** A host with everything, whose AVX10 is of a version; 0: without AVX10. */
function hostOfVersion(version: Exclude<ShippedVersion, '7.2.22'>, avx10: number): ResolveContext {
  const index = indexes[version];
  const set = everything(index);
  if (avx10 === 0) setOfFeatures(index, ['avx10', ...noVersion]).forEach((lane, i) => (set[i] &= ~lane));
  const host = hostWith(index, set);
  const { kernel } = host;
  if (kernel === undefined || 'unknown' in kernel || 'unknown' in kernel.kvm) throw new Error('made with KVM');
  const leaf = cpuid(0x24, { ebx: avx10 === 0 ? 0 : 0x00070000 | avx10 });
  const supportedCpuid = [
    ...kernel.kvm.supportedCpuid.filter((entry) => entry.leaf !== leaf.leaf || entry.subleaf !== 0),
    leaf,
  ];
  return createContext(index, { ...host, kernel: { ...kernel, kvm: { ...kernel.kvm, supportedCpuid } } });
}

const prefix = "warning: host doesn't support requested feature: ";

// Source: QEMU 10.0 and 10.2 sources; QEMU 10.0.13 and 11.1.3 runs on a host without AVX10
describe('the version of AVX10', () => {
  it.each([
    {
      name: 'as high as the host',
      version: '10.0.13',
      host: 1,
      cpu: 'GraniteRapids-v2',
      status: 'runnable',
      lines: [],
    },
    {
      name: 'lower than that of the host',
      version: '10.0.13',
      host: 2,
      cpu: 'GraniteRapids-v2',
      status: 'runnable',
      lines: [],
    },
    { name: 'none asked for', version: '10.0.13', host: 0, cpu: 'GraniteRapids-v1', status: 'runnable', lines: [] },
    {
      name: 'higher than that of the host',
      version: '10.0.13',
      host: 1,
      cpu: 'GraniteRapids-v2,avx10-version=2',
      status: 'filtered',
      lines: ['avx10.2. Adjust to avx10.1'],
    },
    {
      name: 'higher, kept by force: lowered all the same before 11.0',
      version: '10.0.13',
      host: 1,
      cpu: 'GraniteRapids-v2,avx10-version=2,x-force-features=on',
      status: 'filtered',
      lines: ['avx10.2. Adjust to avx10.1'],
    },
    {
      name: 'higher, kept by force from 11.0 on',
      version: '11.1.3',
      host: 1,
      cpu: 'GraniteRapids-v2,avx10-version=2,x-force-features=on',
      status: 'filtered',
      lines: ['avx10.2.'],
    },
    {
      name: 'without avx10',
      version: '10.0.13',
      host: 2,
      cpu: 'GraniteRapids-v2,-avx10',
      status: 'filtered',
      lines: ['avx10.1.'],
    },
  ] as const)('$name', ({ version, host, cpu, status, lines }) => {
    const resolution = resolve(hostOfVersion(version, host), { accel: 'kvm', machine: 'q35', cpu });
    expect(resolution.status).toBe(status);
    expect(resolution.unavailableFeatures).toEqual([]);
    expect(resolution.warnings).toEqual(lines.map((line) => prefix + line));
  });

  it('counts for enforce', () => {
    const context = hostOfVersion('10.0.13', 1);
    const cpu = 'GraniteRapids-v2,avx10-version=2';
    expect(resolve(context, { accel: 'kvm', machine: 'q35', cpu }).enforce).toBe('refuses');
    expect(resolve(context, { accel: 'kvm', machine: 'q35', cpu: `${cpu},enforce` }).refusal?.by).toBe('enforce');
  });

  it.each([
    { name: 'what QEMU saw of it, on a host known over QMP only', host: { 'avx10-version': 1 }, status: 'filtered' },
    { name: 'not known, where QEMU did not say', host: {}, status: 'unknown' },
  ])('is $name', ({ host, status }) => {
    const index = indexes['10.0.13'];
    const all = Object.fromEntries(index.catalog.features.map(({ name }) => [name, true]));
    const observed = { kvm: { host: { ...all, ...host, vendor: 'GenuineIntel' } } };
    const snapshot = snapshotWith({ qemu: [{ path: 'qemu', version: '10.0.13', observed }] });
    const cpu = 'GraniteRapids-v2,avx10-version=2';
    const resolution = resolve(createContext(index, snapshot), { accel: 'kvm', machine: 'q35', cpu });
    expect(resolution.status).toBe(status);
    expect(resolution.unknowns).toEqual(
      status === 'unknown' ? ['the version of AVX10 that the host has is not known'] : [],
    );
  });
});
