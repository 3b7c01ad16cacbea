import type { StabilityResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { listChangeRows, listMachineLines } from './change-rows.ts';
import { listNameRows } from './name-rows.ts';

const bit = { name: 'avx2', bit: 'CPUID.07H.0:EBX[5]' };
const nothing = { gained: [], lost: [], properties: [] };
const result: StabilityResult = {
  releases: ['7.2.0', '10.0.0', '11.1.0'],
  changes: [
    {
      ...nothing,
      ...{ accel: 'kvm', from: '7.2.0', to: '10.0.0', isPromised: false },
      cells: [{ model: 'EPYC', machines: ['microvm'] }],
    },
    {
      ...{ ...nothing, lost: [bit], accel: 'kvm', from: '10.0.0', to: '11.1.0', isPromised: true },
      cells: [
        { model: 'EPYC', machines: ['pc-q35-9.0', 'pc-q35-10.0'] },
        { model: 'Conroe', machines: ['pc-q35-10.0'] },
      ],
    },
    {
      ...{ ...nothing, lost: [bit], accel: 'tcg', from: '10.0.0', to: '11.1.0', isPromised: true },
      cells: [{ model: '486', machines: ['pc-q35-9.0'] }],
    },
  ],
  names: [
    { kind: 'machine-type', name: 'pc-q35-9.0', since: '10.0.0', deprecatedSince: null, removedIn: null },
    { kind: 'machine-type', name: 'pc-q35-2.4', since: null, deprecatedSince: '10.0.0', removedIn: '11.1.0' },
    { kind: 'cpu-model', name: 'EPYC-v10', since: '11.1.0', deprecatedSince: null, removedIn: null },
    { kind: 'cpu-model', name: 'EPYC-v9', since: '11.1.0', deprecatedSince: null, removedIn: null },
  ],
};
const all = { accel: 'kvm', step: '', search: '', showUnpromised: true } as const;

describe('definitions that changed', () => {
  it.each([
    ['of one accelerator, broken promises first', all, [true, false]],
    ['only promised ones', { ...all, showUnpromised: false }, [true]],
    ['of one step', { ...all, step: '7.2.0..10.0.0' }, [false]],
    ['by the feature that changed', { ...all, search: 'AVX2' }, [true]],
    ['by a machine type', { ...all, search: 'pc-q35-9.0' }, [true]],
    ['by a model that did not change', { ...all, search: 'Skylake' }, []],
  ])('%s', (_, filter, promised) => {
    expect(listChangeRows(result, filter).map(({ change }) => change.isPromised)).toEqual(promised);
  });

  it('folds machine types on which as many models changed', () => {
    const cells = [{ model: 'EPYC', machines: ['pc-q35-10.0', 'pc-q35-9.0'] }];
    const changes = result.changes.slice(1, 2).map((one) => ({ ...one, cells }));
    const { lines } = listMachineLines({ ...result, changes, names: [] }, all);
    expect(lines.map(({ machines }) => machines)).toEqual([['pc-q35-10.0', 'pc-q35-9.0']]);
  });

  it('counts models by machine type and step; a release without the machine type is no zero', () => {
    const { steps, lines } = listMachineLines(result, all);
    expect(steps).toEqual(['7.2.0..10.0.0', '10.0.0..11.1.0']);
    expect(lines).toEqual([
      { label: 'q35 10.0', machines: ['pc-q35-10.0'], changed: [0, 2] },
      { label: 'q35 9.0', machines: ['pc-q35-9.0'], changed: [null, 1] },
      { label: 'microvm', machines: ['microvm'], changed: [1, 0] },
    ]);
  });
});

describe('names, release by release', () => {
  it('says where each is there, deprecated or gone', () => {
    const rows = listNameRows(result, { kind: 'machine-type', fate: '', search: '' });
    expect(rows.map(({ history, states }) => [history.name, ...states])).toEqual([
      ['pc-q35-9.0', 'absent', 'there', 'there'],
      ['pc-q35-2.4', 'there', 'deprecated', 'absent'],
    ]);
  });

  it.each([
    ['what retires', { kind: '', fate: 'retiring', search: '' } as const, ['pc-q35-2.4']],
    [
      'what is new, numbers as numbers',
      { kind: 'cpu-model', fate: 'new', search: '' } as const,
      ['EPYC-v9', 'EPYC-v10'],
    ],
    ['what is searched for', { kind: '', fate: '', search: 'q35 2.4' } as const, ['pc-q35-2.4']],
  ])('%s', (_, filter, names) => {
    expect(listNameRows(result, filter).map(({ history }) => history.name)).toEqual(names);
  });
});
