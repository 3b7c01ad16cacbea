import type { MachineType } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { listMachineEntries } from '../matrix/machine-axis.ts';
import { listModelEntries } from '../matrix/model-axis.ts';
import { drawMatrix } from '../matrix/matrix-fixture.ts';
import type { MatrixPicture } from '../matrix/matrix-grid.ts';
import { initialState } from '../navigation/route.ts';
import { cellAt, findChosen, nameCell, toggleColumn, toggleFamily } from './matrix-actions.ts';

const matrix = drawMatrix(
  [['pc-q35-10.0', 'pc-q35-9.2'], ['microvm']],
  [
    ['EPYC-v1', 'AMD EPYC', 'r f2'],
    ['EPYC-v2', 'AMD EPYC', 'f1 x'],
    ['kvm64', 'Generic', 'r r'],
    ['qemu64', 'Generic', 'r r'],
  ],
);
const machines = ['pc-q35-10.0', 'pc-q35-9.2', 'microvm'].map((name): MachineType => ({
  name,
  deprecated: false,
  isDefault: false,
}));

function draw(folded: readonly string[], unfolded: readonly string[] = [], isTransposed = false): MatrixPicture {
  return {
    matrix,
    models: listModelEntries(matrix, [0, 1], {
      showDeprecated: false,
      onlyDiffering: false,
      found: null,
      hostVendor: null,
      folded: new Set(folded),
    }),
    machines: listMachineEntries(matrix, { machines, only: '', showDeprecated: false, unfolded: new Set(unfolded) }),
    isTransposed,
    proofOf: () => null,
    highlighted: null,
    feature: null,
    notes: null,
  };
}
const state = (folded: readonly string[], unfolded: readonly string[] = []) => ({
  ...initialState('matrix'),
  folded,
  unfolded,
});

describe('toggleFamily', () => {
  it.each([
    ['folds an open family', [], 0, ['AMD EPYC']],
    ['unfolds a folded one', ['AMD EPYC'], 0, []],
    ['unfolds one when all are folded', ['*'], 1, ['AMD EPYC']],
  ])('%s', (_name, folded, index, expected) => {
    expect(toggleFamily(draw(folded), state(folded), index)).toEqual({ folded: expected });
  });

  it('does nothing on a model', () => {
    expect(toggleFamily(draw([]), state([]), 1)).toEqual({});
  });
});

describe('toggleColumn', () => {
  it.each([
    ['unfolds machine types', [], 0, ['pc-q35-10.0']],
    ['folds them again, by the first', ['pc-q35-10.0'], 0, []],
    ['folds them again, by another', ['pc-q35-9.2'], 1, []],
  ])('%s', (_name, unfolded, index, expected) => {
    expect(toggleColumn(draw([], unfolded), state([], unfolded), index)).toEqual({ unfolded: expected });
  });
});

describe('findChosen', () => {
  const cell = { model: 'EPYC-v2', machine: 'pc-q35-9.2' };

  it.each([
    ['a cell of a folded column', draw([]), { row: 2, column: 0 }],
    ['a cell of an unfolded column', draw([], ['pc-q35-10.0']), { row: 2, column: 1 }],
    ['a transposed cell', draw([], [], true), { row: 0, column: 2 }],
    ['a cell in a folded family is not on the screen', draw(['*']), null],
  ])('%s', (_name, picture, expected) => {
    expect(findChosen(picture, cell)).toEqual(expected);
  });
});

describe('cellAt', () => {
  it.each([
    [
      'a cell, by the newest machine type of its column',
      draw([]),
      { row: 2, column: 0 },
      { model: 'EPYC-v2', machine: 'pc-q35-10.0' },
    ],
    ['a transposed cell', draw([], [], true), { row: 1, column: 2 }, { model: 'EPYC-v2', machine: 'microvm' }],
    ['a family is no cell', draw([]), { row: 0, column: 0 }, null],
  ])('%s', (_name, picture, place, expected) => {
    expect(cellAt(picture, place)).toEqual(expected);
  });
});

describe('nameCell', () => {
  const catalog = {
    machines: [{ ...machines[0], name: 'pc-q35-10.0', alias: 'q35', deprecated: false, isDefault: false }],
  };

  it.each([
    ['an alias', { model: 'EPYC', machine: 'q35' }, { model: 'EPYC', machine: 'pc-q35-10.0' }],
    ['a name', { model: 'EPYC', machine: 'pc-q35-10.0' }, { model: 'EPYC', machine: 'pc-q35-10.0' }],
    ['no cell', null, null],
  ])('%s', (_name, cell, expected) => {
    expect(nameCell(catalog, cell)).toEqual(expected);
  });
});
