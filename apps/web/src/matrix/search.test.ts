import { describe, expect, it } from 'vitest';
import { readSearch } from './search.ts';

const index = {
  models: [
    { name: 'EPYC-Milan-v1', family: 'AMD EPYC' },
    { name: 'Skylake-Server-v4', family: 'Intel Skylake' },
    { name: 'Skylake-Client', family: 'Intel Skylake' },
  ],
  features: ['avx', 'avx2', 'avx512f', 'sse4.1', 'vaes', 'kvm-pv-eoi'],
  aliases: { 'sse4-1': 'sse4.1', sse4_1: 'sse4.1', kvm_pv_eoi: 'kvm-pv-eoi' },
};
const read = (text: string) => {
  const { models, feature, suggestions } = readSearch(text, index);
  return { models: models === null ? null : [...models], feature, suggestions };
};

describe('readSearch', () => {
  it.each([
    ['nothing', '  ', { models: null, feature: null, suggestions: [] }],
    ['part of a name, in any case', 'milan', { models: [0], feature: null, suggestions: [] }],
    ['a family', 'intel', { models: [1, 2], feature: null, suggestions: [] }],
    ['every word counts', 'sky server', { models: [1], feature: null, suggestions: [] }],
    ['a feature', 'vaes', { models: [], feature: 'vaes', suggestions: [] }],
    ['a feature as written on a command line', '+vaes', { models: [], feature: 'vaes', suggestions: [] }],
    ['an alias of a feature', 'SSE4_1', { models: [], feature: 'sse4.1', suggestions: [] }],
    ['underscores for hyphens', 'kvm_pv_eoi', { models: [], feature: 'kvm-pv-eoi', suggestions: [] }],
    ['a feature that begins others', 'avx', { models: [], feature: 'avx', suggestions: ['avx2', 'avx512f'] }],
    ['the beginning of features', 'avx5', { models: [], feature: null, suggestions: ['avx512f'] }],
    ['one letter suggests nothing', 'a', { models: [0, 1, 2], feature: null, suggestions: [] }],
    ['a name of every object is no feature', 'constructor', { models: [], feature: null, suggestions: [] }],
  ])('%s', (_name, text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});
