import type { MachineType } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { compareMachines, listMachineEntries } from './machine-axis.ts';
import type { MachineChoice } from './machine-axis.ts';
import { drawMatrix } from './matrix-fixture.ts';

const columns = [['pc-q35-10.0', 'pc-i440fx-10.0', 'pc-q35-9.2'], ['pc-q35-2.4'], ['microvm']];
const matrix = drawMatrix(columns, [['qemu64', 'Generic', 'r f1 f2']]);
const machine = (name: string, change: Partial<MachineType> = {}): MachineType => ({
  name,
  deprecated: false,
  isDefault: false,
  ...change,
});
const machines = [
  machine('pc-q35-10.0', { alias: 'q35' }),
  machine('pc-i440fx-10.0', { alias: 'pc' }),
  machine('pc-q35-9.2'),
  machine('pc-q35-2.4', { deprecated: true }),
  machine('microvm'),
];

describe('listMachineEntries', () => {
  const list = (choice: Partial<MachineChoice>) =>
    listMachineEntries(matrix, { machines, only: '', showDeprecated: false, unfolded: new Set(), ...choice });

  it.each([
    [
      'equal machine types are one column; deprecated ones are hidden',
      {},
      ['pc-q35-10.0 closed 3', 'microvm single 1'],
    ],
    [
      'deprecated ones come when asked for',
      { showDeprecated: true },
      ['pc-q35-10.0 closed 3', 'pc-q35-2.4 single 1', 'microvm single 1'],
    ],
    ['a family', { only: 'q35' }, ['pc-q35-10.0 closed 2']],
    ['one machine type, even a deprecated one', { only: 'pc-q35-2.4' }, ['pc-q35-2.4 single 1']],
    ['an alias', { only: 'pc' }, ['pc-i440fx-10.0 single 1']],
    [
      'an unfolded column shows its machine types one by one',
      { unfolded: new Set(['pc-q35-9.2']) },
      ['pc-q35-10.0 open 1', 'pc-i440fx-10.0 member 1', 'pc-q35-9.2 member 1', 'microvm single 1'],
    ],
    ['a family that is not there', { only: 'virt' }, []],
  ])('%s', (_name, choice, expected) => {
    expect(list(choice).map(({ key, fold, machines: names }) => `${key} ${fold} ${names.length}`)).toEqual(expected);
  });

  it('puts machine types without a version last, whatever the order of the matrix', () => {
    const odd = drawMatrix([['isapc'], ['pc-q35-9.2'], ['pc-q35-10.0']], [['qemu64', 'Generic', 'r f1 f2']]);
    const all = ['isapc', 'pc-q35-9.2', 'pc-q35-10.0'].map((name) => machine(name));
    const entries = listMachineEntries(odd, { machines: all, only: '', showDeprecated: false, unfolded: new Set() });
    expect(entries.map(({ key }) => key)).toEqual(['pc-q35-10.0', 'pc-q35-9.2', 'isapc']);
  });
});

describe('compareMachines', () => {
  it('sorts versions as numbers, newest first', () => {
    const sorted = ['pc-q35-9.2', 'isapc', 'pc-i440fx-10.0', 'pc-q35-2.12', 'pc-q35-10.0', 'pc-q35-2.4'].sort(
      compareMachines,
    );
    expect(sorted).toEqual(['pc-q35-10.0', 'pc-i440fx-10.0', 'pc-q35-9.2', 'pc-q35-2.12', 'pc-q35-2.4', 'isapc']);
  });
});
