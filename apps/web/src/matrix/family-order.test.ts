import { describe, expect, it } from 'vitest';
import { orderFamilies } from './family-order.ts';
import { drawMatrix } from './matrix-fixture.ts';

const matrix = drawMatrix(
  [['pc-q35-10.0'], ['microvm']],
  [
    ['486', 'Intel 486', 'r:5 r:6'],
    ['Nehalem', 'Intel Nehalem', 'r:40 r:40'],
    ['athlon', 'AMD Athlon', 'r:30 r:30'],
    ['EPYC-v1', 'AMD EPYC', 'r:70 r:70'],
    ['EPYC-v2', 'AMD EPYC', 'r:90 r:75'],
    ['host', 'QEMU host', 'r:95 -:0'],
  ],
);

describe('orderFamilies', () => {
  it.each([
    ['an AMD host', 'AuthenticAMD', ['AMD EPYC', 'AMD Athlon', 'QEMU host', 'Intel Nehalem', 'Intel 486']],
    ['an Intel host', 'GenuineIntel', ['Intel Nehalem', 'Intel 486', 'QEMU host', 'AMD EPYC', 'AMD Athlon']],
    ['a host that is not known', null, ['QEMU host', 'AMD EPYC', 'AMD Athlon', 'Intel Nehalem', 'Intel 486']],
  ])('%s', (_name, vendor, expected) => {
    expect(orderFamilies(matrix, vendor)).toEqual(expected);
  });
});
