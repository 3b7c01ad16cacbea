import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CpuidEntry, HardwareLayer } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { cpuid, snapshotWith } from '../testing/hosts.ts';
import { createContext } from './context.ts';
import { siliconHas, type BitPlace, type Presence } from './layer-presence.ts';

const index = shippedIndex('10.0.13');

function presence(name: string, hardware: HardwareLayer): Presence {
  const location = index.features.get(name);
  const property = index.catalog.features.find((feature) => feature.name === name);
  if (location === undefined || property === undefined) throw new Error(`no feature ${name}`);
  const place: BitPlace = { location, word: property.word, bit: property.bits[0] };
  return siliconHas(createContext(index, snapshotWith({ hardware })), place);
}

const one = (cpuidOfIt: readonly CpuidEntry[]): HardwareLayer => ({ cpus: [{ cpus: '0', cpuid: cpuidOfIt }] });
const avx2 = cpuid(7, { ebx: 0x20, edx: 0x20000000 });
const bare = cpuid(7, {});
const archCapabilities = (value: string): Pick<HardwareLayer, 'msrs'> => ({ msrs: [{ index: '0x10a', value }] });

describe('siliconHas', () => {
  it.each([
    { name: 'a bit that is 1', feature: 'avx2', hardware: one([avx2]), has: 'present' },
    { name: 'a bit that is 0', feature: 'avx2', hardware: one([bare]), has: 'absent' },
    { name: 'a leaf that is not listed', feature: 'avx2', hardware: one([cpuid(1, {})]), has: 'absent' },
    { name: 'a bit that is 1, partial', feature: 'avx2', hardware: { ...one([avx2]), partial: true }, has: 'present' },
    { name: 'a bit that is 0, partial', feature: 'avx2', hardware: { ...one([bare]), partial: true }, has: 'unknown' },
    {
      name: 'a leaf that is not listed, partial',
      feature: 'avx2',
      hardware: { ...one([cpuid(1, {})]), partial: true },
      has: 'unknown',
    },
    {
      name: 'a bit that one of two kinds of CPU lacks',
      feature: 'avx2',
      hardware: { cpus: [...one([avx2]).cpus, ...one([bare]).cpus] },
      has: 'absent',
    },
    {
      name: 'a bit that one of two kinds of CPU may lack',
      feature: 'avx2',
      hardware: { cpus: [...one([avx2]).cpus, ...one([bare]).cpus], partial: true },
      has: 'unknown',
    },
    {
      name: 'a bit of an MSR that was not read',
      feature: 'rdctl-no',
      hardware: one([avx2]),
      has: 'unknown',
    },
    { name: 'a bit of an MSR that is not there', feature: 'rdctl-no', hardware: one([bare]), has: 'absent' },
    {
      name: 'a bit that is 1 in an MSR',
      feature: 'rdctl-no',
      hardware: { ...one([avx2]), ...archCapabilities('0x1') },
      has: 'present',
    },
    {
      name: 'a bit that is 0 in an MSR',
      feature: 'rdctl-no',
      hardware: { ...one([avx2]), ...archCapabilities('0x2') },
      has: 'absent',
    },
    {
      name: 'a bit that is 0 in an MSR, partial: the MSR was read whole',
      feature: 'rdctl-no',
      hardware: { ...one([cpuid(1, {})]), ...archCapabilities('0x2'), partial: true },
      has: 'absent',
    },
    {
      name: 'a bit that is 1 in the MSR of the first of two kinds of CPU',
      feature: 'rdctl-no',
      hardware: { cpus: [...one([avx2]).cpus, ...one([avx2]).cpus], ...archCapabilities('0x1') },
      has: 'unknown',
    },
    {
      name: 'a VMX control that may be 1',
      feature: 'vmx-ept',
      hardware: { ...one([cpuid(1, { ecx: 0x20 })]), msrs: [{ index: '0x48b', value: '0x0000000200000000' }] },
      has: 'present',
    },
    {
      name: 'a VMX control that must be 0',
      feature: 'vmx-ept',
      hardware: { ...one([cpuid(1, { ecx: 0x20 })]), msrs: [{ index: '0x48b', value: '0x0000000400000002' }] },
      has: 'absent',
    },
  ] as const)('$name is $has', ({ feature, hardware, has }) => {
    expect(presence(feature, hardware)).toBe(has);
  });

  it('knowing less of a CPU never turns a yes into a no, or a no into a yes', () => {
    const names = index.catalog.features.map((feature) => feature.name);
    const register = fc.integer({ min: 0, max: 0xffffffff });
    const leaf = fc.constantFrom(1, 7, 0xd, 0x80000001, 0x80000008);
    const entry = fc.tuple(leaf, register, register, register, register, register);
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ([at]) => at }), fc.constantFrom(...names), (entries, name) => {
        const whole = entries.map(([at, eax, ebx, ecx, edx]) => cpuid(at, { eax, ebx, ecx, edx }));
        const seen = entries.map(([at, eax, ebx, ecx, edx, mask]) =>
          cpuid(at, { eax: eax & mask, ebx: ebx & mask, ecx: ecx & mask, edx: edx & mask }),
        );
        const known = presence(name, { ...one(seen), partial: true });
        expect(['unknown', presence(name, one(whole))]).toContain(known);
      }),
    );
  });
});
