import { describe, expect, it } from 'vitest';
import {
  dependencyRecords,
  featureAt,
  featureRecords,
  findFeature,
  findFeatureBits,
  wordKeyOf,
  wordRecords,
} from './feature-table.ts';

describe('findFeature', () => {
  it.each([
    ['a QEMU name', 'avx2', '7.0.EBX', 5],
    ['a name with a dot', 'sse4.1', '1.ECX', 19],
    ['its alias with a hyphen', 'sse4-1', '1.ECX', 19],
    ['its alias with an underscore', 'sse4_1', '1.ECX', 19],
    ['an alias of another word', 'xd', '80000001.EDX', 20],
    ['the alias of long mode', 'i64', '80000001.EDX', 29],
    ['an underscore for a hyphen', 'kvm_pv_eoi', '40000001.EAX', 6],
    ['an underscore that QEMU itself refuses', 'md_clear', '7.0.EDX', 10],
    ['an MSR bit', 'mds-no', 'msr.10a', 5],
    ['a VMX capability', 'vmx-ept', 'msr.48b', 1],
    ['a bit beyond 32', 'its-no', 'msr.10a', 62],
  ])('finds %s: %s', (_what, name, word, bit) => {
    expect(findFeature(name)).toMatchObject({ word, bit });
  });

  it.each(['', 'nope', 'AVX2', 'level', 'vmx-ept '])('finds nothing for %j', (name) => {
    expect(findFeature(name)).toBeUndefined();
  });

  it.each([
    ['kvmclock', '40000001.EAX', [0, 3]],
    ['vmx-invept-single-context', 'msr.48c', [25, 41]],
  ])('%s stands for two bits', (name, word, bits) => {
    expect(findFeatureBits(name).map((record) => [record.word, record.bit])).toEqual(bits.map((bit) => [word, bit]));
  });
});

describe('featureAt', () => {
  it.each([
    ['1.ECX', 0, { name: 'pni', linux: 'pni', libvirt: 'pni', aliases: ['sse3'] }],
    ['1.ECX', 1, { name: 'pclmulqdq', libvirt: 'pclmuldq' }],
    ['1.ECX', 24, { name: 'tsc-deadline', linux: 'tsc_deadline_timer' }],
    ['80000007.EDX', 8, { name: 'invtsc', migratable: false, autoenabled: true }],
    ['80000001.ECX', 22, { name: 'topoext', migratable: true, autoenabled: false }],
    ['7.0.EDX', 10, { name: 'md-clear', pool: 'accumulate' }],
    ['msr.10a', 5, { name: 'mds-no', pool: 'intersect', linux: null }],
    ['d.0.EAX', 2, { name: null, component: 'AVX state', followsFeatures: ['avx'], linux: null, libvirt: null }],
    ['80000001.EDX', 0, { name: null, followsFeatures: ['fpu'] }],
    ['8000000a.EDX', 17, { name: 'gmet', since: '11.1' }],
  ])('knows %s bit %i', (word, bit, expected) => {
    expect(featureAt(word, bit)).toMatchObject(expected);
  });

  it.each([
    ['1.EDX', 10],
    ['1.EDX', 32],
    ['nope', 0],
  ])('knows nothing of %s bit %i', (word, bit) => {
    expect(featureAt(word, bit)).toBeUndefined();
  });

  it('tells what QEMU enforces from what only the manual says', () => {
    expect(featureAt('msr.48b', 7)?.requires).toContainEqual(
      expect.objectContaining({ feature: 'vmx-ept', enforcedBy: 'qemu', since: null }),
    );
    expect(featureAt('7.0.EBX', 16)?.requires).toContainEqual(
      expect.objectContaining({ feature: 'xsave', enforcedBy: 'architecture' }),
    );
  });
});

describe('wordKeyOf', () => {
  it('writes the key of every word back', () => {
    expect(wordRecords().map((word) => wordKeyOf(word.spec))).toEqual(wordRecords().map((word) => word.key));
  });

  it.each([
    ['a leaf without subleaf', { kind: 'cpuid', leaf: 0x80000001, subleaf: null, register: 'ECX' }, '80000001.ECX'],
    ['subleaf 0', { kind: 'cpuid', leaf: 7, subleaf: 0, register: 'EBX' }, '7.0.EBX'],
    ['a leaf with letters', { kind: 'cpuid', leaf: 0xd, subleaf: 1, register: 'EAX' }, 'd.1.EAX'],
    ['an MSR', { kind: 'msr', index: 0x10a }, 'msr.10a'],
  ] as const)('names %s', (_what, spec, key) => {
    expect(wordKeyOf(spec)).toBe(key);
  });
});

describe('the table', () => {
  it('has a description of at most 110 characters for every bit', () => {
    const bad = featureRecords().filter((r) => r.description.length < 10 || r.description.length > 110);
    expect(bad.map((r) => r.name)).toEqual([]);
  });

  it('describes no two bits in the same words', () => {
    const seen = new Map<string, number>();
    for (const { description } of featureRecords()) seen.set(description, (seen.get(description) ?? 0) + 1);
    expect([...seen].filter(([, count]) => count > 1)).toEqual([]);
  });

  it('goes by word in the order of the words, then by bit', () => {
    const order = new Map(wordRecords().map((word, index) => [word.key, index]));
    const places = featureRecords().map((r) => (order.get(r.word) ?? -1) * 64 + r.bit);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('holds the dependencies in the order in which a chain needs them', () => {
    const at = (missing: string, word: string): number =>
      dependencyRecords().findIndex((rule) => rule.whenMissing.includes(missing) && rule.word === word);
    expect(at('vmx', 'msr.48e')).toBeLessThan(at('vmx-secondary-ctls', 'msr.48b'));
    expect(at('vmx-secondary-ctls', 'msr.48b')).toBeLessThan(at('vmx-ept', 'msr.48c'));
    expect(at('lkgs', '7.1.EAX')).toBeLessThan(at('fred', 'msr.490'));
  });

  it('clears whole words, and halves of an MSR', () => {
    const masks = dependencyRecords().map((rule) => [rule.whenMissing[0], rule.word, rule.mask] as const);
    expect(masks).toContainEqual(['svm', '8000000a.EDX', 0xffff_ffff_ffff_ffffn]);
    expect(masks).toContainEqual(['vmx-vpid', 'msr.48c', 0xffff_ffff_0000_0000n]);
  });
});
