import { describe, expect, it } from 'vitest';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { compareNames, familyOf, newestFirst } from './model-families.ts';

describe('familyOf', () => {
  it.each([
    { model: 'EPYC-Milan-v2', vendor: 'AMD', family: 'AMD EPYC' },
    { model: 'Opteron_G3', vendor: 'AMD', family: 'AMD Opteron' },
    { model: 'Skylake-Client-noTSX-IBRS', vendor: 'Intel', family: 'Intel Skylake Client' },
    { model: 'core2duo-v1', vendor: 'Intel', family: 'Intel Core 2' },
    { model: 'coreduo', vendor: 'Intel', family: 'Intel before Core 2' },
    { model: 'qemu64', vendor: 'QEMU', family: 'QEMU virtual' },
    { model: 'max', vendor: 'QEMU', family: 'QEMU whole host' },
    { model: 'Unheard-of-v3', vendor: 'QEMU', family: 'Unheard-of' },
  ])('$model belongs to $family', ({ model, vendor, family }) => {
    expect(familyOf(model)).toEqual({ vendor, family });
  });

  it.each(shippedVersions)('knows every model of %s', (version) => {
    const strangers = shippedIndex(version).catalog.models.filter(
      ({ name }) => familyOf(name).family === name.replace(/-v\d+$/, ''),
    );
    expect(strangers).toEqual([]);
  });
});

describe('the order of names', () => {
  it('counts numbers as numbers', () => {
    expect(['v10', 'v9', 'v1'].sort(compareNames)).toEqual(['v1', 'v9', 'v10']);
    expect(['pc-q35-9.2', 'pc-q35-10.0', 'pc-q35-8.0'].sort(newestFirst)).toEqual([
      'pc-q35-10.0',
      'pc-q35-9.2',
      'pc-q35-8.0',
    ]);
  });
});
