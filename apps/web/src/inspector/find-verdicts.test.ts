import type { FeatureVerdict } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { findVerdicts } from './find-verdicts.ts';

const features = ['vaes', 'aes', 'avx2', 'kvm-pv-eoi'].map((name): FeatureVerdict => ({
  name,
  bit: '',
  state: 'enabled',
  requested: true,
  supported: 'yes',
}));

describe('findVerdicts', () => {
  it.each([
    ['nothing typed', ' ', null],
    ['the beginning of a name comes first', 'aes', ['aes', 'vaes']],
    ['as written on a command line', '+AVX2', ['avx2']],
    ['with underscores', 'kvm_pv', ['kvm-pv-eoi']],
    ['none', 'xyz', []],
  ])('%s', (_name, text, expected) => {
    expect(findVerdicts(features, text)?.map(({ name }) => name) ?? null).toEqual(expected);
  });
});
