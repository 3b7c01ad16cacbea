import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { setOfFeatures } from '../testing/hosts.ts';
import { unavailableNames, warningLines } from './warnings.ts';
import { xsaveComponents } from './xsave.ts';

const colon = shippedIndex('10.0.13');
const brackets = shippedIndex('11.1.3');

function bitsIn(index: CatalogIndex, key: string, ...bits: readonly number[]): Uint32Array {
  const set = new Uint32Array(index.layout.laneCount);
  const lane = index.layout.laneOfKey.get(key) ?? -1;
  for (const bit of bits) set[lane + (bit >> 5)] |= 1 << (bit & 31);
  return set;
}

// Source: QEMU 10.0.13 and 11.1.3 runs
describe('warningLines', () => {
  it.each([
    { name: 'a leaf without subleaf', index: colon, set: ['pni'], line: 'CPUID.01H:ECX.pni [bit 0]' },
    { name: 'the same in 11.1', index: brackets, set: ['pni'], line: 'CPUID[eax=01h].ECX.pni [bit 0]' },
    { name: 'a leaf with subleaf 0', index: colon, set: ['mpx'], line: 'CPUID.07H:EBX.mpx [bit 14]' },
    { name: 'the same in 11.1', index: brackets, set: ['mpx'], line: 'CPUID[eax=07h,ecx=00h].EBX.mpx [bit 14]' },
    { name: 'a leaf with subleaf 1', index: colon, set: ['fzrm'], line: 'CPUID.07H:EAX.fzrm [bit 10]' },
    { name: 'the same in 11.1', index: brackets, set: ['fzrm'], line: 'CPUID[eax=07h,ecx=01h].EAX.fzrm [bit 10]' },
    { name: 'an extended leaf', index: colon, set: ['npt'], line: 'CPUID.8000000AH:EDX.npt [bit 0]' },
    { name: 'the same in 11.1', index: brackets, set: ['npt'], line: 'CPUID[eax=8000000Ah].EDX.npt [bit 0]' },
    { name: 'an MSR', index: colon, set: ['vmx-hlt-exit'], line: 'MSR(48EH).vmx-hlt-exit [bit 7]' },
    { name: 'the same in 11.1', index: brackets, set: ['vmx-hlt-exit'], line: 'MSR(48Eh).vmx-hlt-exit [bit 7]' },
    { name: 'an upper half', index: colon, set: ['vmx-invvpid'], line: 'MSR(48CH).vmx-invvpid [bit 32]' },
    { name: 'bit 31', index: colon, set: ['hypervisor'], line: 'CPUID.01H:ECX.hypervisor [bit 31]' },
  ])('$name: $line', ({ index, set, line }) => {
    expect(warningLines(index, 'missing', setOfFeatures(index, set))).toEqual([`warning: missing: ${line}`]);
  });

  it('writes a nameless bit without a name', () => {
    expect(warningLines(colon, 'missing', bitsIn(colon, 'msr.345', 0, 2))).toEqual([
      'warning: missing: MSR(345H) [bit 0]',
      'warning: missing: MSR(345H) [bit 2]',
    ]);
  });

  it('goes by word, then by bit, and both halves of an MSR in turn', () => {
    const set = setOfFeatures(colon, ['vmx-invept-single-context', 'avx2', 'sse', 'xsave', 'fpu']);
    expect(warningLines(colon, 'missing', set).map((line) => line.replace('warning: missing: ', ''))).toEqual([
      ...[
        'CPUID.01H:EDX.fpu [bit 0]',
        'CPUID.01H:EDX.sse [bit 25]',
        'CPUID.01H:ECX.xsave [bit 26]',
        'CPUID.07H:EBX.avx2 [bit 5]',
      ],
      ...['MSR(48CH).vmx-invept-single-context [bit 25]', 'MSR(48CH).vmx-invept-single-context [bit 41]'],
    ]);
  });

  it('says nothing of nothing', () => {
    expect(warningLines(colon, 'missing', colon.nothing)).toEqual([]);
  });
});

describe('unavailableNames', () => {
  const names = (index: CatalogIndex, set: Uint32Array): string[] =>
    unavailableNames(index, xsaveComponents(index), set);

  it.each([
    {
      name: 'by word, then by bit',
      set: setOfFeatures(colon, ['avx2', 'sse', 'vmx-ept', 'fpu']),
      is: ['fpu', 'sse', 'avx2', 'vmx-ept'],
    },
    { name: 'a feature of two bits twice', set: setOfFeatures(colon, ['kvmclock']), is: ['kvmclock', 'kvmclock'] },
    {
      name: 'a component of XCR0 under its feature',
      set: bitsIn(colon, 'd.0.EAX', 2, 3, 4, 9),
      is: ['avx', 'mpx', 'mpx', 'pku'],
    },
    { name: 'a nameless bit as an empty name', set: bitsIn(colon, 'msr.345', 0, 13), is: ['', 'full-width-write'] },
    { name: 'nothing', set: colon.nothing, is: [] },
  ])('$name', ({ set, is }) => {
    expect(names(colon, set)).toEqual(is);
  });
});
