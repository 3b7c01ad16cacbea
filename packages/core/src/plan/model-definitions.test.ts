import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { isDefinedModel, listMachinesOf, listVersions, readDefinition, unversionedName } from './model-definitions.ts';

const index = shippedIndex('10.0.13');

describe('readDefinition', () => {
  it('names what a model asks for, and the version that its name stands for', () => {
    const definition = readDefinition(index, 'kvm', { model: 'EPYC', machine: 'q35' });
    expect(definition?.aliasOf).toBe('EPYC-v1');
    expect(definition?.features).toContain('avx2');
    expect(definition?.features).not.toContain('avx512f');
  });

  it('keeps apart what QEMU clears because a feature that it needs is not asked for', () => {
    const definition = readDefinition(index, 'kvm', { model: 'Skylake-Server-v4', machine: 'q35' });
    expect(definition?.features).not.toContain('vmx-ept');
    expect(definition?.dormant).toContain('vmx-ept');
    expect(definition?.features.filter((name) => definition.dormant.includes(name))).toEqual([]);
  });

  it.each([
    ['host, which is what the host makes it', 'host', 'q35'],
    ['a model that this QEMU does not have', 'EPYC-Turin', 'q35'],
    ['a machine type that this QEMU does not have', 'EPYC', 'pc-q35-99.0'],
  ])('is null for %s', (_, model, machine) => {
    expect(readDefinition(index, 'kvm', { model, machine })).toBeNull();
  });

  it('follows the machine type: EPYC has topoext since pc-q35-3.0', () => {
    const featuresOn = (machine: string) => readDefinition(index, 'kvm', { model: 'EPYC', machine })?.features ?? [];
    expect(featuresOn('pc-q35-3.0')).toContain('topoext');
    expect(featuresOn('pc-q35-2.12')).not.toContain('topoext');
  });
});

describe('listVersions', () => {
  it('lists the versions of a model in order, each with what it changes', () => {
    const versions = listVersions(index, 'kvm', { model: 'EPYC-v3', machine: 'q35' });
    expect(versions.map(({ name }) => name)).toEqual(['EPYC-v1', 'EPYC-v2', 'EPYC-v3', 'EPYC-v4']);
    expect(versions[0].difference).toBeNull();
    expect(versions[1].difference?.gained.map(({ name }) => name)).toEqual(['ibpb']);
    expect(versions[0].defaultOn).toContain('pc-q35-10.0');
  });

  it('is empty for a model without versions', () => {
    expect(listVersions(index, 'kvm', { model: 'host', machine: 'q35' })).toEqual([]);
  });
});

describe('listMachinesOf', () => {
  it('tells the machine types that offer a model', () => {
    const { offered, notOffered } = listMachinesOf(index, 'kvm', 'EPYC-Milan-v2');
    expect(offered).toContain('pc-q35-10.0');
    expect(offered.filter((name) => notOffered.includes(name))).toEqual([]);
  });

  it('is empty for a model that is not there', () => {
    expect(listMachinesOf(index, 'kvm', 'EPYC-Turin')).toEqual({ offered: [], notOffered: [] });
  });
});

describe('names of models', () => {
  it.each([
    ['EPYC-Milan-v2', 'EPYC-Milan', true],
    ['EPYC', 'EPYC', true],
    ['host', 'host', false],
    ['max', 'max', false],
  ])('%s is a version of %s', (name, base, isDefined) => {
    expect(unversionedName(name)).toBe(base);
    expect(isDefinedModel(name)).toBe(isDefined);
  });
});
