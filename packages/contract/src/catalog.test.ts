import { AtlasError } from '@cpu-atlas/core';
import type { Catalog } from '@cpu-atlas/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCatalog, parseCatalogText } from './catalog.ts';
import { limits } from './limits.ts';

/** The smallest catalog in which each kind of reference occurs. */
const accelerator = {
  features: [{ '0': '1' }],
  properties: [{ level: 13 }],
  rows: [[0, 0]],
  groups: [[0, -1]],
  machineGroups: [0],
  aliases: [[1, -1]],
  withheld: [{ '0': '1' }],
  forcesHostPhysBits: [false],
  groupProperties: [{}],
} as const;
const catalog = {
  schema: 'cpu-atlas/catalog/1',
  qemu: { version: '10.0.0', package: '' },
  words: [
    { kind: 'cpuid', leaf: 1, subleaf: null, register: 'EDX' },
    { kind: 'msr', index: 0x10a },
  ],
  features: [
    { name: 'fpu', word: 0, bits: [0] },
    { name: 'rdctl-no', word: 1, bits: [63] },
  ],
  aliases: {},
  otherProperties: [{ name: 'level', type: 'uint32' }],
  propertyDefaults: { pmu: false },
  dependencies: [{ whenMissing: 'fpu', clears: ['rdctl-no'], clearsWords: [1] }],
  exclusions: [],
  pmuFeatures: [],
  machines: [{ name: 'pc-q35-10.0', alias: 'q35', deprecated: false, isDefault: false }],
  models: [
    { name: 'A', deprecated: false, migrationSafe: 'yes', isStatic: false },
    { name: 'A-v1', deprecated: false, migrationSafe: 'yes', isStatic: false },
  ],
  tcg: { ...accelerator, supported: { '0': '1' } },
  kvm: { ...accelerator, irqchipDefault: ['on'], splitExtDestId: [false] },
  notSeen: [],
  warningStyle: 'colon',
} as const satisfies Catalog;

function faultOf(run: () => unknown): AtlasError {
  try {
    run();
  } catch (error) {
    if (error instanceof AtlasError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseCatalog', () => {
  it('returns an equal catalog', () => {
    expect(parseCatalog(catalog)).toEqual(catalog);
    expect(parseCatalogText(JSON.stringify(catalog), 'x')).toEqual(catalog);
  });

  it('accepts a catalog without KVM', () => {
    const { kvm: _, ...withoutKvm } = catalog;
    expect(parseCatalog(withoutKvm)).toEqual(withoutKvm);
  });

  it.each<[string, unknown, string]>([
    ['a number', 7, '$'],
    ['another schema', { ...catalog, schema: 'x' }, '$.schema'],
    [
      'a feature of a word that is not there',
      { ...catalog, features: [{ name: 'x', word: 9, bits: [0] }] },
      '$.features[0].word',
    ],
    [
      'bit 32 of a CPUID register',
      { ...catalog, features: [{ name: 'x', word: 0, bits: [32] }] },
      '$.features[0].bits',
    ],
    [
      'a row of features that are not there',
      { ...catalog, tcg: { ...catalog.tcg, rows: [[4, 0]] } },
      '$.tcg.rows[0][0]',
    ],
    [
      'a row of properties that are not there',
      { ...catalog, kvm: { ...catalog.kvm, rows: [[0, 4]] } },
      '$.kvm.rows[0][1]',
    ],
    [
      'a group of rows that are not there',
      { ...catalog, tcg: { ...catalog.tcg, groups: [[0, 7]] } },
      '$.tcg.groups[0][1]',
    ],
    ['a group with too few models', { ...catalog, tcg: { ...catalog.tcg, groups: [[0]] } }, '$.tcg.groups[0]'],
    [
      'a machine of a group that is not there',
      { ...catalog, tcg: { ...catalog.tcg, machineGroups: [3] } },
      '$.tcg.machineGroups[0]',
    ],
    ['machines without a group', { ...catalog, tcg: { ...catalog.tcg, machineGroups: [] } }, '$.tcg.machineGroups'],
    [
      'an alias of a model that is not there',
      { ...catalog, tcg: { ...catalog.tcg, aliases: [[2, -1]] } },
      '$.tcg.aliases[0][0]',
    ],
    [
      'features of a word that is not there',
      { ...catalog, tcg: { ...catalog.tcg, features: [{ '5': '1' }] } },
      '$.tcg.features[0]["5"]',
    ],
    [
      'a word that is not hex',
      { ...catalog, tcg: { ...catalog.tcg, features: [{ '0': '0xG' }] } },
      '$.tcg.features[0]["0"]',
    ],
    ['too few irqchip defaults', { ...catalog, kvm: { ...catalog.kvm, irqchipDefault: [] } }, '$.kvm.irqchipDefault'],
    [
      'a dependency on a word that is not there',
      { ...catalog, dependencies: [{ whenMissing: 'fpu', clears: [], clearsWords: [8] }] },
      '$.dependencies[0].clearsWords',
    ],
  ])('refuses %s, with the place', (_, value, where) => {
    expect(faultOf(() => parseCatalog(value))).toMatchObject({ code: 'CATALOG_INVALID', where });
  });

  it('refuses a huge list before it validates it', () => {
    const rows = new Array(limits.catalogValues + 1).fill(0);
    expect(faultOf(() => parseCatalog({ ...catalog, notSeen: rows })).message).toContain('values');
  });

  it('refuses deep nesting', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 1_000; level += 1) deep = [deep];
    expect(faultOf(() => parseCatalog({ ...catalog, extra: deep })).message).toContain('deeper');
  });

  it('lets no garbage past with anything but CATALOG_INVALID', () => {
    fc.assert(fc.property(fc.anything(), (value) => faultOf(() => parseCatalog(value)).code === 'CATALOG_INVALID'));
  });

  it('reads or refuses by code a catalog with one part replaced by garbage', () => {
    const keys = Object.keys(catalog);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.anything(), (key, garbage) => {
        try {
          parseCatalog({ ...catalog, [key]: garbage });
          return true;
        } catch (error) {
          return error instanceof AtlasError && error.code === 'CATALOG_INVALID';
        }
      }),
      { numRuns: 500 },
    );
  });
});
