import { describe, expect, it } from 'vitest';
import { indexCatalog } from '../catalog/catalog-index.ts';
import { shippedCatalog, shippedIndex } from '../testing/catalogs.ts';
import { findAbiChanges, machineVersion, modelSteps } from './stability.ts';
import { listNameHistories } from './stability-names.ts';

const indexes = (['11.1.3', '7.2.22', '10.0.13'] as const).map((version) => shippedIndex(version));

describe('findAbiChanges', () => {
  it('finds nothing between a catalog and itself', () => {
    const same = shippedCatalog('10.0.13');
    expect(findAbiChanges([indexCatalog(same), indexCatalog(same)])).toEqual([]);
  });

  it('names release, machine type, model and bit of a definition that changed', () => {
    const catalog = shippedCatalog('10.0.13');
    const { kvm } = catalog;
    if (kvm === undefined) throw new Error('harvested without KVM');
    const before = indexCatalog(catalog);
    const model = catalog.models.findIndex(({ name }) => name === 'EPYC-Milan-v2');
    const machine = catalog.machines.findIndex(({ name }) => name === 'pc-q35-9.2');
    const [features] = kvm.rows[kvm.groups[kvm.machineGroups[machine]][model]];
    const word = catalog.words.findIndex((spec) => spec.kind === 'cpuid' && spec.leaf === 7 && spec.register === 'EBX');
    const changed = kvm.features.map((sparse, at) =>
      at === features ? { ...sparse, [word]: (Number.parseInt(sparse[word], 16) & ~(1 << 5)).toString(16) } : sparse,
    );
    const later = { ...catalog, qemu: { ...catalog.qemu, version: '10.0.14' }, kvm: { ...kvm, features: changed } };
    const changes = findAbiChanges([indexCatalog(later), before]);
    expect(changes.filter(({ isPromised }) => isPromised)).toHaveLength(1);
    expect(changes[0]).toMatchObject({
      accel: 'kvm',
      from: '10.0.13',
      to: '10.0.14',
      isPromised: true,
      gained: [],
      lost: [{ name: 'avx2', bit: 'CPUID.07H.0:EBX[5]' }],
      properties: [],
    });
    expect(changes[0].cells.find((cell) => cell.model === 'EPYC-Milan-v2')?.machines).toContain('pc-q35-9.2');
  });

  it('goes over the shipped releases in their order, whatever order they come in', () => {
    const changes = findAbiChanges(indexes);
    expect(new Set(changes.map(({ from, to }) => `${from} ${to}`))).toEqual(
      new Set(changes.map(({ from }) => (from === '7.2.22' ? '7.2.22 10.0.13' : '10.0.13 11.1.3'))),
    );
    expect(findAbiChanges([...indexes].reverse())).toEqual(changes);
    for (const { cells } of changes)
      for (const { model } of cells) expect(['host', 'max', 'base']).not.toContain(model);
  });
});

describe('listNameHistories', () => {
  const histories = listNameHistories(indexes);
  it.each([
    ['pc-q35-7.2', { since: null, removedIn: null }],
    ['pc-q35-10.0', { since: '10.0.13', removedIn: null }],
    ['pc-i440fx-1.7', { since: null, removedIn: '10.0.13' }],
    ['EPYC-Genoa', { since: '10.0.13', removedIn: null }],
  ])('%s', (name, expected) => {
    expect(histories.find((history) => history.name === name)).toMatchObject(expected);
  });
});

describe('modelSteps', () => {
  it('tells since which machine type a model is another', () => {
    const steps = modelSteps(shippedIndex('7.2.22'), 'kvm', 'Cascadelake-Server', 'pc-q35');
    expect(steps.length).toBeGreaterThan(0);
    for (const { since, before, gained, lost, properties } of steps) {
      expect(machineVersion(since)?.family).toBe('pc-q35');
      expect(machineVersion(before)?.family).toBe('pc-q35');
      expect(gained.length + lost.length + properties.length).toBeGreaterThan(0);
    }
  });

  it.each([
    ['an unknown model', 'NoSuchModel', 'pc-q35'],
    ['an unknown family', 'EPYC', 'pc-none'],
  ])('is empty for %s', (_, model, family) => {
    expect(modelSteps(shippedIndex('10.0.13'), 'kvm', model, family)).toEqual([]);
  });
});

it.each([
  ['pc-q35-10.0', { family: 'pc-q35', version: '10.0' }],
  ['pc-i440fx-rhel7.6.0', { family: 'pc-i440fx', version: 'rhel7.6.0' }],
  ['microvm', null],
])('the version in %s', (name, expected) => {
  expect(machineVersion(name)).toEqual(expected);
});
