import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { everything, setOfFeatures } from '../testing/hosts.ts';
import { componentName, enableXsaveComponents, xsaveComponents } from './xsave.ts';

const indexes = { 7: shippedIndex('7.2.22'), 10: shippedIndex('10.0.13'), 11: shippedIndex('11.1.3') } as const;

interface State {
  /** XCR0, low half, and XSS, low half. */
  readonly xcr0: number;
  readonly xss: number;
}

function stateOf(
  release: keyof typeof indexes,
  features: readonly string[],
  supports: 'all' | 'nothing' = 'all',
): State {
  const index = indexes[release];
  const set = setOfFeatures(index, features);
  enableXsaveComponents(index, xsaveComponents(index), set, supports === 'all' ? everything(index) : index.nothing);
  const lane = (key: string): number => set[index.layout.laneOfKey.get(key) ?? -1] ?? 0;
  return { xcr0: lane('d.0.EAX'), xss: lane('d.1.ECX') };
}

// Source: Intel SDM vol. 1, 13.1, XSAVE-supported features; QEMU 7.2 and 10.2 sources, QEMU 11.1 runs
describe('enableXsaveComponents', () => {
  it.each([
    {
      name: 'without xsave there is no state',
      features: ['avx', 'avx512f', 'pku', 'arch-lbr', 'xsaves'],
      xcr0: 0,
      xss: [0, 0, 0],
    },
    { name: 'xsave alone brings x87 and SSE', features: ['xsave'], xcr0: 0x3, xss: [0, 0, 0] },
    { name: 'avx', features: ['xsave', 'avx'], xcr0: 0x7, xss: [0, 0, 0] },
    { name: 'mpx has two components', features: ['xsave', 'mpx'], xcr0: 0x1b, xss: [0, 0, 0] },
    { name: 'avx512f has three', features: ['xsave', 'avx512f'], xcr0: 0xe3, xss: [0, 0, 0] },
    { name: 'pku', features: ['xsave', 'pku'], xcr0: 0x203, xss: [0, 0, 0] },
    { name: 'amx-tile has two', features: ['xsave', 'amx-tile'], xcr0: 0x60003, xss: [0, 0, 0] },
    {
      name: 'arch-lbr with xsaves: lost from 9.2 to 10.2',
      features: ['xsave', 'xsaves', 'arch-lbr'],
      xcr0: 0x3,
      xss: [0x8000, 0, 0x8000],
    },
    {
      name: 'arch-lbr without xsaves: from 11.0 on not there',
      features: ['xsave', 'arch-lbr'],
      xcr0: 0x3,
      xss: [0x8000, 0, 0],
    },
  ])('$name', ({ features, xcr0, xss }) => {
    expect(([7, 10, 11] as const).map((release) => stateOf(release, features))).toEqual(
      xss.map((each) => ({ xcr0, xss: each })),
    );
  });

  it.each([
    {
      name: 'avx10 brings the state of AVX-512',
      release: 10,
      features: ['xsave', 'avx10'],
      state: { xcr0: 0xe3, xss: 0 },
    },
    {
      name: 'either half of CET brings both of its components',
      release: 11,
      features: ['xsave', 'xsaves', 'cet-ibt'],
      state: { xcr0: 0x3, xss: 0x1800 },
    },
    { name: 'apxf', release: 11, features: ['xsave', 'apxf'], state: { xcr0: 0x80003, xss: 0 } },
  ] as const)('$name', ({ release, features, state }) => {
    expect(stateOf(release, features)).toEqual(state);
  });

  it.each([
    { name: 'up to 9.1 components stay until they are filtered', release: 7, xcr0: 0xe7 },
    { name: 'from 9.2 on those that the accelerator lacks are cut, but for x87 and SSE', release: 10, xcr0: 0x3 },
  ] as const)('$name', ({ release, xcr0 }) => {
    expect(stateOf(release, ['xsave', 'avx', 'avx512f'], 'nothing')).toEqual({ xcr0, xss: 0 });
  });

  it('whatever the words held before is gone', () => {
    const index = indexes[10];
    const set = everything(index);
    const xsave = index.features.get('xsave');
    if (xsave) set[xsave.lane] &= ~xsave.mask;
    enableXsaveComponents(index, xsaveComponents(index), set, everything(index));
    for (const key of ['d.0.EAX', 'd.0.EDX', 'd.1.ECX', 'd.1.EDX'])
      expect(set[index.layout.laneOfKey.get(key) ?? -1]).toBe(0);
  });
});

describe('componentName', () => {
  const index = indexes[7];
  const lane = index.layout.laneOfKey.get('d.0.EAX') ?? -1;

  it.each([
    { bit: 0, name: 'xsave' },
    { bit: 2, name: 'avx' },
    { bit: 3, name: 'mpx' },
    { bit: 4, name: 'mpx' },
    { bit: 7, name: 'avx512f' },
    { bit: 9, name: 'pku' },
    { bit: 8, name: null },
  ])('bit $bit of XCR0 goes under $name', ({ bit, name }) => {
    expect(componentName(xsaveComponents(index), lane, bit)).toBe(name);
  });

  it('supervisor state goes under no name', () => {
    const supervisor = index.layout.laneOfKey.get('d.1.ECX') ?? -1;
    expect(componentName(xsaveComponents(index), supervisor, 15)).toBeNull();
  });
});
