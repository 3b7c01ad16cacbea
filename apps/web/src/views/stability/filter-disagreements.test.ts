import type { Disagreement } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { filterDisagreements } from './filter-disagreements.ts';

const svm = { name: 'svm', bit: 'CPUID.80000001H:ECX[2]' };
const arat = { name: 'arat', bit: 'CPUID.06H:EAX[2]' };
const rows: readonly Disagreement[] = [
  { model: 'EPYC', machines: ['pc-q35-10.0'], onlyLibvirt: [svm], onlyQemu: [] },
  { model: 'Broadwell', machines: ['pc-q35-10.0'], onlyLibvirt: [], onlyQemu: [arat] },
];

describe('disagreements of libvirt and QEMU', () => {
  it.each([
    ['all', { search: '', bit: '' }, ['EPYC', 'Broadwell']],
    ['of a model', { search: 'epy', bit: '' }, ['EPYC']],
    ['over a feature', { search: 'arat', bit: '' }, ['Broadwell']],
    ['over one bit that libvirt alone gives', { search: '', bit: `libvirt ${svm.bit}` }, ['EPYC']],
    ['over the same bit, given by QEMU alone', { search: '', bit: `qemu ${svm.bit}` }, []],
  ])('%s', (_, filter, models) => {
    expect(filterDisagreements(rows, filter).map(({ model }) => model)).toEqual(models);
  });
});
