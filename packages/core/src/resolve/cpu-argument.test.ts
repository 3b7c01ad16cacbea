import { describe, expect, it } from 'vitest';
import { type AtlasError } from '../errors.ts';
import { parseCpuArgument, type CpuEdit } from './cpu-argument.ts';

const plus = (name: string, at: number): CpuEdit => ({ kind: 'plus', name, at });
const minus = (name: string, at: number): CpuEdit => ({ kind: 'minus', name, at });
const assign = (name: string, value: string, at: number): CpuEdit => ({ kind: 'assign', name, value, at });

describe('parseCpuArgument', () => {
  it.each([
    { name: 'a model alone', text: 'EPYC', model: 'EPYC', edits: [] },
    { name: 'a model with a trailing comma', text: 'EPYC,', model: 'EPYC', edits: [] },
    {
      name: 'signs and assignments in their order',
      text: 'EPYC,+avx,-sse,level=7',
      model: 'EPYC',
      edits: [plus('avx', 5), minus('sse', 10), assign('level', '7', 15)],
    },
    { name: 'a name alone is switched on', text: 'EPYC,check', model: 'EPYC', edits: [assign('check', 'on', 5)] },
    {
      name: 'empty parts are skipped and still count for the position',
      text: 'EPYC,,+avx',
      model: 'EPYC',
      edits: [plus('avx', 6)],
    },
    {
      name: 'underscores of an assignment become hyphens',
      text: 'EPYC,kvm_pv_eoi=on',
      model: 'EPYC',
      edits: [assign('kvm-pv-eoi', 'on', 5)],
    },
    { name: 'underscores after a sign stay', text: 'EPYC,+kvm_pv_eoi', model: 'EPYC', edits: [plus('kvm_pv_eoi', 5)] },
    {
      name: 'underscores of a value stay',
      text: 'EPYC,model-id=a_b',
      model: 'EPYC',
      edits: [assign('model-id', 'a_b', 5)],
    },
    {
      name: 'a value may hold an equals sign',
      text: 'EPYC,model-id=a=b',
      model: 'EPYC',
      edits: [assign('model-id', 'a=b', 5)],
    },
    { name: 'a value may be empty', text: 'EPYC,vendor=', model: 'EPYC', edits: [assign('vendor', '', 5)] },
    { name: 'two signs are a sign and a name', text: 'EPYC,--avx', model: 'EPYC', edits: [minus('-avx', 5)] },
    { name: 'an empty model is left to the catalog', text: ',+avx', model: '', edits: [plus('avx', 1)] },
    { name: 'a blank is part of a name', text: 'EPYC,+avx ', model: 'EPYC', edits: [plus('avx ', 5)] },
  ])('$name', ({ text, model, edits }) => {
    expect(parseCpuArgument(text)).toEqual({ model, edits });
  });

  it.each([
    { name: 'nothing', text: '' },
    { name: 'a sign without a name', text: 'EPYC,+' },
    { name: 'a minus without a name', text: 'EPYC,-,+avx' },
    { name: 'an assignment without a name', text: 'EPYC,=on' },
    { name: 'a control character', text: 'EPYC,+avx\n' },
    { name: 'a NUL', text: 'EPYC\0' },
    { name: 'more than 32 KiB', text: `EPYC,${'+avx,'.repeat(7000)}` },
  ])('refuses $name with its code', ({ text }) => {
    expect(() => parseCpuArgument(text)).toThrow(expect.objectContaining({ code: 'CPU_STRING_INVALID' }));
  });

  it('says where the fault is, counted from 1', () => {
    try {
      parseCpuArgument('EPYC,+avx,+');
      expect.unreachable();
    } catch (error) {
      expect((error as AtlasError).where).toBe('-cpu, character 11');
    }
  });
});
