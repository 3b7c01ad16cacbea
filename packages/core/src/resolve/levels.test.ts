import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { setOfFeatures } from '../testing/hosts.ts';
import { raisedLevels } from './levels.ts';

const indexes = { old: shippedIndex('7.2.22'), middle: shippedIndex('10.0.13'), new: shippedIndex('11.1.3') };

// Source: QEMU 7.2.22, 10.0.13 and 11.1.3, level, xlevel and xlevel2 of `base` with these features
describe('raisedLevels', () => {
  it.each([
    { name: 'nothing raises nothing', features: [], levels: [0, 0, 0] },
    { name: 'leaf 1 raises to leaf 1', features: ['sse'], levels: [1, 0, 0] },
    { name: 'leaf 7', features: ['avx2'], levels: [7, 0, 0] },
    { name: 'leaf 7, third register raises nothing', features: ['spec-ctrl'], levels: [0, 0, 0] },
    { name: 'leaf 6', features: ['arat'], levels: [6, 0, 0] },
    { name: 'leaf 0DH', features: ['xsavec'], levels: [0xd, 0, 0] },
    { name: 'intel-pt', features: ['intel-pt'], levels: [0x14, 0, 0] },
    { name: 'what describes intel-pt raises nothing', features: ['intel-pt-lip'], levels: [0, 0, 0] },
    { name: 'sgx', features: ['sgx'], levels: [0x12, 0, 0] },
    { name: 'what describes SGX raises nothing', features: ['sgx1', 'sgx-kss'], levels: [0, 0, 0] },
    { name: 'the extended leaves', features: ['lm', 'invtsc', 'clzero'], levels: [0, 0x80000008, 0] },
    { name: 'svm raises to the SVM leaf', features: ['svm'], levels: [0, 0x8000000a, 0] },
    { name: 'so does its word', features: ['npt'], levels: [0, 0x8000000a, 0] },
    { name: 'Centaur', features: ['phe'], levels: [0, 0, 0xc0000001] },
    { name: 'KVM leaves are of no range', features: ['kvmclock'], levels: [0, 0, 0] },
    { name: 'MSR words raise nothing', features: ['rdctl-no', 'vmx-ept'], levels: [0, 0, 0] },
  ])('$name', ({ features, levels }) => {
    const { level, xlevel, xlevel2 } = raisedLevels(indexes.old, setOfFeatures(indexes.old, features), {});
    expect([level, xlevel, xlevel2]).toEqual(levels);
  });

  it.each([
    { name: 'avx10', features: ['avx10'], levels: [0x24, 0, 0] },
    { name: 'its widths raise nothing', features: ['avx10-512'], levels: [0, 0, 0] },
    { name: 'apxf', features: ['apxf'], levels: [0x29, 0, 0] },
    { name: 'copies of AMX features raise nothing', features: ['amx-complex-alias'], levels: [0, 0, 0] },
    { name: 'leaf 80000021H', features: ['null-sel-clr-base'], levels: [0, 0x80000021, 0] },
  ])('11.1: $name', ({ features, levels }) => {
    const { level, xlevel, xlevel2 } = raisedLevels(indexes.new, setOfFeatures(indexes.new, features), {});
    expect([level, xlevel, xlevel2]).toEqual(levels);
  });

  it('without full-cpuid-auto-level only the first register of leaf 7 raises', () => {
    const set = setOfFeatures(indexes.middle, ['avx2', 'intel-pt', 'svm', 'xsavec']);
    expect(raisedLevels(indexes.middle, set, { 'full-cpuid-auto-level': false })).toMatchObject({
      level: 7,
      xlevel: 0,
    });
  });

  it('without x-intel-pt-auto-level intel-pt does not', () => {
    const set = setOfFeatures(indexes.middle, ['intel-pt']);
    expect(raisedLevels(indexes.middle, set, { 'x-intel-pt-auto-level': false }).level).toBe(7);
  });

  it('tells what raised what, in the order of the words', () => {
    const set = setOfFeatures(indexes.middle, ['avx2', 'xsavec', 'intel-pt', 'svm', 'lm']);
    expect(raisedLevels(indexes.middle, set, {}).raises).toEqual([
      { level: 'level', to: 7, because: '7.0.EBX' },
      { level: 'xlevel', to: 0x80000001, because: '80000001.EDX' },
      { level: 'level', to: 0xd, because: 'd.1.EAX' },
      { level: 'level', to: 0x14, because: 'intel-pt' },
      { level: 'xlevel', to: 0x8000000a, because: 'svm' },
    ]);
  });

  it('80000021H raises nothing before 8.1', () => {
    const standIn = shippedIndex('10.0.13', '8.0.5');
    expect(raisedLevels(standIn, setOfFeatures(standIn, ['null-sel-clr-base']), {}).xlevel).toBe(0);
  });
});
