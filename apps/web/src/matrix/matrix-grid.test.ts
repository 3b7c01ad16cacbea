import type { MachineType } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { listMachineEntries } from './machine-axis.ts';
import { listModelEntries } from './model-axis.ts';
import { buildMatrixGrid, tallyPicture } from './matrix-grid.ts';
import type { MatrixPicture } from './matrix-grid.ts';
import { drawMatrix } from './matrix-fixture.ts';

const matrix = drawMatrix(
  [['pc-q35-10.0', 'pc-q35-9.2'], ['microvm']],
  [
    ['EPYC-v1', 'AMD EPYC', 'r f2'],
    ['EPYC-v2', 'AMD EPYC', 'f1 x'],
    ['n270', 'Intel Atom', '? -'],
  ],
);
const machines = ['pc-q35-10.0', 'pc-q35-9.2', 'microvm'].map((name): MachineType => ({
  name,
  deprecated: false,
  isDefault: false,
}));

function draw(change: Partial<MatrixPicture> = {}, folded: readonly string[] = []): MatrixPicture {
  return {
    matrix,
    models: listModelEntries(matrix, [0, 1], {
      showDeprecated: false,
      onlyDiffering: false,
      found: null,
      hostVendor: null,
      folded: new Set(folded),
    }),
    machines: listMachineEntries(matrix, { machines, only: '', showDeprecated: false, unfolded: new Set() }),
    isTransposed: false,
    proofOf: () => null,
    highlighted: null,
    feature: null,
    notes: null,
    ...change,
  };
}

describe('buildMatrixGrid', () => {
  it('counts n of N over machine types, not over columns', () => {
    const grid = buildMatrixGrid(draw());
    expect(grid.rows.map(({ label }) => label)).toEqual(['AMD EPYC', 'EPYC-v1', 'EPYC-v2', 'n270']);
    expect(grid.rows.map((_, row) => grid.share(row))).toEqual([
      { runs: 2, of: 6 },
      { runs: 2, of: 3 },
      { runs: 0, of: 3 },
      { runs: 0, of: 2 },
    ]);
  });

  it('sums a family up', () => {
    const grid = buildMatrixGrid(draw({}, ['*']));
    expect(grid.cell(0, 0)).toEqual({
      kind: 'tally',
      tally: { runs: 1, filtered: 1, refused: 0, unknown: 0, 'not-offered': 0 },
    });
  });

  it('transposes cells, heads and shares', () => {
    const grid = buildMatrixGrid(draw({ isTransposed: true }));
    expect(grid.rows.map(({ label }) => label)).toEqual(['9.2, 10.0', 'microvm']);
    expect(grid.cell(1, 2)).toMatchObject({ kind: 'outcome', outcome: 'refused' });
    expect(grid.share(1)).toEqual({ runs: 0, of: 2 });
  });

  it('fades cells that do not filter the feature one searches for', () => {
    const grid = buildMatrixGrid(draw({ highlighted: Uint8Array.from([0, 1, 0, 0, 0, 0]) }));
    expect(grid.cell(1, 0)).toMatchObject({ isFaded: true });
    expect(grid.cell(1, 1)).toMatchObject({ isFaded: false });
  });

  it.each([
    ['a cell', 1, 1, 'EPYC-v1 on microvm: starts with 2 features of 10 filtered'],
    [
      'a cell that runs',
      1,
      0,
      'EPYC-v1 on q35 9.2, 10.0 (2 machine types with equal outcomes): runs as defined, all 10 features',
    ],
    ['a family', 0, 1, 'AMD EPYC on microvm: 0 of 2 models run as defined'],
    ['a row head', 2, -1, 'EPYC-v2'],
    ['a column head', -1, 0, 'q35 9.2, 10.0 (2 machine types with equal outcomes)'],
  ])('says in words what %s is', (_name, row, column, expected) => {
    expect(buildMatrixGrid(draw()).describe(row, column)).toBe(expected);
  });
});

describe('tallyPicture', () => {
  it('counts folded cells too', () => {
    const expected = { runs: 2, filtered: 3, refused: 1, unknown: 2, 'not-offered': 1 };
    expect(tallyPicture(draw())).toEqual(expected);
    expect(tallyPicture(draw({}, ['*']))).toEqual(expected);
  });
});
