import type { BitView, RegisterView, RegistersView } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { findRegisters } from './find-registers.ts';

const bit = (name: string, presence: BitView['presence']): BitView => ({ bit: 0, name, description: '', presence });
const register = (key: string, title: string | null, bits: readonly BitView[]): RegisterView => ({
  ...{ key, kind: 'cpuid', leaf: 7, subleaf: 0, title, bits },
  values: ['0x00000000', '0x00000000'],
});
const view: RegistersView = {
  sources: [{ kind: 'cpu', cpus: '0' }, { kind: 'kvm-supported' }],
  registers: [
    register('7.0.EBX', 'structured features', [
      bit('avx2', ['present', 'present']),
      bit('hle', ['present', 'absent']),
      bit('rtm', ['present', 'unknown']),
    ]),
    register('4.0.EAX', null, []),
  ],
};

describe('finding registers', () => {
  it.each([
    ['nothing asked for: all', { search: '', onlyDiffering: false }, ['7.0.EBX: avx2 hle rtm', '4.0.EAX: ']],
    ['a feature: its register and it alone', { search: 'avx', onlyDiffering: false }, ['7.0.EBX: avx2']],
    ['a register by its key: all its bits', { search: '7.0.e', onlyDiffering: false }, ['7.0.EBX: avx2 hle rtm']],
    ['what it is about', { search: 'Structured', onlyDiffering: false }, ['7.0.EBX: avx2 hle rtm']],
    ['what differs; unknown is no difference', { search: '', onlyDiffering: true }, ['7.0.EBX: hle']],
    ['nothing of that name', { search: 'sgx', onlyDiffering: false }, []],
  ])('%s', (_, filter, expected) => {
    const found = findRegisters(view, filter);
    expect(found.map((one) => `${one.register.key}: ${one.bits.map(({ name }) => name).join(' ')}`)).toEqual(expected);
  });
});
