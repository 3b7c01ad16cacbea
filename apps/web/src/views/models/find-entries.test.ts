import type { GuestCpuidEntryDocument } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { findEntries, keyOfEntry } from './find-entries.ts';

const zero = '0x00000000';
const entry = (change: Partial<GuestCpuidEntryDocument>): GuestCpuidEntryDocument => ({
  ...{ leaf: zero, subleaf: 0, flags: 0, eax: zero, ebx: zero, ecx: zero, edx: zero },
  ...{ fields: [], features: [], unknownFeatures: [] },
  ...change,
});
const entries = [
  entry({ leaf: '0x80000008', eax: '0x00003028' }),
  entry({ leaf: '0x00000004', subleaf: 1, flags: 1 }),
  entry({
    leaf: '0x00000004',
    subleaf: 0,
    flags: 1,
    fields: [{ register: 'eax', bits: '7:5', name: 'cache level', value: '1' }],
  }),
  entry({ leaf: '0x00000007', flags: 1, features: ['avx2'] }),
];

describe('a search in the CPUID of a guest', () => {
  it('names a subleaf only where it means something', () => {
    expect(entries.map(keyOfEntry)).toEqual(['0x80000008', '0x00000004.1', '0x00000004.0', '0x00000007.0']);
  });

  it.each([
    ['nothing, in the order of the leaves', '', ['0x00000004.0', '0x00000004.1', '0x00000007.0', '0x80000008']],
    ['a feature', 'AVX2', ['0x00000007.0']],
    ['a field', 'cache level', ['0x00000004.0']],
    ['a leaf', '0x80000008', ['0x80000008']],
    ['the value of a register', '0x00003028', ['0x80000008']],
    ['what is not there', 'sgx', []],
  ])('for %s', (_, search, keys) => {
    expect(findEntries(entries, search).map(({ key }) => key)).toEqual(keys);
  });
});
