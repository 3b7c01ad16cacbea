import { describe, expect, it } from 'vitest';
import { chooseCatalog, compareVersions, isVersion } from './catalog-choice.ts';

const shipped = ['7.2.22', '10.0.13', '11.1.3'].map((version) => ({ version, package: `Debian ${version}` }));

describe('chooseCatalog', () => {
  it.each<[string, string, 'exact' | 'nearest']>([
    ['10.0.13', '10.0.13', 'exact'],
    ['10.0', '10.0.13', 'exact'],
    ['10', '10.0.13', 'exact'],
    ['7.2', '7.2.22', 'exact'],
    ['11.1', '11.1.3', 'exact'],
    ['10.0.2', '10.0.13', 'nearest'],
    ['10.1', '10.0.13', 'nearest'],
    ['10.2.1', '11.1.3', 'nearest'],
    ['11.0', '11.1.3', 'nearest'],
    ['9.2', '10.0.13', 'nearest'],
    ['8.2', '7.2.22', 'nearest'],
    ['8.0.4', '7.2.22', 'nearest'],
    ['4.2', '7.2.22', 'nearest'],
    ['2.12', '7.2.22', 'nearest'],
    ['13.0', '11.1.3', 'nearest'],
    ['10.0.13 (Debian 1:10.0.13+ds)', '10.0.13', 'exact'],
  ])('for QEMU %s takes the catalog of %s (%s)', (version, expected, match) => {
    expect(chooseCatalog(shipped, { version })).toMatchObject({ catalog: { version: expected }, match });
  });

  it('takes the newer one where two are equally near', () => {
    const two = [
      { version: '8.0.0', package: '' },
      { version: '8.2.0', package: '' },
    ];
    expect(chooseCatalog(two, { version: '8.1' })?.catalog.version).toBe('8.2.0');
  });

  it('takes the one of the same package among equal versions', () => {
    const two = [
      { version: '10.0.0', package: 'a' },
      { version: '10.0.0', package: 'b' },
    ];
    expect(chooseCatalog(two, { version: '10.0.0', package: 'b' })?.catalog.package).toBe('b');
  });

  it.each([['x'], [''], ['sha256:00'], ['./10.0.json'], ['10.0.1.2'], ['v10']])(
    'says that %j is no version',
    (word) => {
      expect(isVersion(word)).toBe(false);
      expect(chooseCatalog(shipped, { version: word })).toBeNull();
    },
  );

  it('has nothing to choose where there is no catalog', () => {
    expect(chooseCatalog([], { version: '10.0' })).toBeNull();
  });
});

describe('compareVersions', () => {
  it('puts the newest first, by number', () => {
    const versions = ['7.2.9', '10.0.2', '10.0.13', '9.2.0'].map((version) => ({ version, package: '' }));
    expect(versions.sort(compareVersions).map(({ version }) => version)).toEqual([
      '10.0.13',
      '10.0.2',
      '9.2.0',
      '7.2.9',
    ]);
  });
});
