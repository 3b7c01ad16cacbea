import { describe, expect, it } from 'vitest';
import { shippedCatalog, shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { bitsOf } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { indexCatalog, locateFeature, type CatalogIndex } from './catalog-index.ts';
import type { Catalog } from './catalog.ts';

const index = shippedIndex('10.0.13');

function namesOf({ bitNames }: CatalogIndex, set: FeatureSet): string[] {
  return [...set].flatMap((lane, i) => bitsOf(lane).flatMap((bit) => bitNames[i * 32 + bit] ?? []));
}

describe('indexCatalog', () => {
  it.each(shippedVersions)('finds every feature of %s by its name and its aliases', (version) => {
    const { catalog, features } = shippedIndex(version);
    for (const { name } of catalog.features) expect(features.get(name)?.name).toBe(name);
    for (const alias of Object.keys(catalog.aliases)) expect(features.has(alias), alias).toBe(true);
  });

  it.each([
    { name: 'sse4_1', is: 'sse4.1' },
    { name: 'sse4-1', is: 'sse4.1' },
    { name: 'i64', is: 'lm' },
    { name: 'pclmuldq', is: 'pclmulqdq' },
    { name: 'kvm_asyncpf', is: 'kvm-asyncpf' },
  ])('$name is $is', ({ name, is }) => {
    expect(locateFeature(index, name)?.name).toBe(is);
  });

  it('knows nothing of a name that no QEMU has', () => {
    expect(locateFeature(index, 'nosuch')).toBeNull();
  });

  it.each([
    {
      name: 'an upper half lies in the second lane',
      feature: 'vmx-invvpid',
      key: 'msr.48c',
      lane: 1,
      mask: 1,
      highMask: 0,
    },
    { name: 'a lower half in the first', feature: 'vmx-invept', key: 'msr.48c', lane: 0, mask: 1 << 20, highMask: 0 },
    {
      name: 'a feature of both in both',
      feature: 'vmx-invept-single-context',
      key: 'msr.48c',
      lane: 0,
      mask: 1 << 25,
      highMask: 1 << 9,
    },
    {
      name: 'bit 31 is no negative number',
      feature: 'hypervisor',
      key: '1.ECX',
      lane: 0,
      mask: 0x80000000,
      highMask: 0,
    },
  ])('$name', ({ feature, key, lane, mask, highMask }) => {
    expect(index.features.get(feature)).toEqual({
      name: feature,
      lane: (index.layout.laneOfKey.get(key) ?? -1) + lane,
      mask,
      highMask,
    });
  });

  it('leaves to the dependencies what goes because something else went with pmu', () => {
    const newest = shippedIndex('11.1.3');
    expect(newest.catalog.pmuFeatures).toContain('full-width-write');
    expect(namesOf(newest, newest.pmuFeatures).sort()).toEqual(['arch-lbr', 'pdcm']);
  });

  it.each([
    { model: 'EPYC-v1', own: true },
    { model: 'EPYC', own: true },
    { model: 'Haswell-v1', own: false },
    { model: 'max', own: false },
  ])('$model comes with caches of its own: $own', ({ model, own }) => {
    expect(index.accelerators.tcg?.hasOwnCaches(index.modelByName.get(model) ?? -1)).toBe(own);
  });

  it('takes the edges that the release enforces, in the order of the table', () => {
    const edges = ({ dependencyEdges }: CatalogIndex): string[] =>
      dependencyEdges.map(({ whenMissing }) => whenMissing.map(({ name }) => name).join('|'));
    expect(edges(index).slice(0, 4)).toEqual(['arch-capabilities', 'core-capability', 'pdcm', 'vmx']);
    expect(edges(index).at(-1)).toBe('avx10');
    expect(edges(shippedIndex('11.1.3')).slice(-3)).toEqual(['apxf', 'avx10', 'fred']);
    expect(edges(shippedIndex('10.0.13', '9.0.0'))).not.toContain('sgx');
  });

  it('has one set for nothing, which nothing has written to', () => {
    expect(index.nothing.every((lane) => lane === 0)).toBe(true);
    expect(index.nothing.length).toBe(index.layout.laneCount);
  });

  it('finds a machine type by its name and by the name that stands for it', () => {
    expect(index.machineByName.get('q35')).toBe(index.machineByName.get('pc-q35-10.0'));
  });

  const whole = shippedCatalog('10.0.13');

  it.each<{ name: string; damage: Partial<Catalog> }>([
    { name: 'a version that is none', damage: { qemu: { version: 'ten', package: '' } } },
    { name: 'a feature of a word that does not exist', damage: { features: [{ name: 'avx', word: 999, bits: [0] }] } },
    { name: 'a dependency of an unknown feature', damage: { dependencies: [{ whenMissing: 'nosuch', clears: [] }] } },
    {
      name: 'a dependency on an unknown feature',
      damage: { dependencies: [{ whenMissing: 'vmx', clears: ['nosuch'] }] },
    },
    {
      name: 'a dependency on a word that does not exist',
      damage: { dependencies: [{ whenMissing: 'vmx', clears: [], clearsWords: [999] }] },
    },
    { name: 'features without pmu that are unknown', damage: { pmuFeatures: ['nosuch'] } },
    { name: 'a word that is not hex', damage: { ...(whole.tcg && { tcg: { ...whole.tcg, supported: { 0: 'zz' } } }) } },
    {
      name: 'a value of more than 32 bits in a CPUID word',
      damage: { ...(whole.tcg && { tcg: { ...whole.tcg, supported: { 0: '123456789' } } }) },
    },
  ])('refuses $name', ({ damage }) => {
    expect(() => indexCatalog({ ...whole, ...damage })).toThrow(expect.objectContaining({ code: 'CATALOG_INVALID' }));
  });
});
