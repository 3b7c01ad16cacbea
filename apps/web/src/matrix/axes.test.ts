import type { MachineType } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { compareMachines, differs, listMachineEntries, listModelEntries } from './axes.ts';
import type { MachineChoice, ModelChoice, ModelEntry } from './axes.ts';
import { drawMatrix } from './matrix-fixture.ts';

const columns = [['pc-q35-10.0', 'pc-i440fx-10.0', 'pc-q35-9.2'], ['pc-q35-2.4'], ['microvm']];
const matrix = drawMatrix(columns, [
  ['EPYC', 'AMD EPYC', 'r=EPYC-v1 r r=EPYC-v2'],
  ['EPYC-v1', 'AMD EPYC', 'r r r'],
  ['EPYC-v2', 'AMD EPYC', 'f1 f1 f1'],
  ['Nehalem', 'Intel Nehalem', 'f3 f4 f3'],
  ['qemu64', 'Generic', 'r r r'],
  ['qemu32-old', 'Generic', 'r r x'],
  ['kvm64', 'Generic', 'r - r'],
]);
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

describe('listModelEntries', () => {
  const list = (choice: Partial<ModelChoice>, shown: readonly number[] = [0, 1, 2]) =>
    listModelEntries(matrix, shown, {
      showDeprecated: false,
      onlyDiffering: false,
      found: null,
      hostVendor: null,
      folded: new Set(),
      ...choice,
    }).map(write);
  const write = (entry: ModelEntry) =>
    entry.kind === 'family'
      ? `${entry.isOpen ? '▾' : '▸'} ${entry.label} ${entry.models.length}`
      : `${entry.isNested ? '  ' : ''}${entry.label}${entry.aliases.map((alias) => ` = ${alias}`).join('')}`;

  it.each([
    [
      'families have a head when they have members; deprecated ones are hidden',
      {},
      ['▾ AMD EPYC 3', '  EPYC', '  EPYC-v1', '  EPYC-v2', 'Nehalem', '▾ Generic 2', '  qemu64', '  kvm64'],
    ],
    [
      'a folded family',
      { folded: new Set(['AMD EPYC']) },
      ['▸ AMD EPYC 3', 'Nehalem', '▾ Generic 2', '  qemu64', '  kvm64'],
    ],
    ['all folded', { folded: new Set(['*']) }, ['▸ AMD EPYC 3', 'Nehalem', '▸ Generic 2']],
    ['only what differs', { onlyDiffering: true }, ['Nehalem', 'kvm64']],
    [
      'only what differs, deprecated too',
      { onlyDiffering: true, showDeprecated: true },
      ['Nehalem', '▾ Generic 2', '  qemu32-old', '  kvm64'],
    ],
    [
      'families of the kind of the host come first',
      { hostVendor: 'GenuineIntel', folded: new Set(['*']) },
      ['Nehalem', '▸ AMD EPYC 3', '▸ Generic 2'],
    ],
    ['found by the search', { found: new Set([2, 3]) }, ['EPYC-v2', 'Nehalem']],
  ])('%s', (_name, choice, expected) => {
    expect(list(choice)).toEqual(expected);
  });

  it('folds an alias into its model where it stands for the same on all machine types shown', () => {
    expect(list({}, [0])).toContain('  EPYC-v1 = EPYC');
    expect(list({}, [0, 2])).toContain('  EPYC');
  });

  it('finds a model by its folded alias', () => {
    expect(list({ found: new Set([0]) }, [0])).toEqual(['EPYC-v1 = EPYC']);
  });
});

describe('differs', () => {
  it.each([
    ['another outcome', 6, [0, 1], true],
    ['another number of filtered features', 3, [0, 1], true],
    ['the same', 3, [0, 2], false],
    ['no column', 3, [], false],
  ])('%s', (_name, model, shown, expected) => {
    expect(differs(matrix, model, shown)).toBe(expected);
  });
});
