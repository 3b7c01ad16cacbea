import type { Cube, CubeSheet } from '@cpu-atlas/core';
import { notOfferedClass } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { soleOutcome } from './lay-pivot.ts';
import type { PivotChoice } from './lay-pivot.ts';
import { buildPivotGrid } from './pivot-grid.ts';
import { drawPivot, tallyPicture } from './pivot-picture.ts';

/** Two classes of cells, two columns of hosts: class 0 runs on both, class 1 loses 3 features on the second. */
const sheet: CubeSheet = {
  qemu: { version: '10.0.0', package: '', catalog: 'sha256:x', runsAs: null },
  models: [
    { name: 'EPYC', family: 'AMD EPYC', vendor: 'AMD', deprecated: false, asks: 30 },
    { name: 'EPYC-v1', family: 'AMD EPYC', vendor: 'AMD', deprecated: false, asks: 30 },
    { name: 'EPYC-v2', family: 'AMD EPYC', vendor: 'AMD', deprecated: false, asks: 30 },
    { name: 'Opteron_G1', family: 'AMD Opteron', vendor: 'AMD', deprecated: true, asks: 10 },
  ],
  machines: [
    { machines: ['pc-q35-10.0', 'pc-q35-9.2'], aliases: ['q35'], deprecated: false },
    { machines: ['isapc'], aliases: [], deprecated: false },
  ],
  features: ['sse', 'avx2'],
  classCount: 2,
  columnCount: 2,
  classOf: Uint16Array.from([0, notOfferedClass, 0, notOfferedClass, 1, notOfferedClass, 0, 0]),
  aliasOf: Int16Array.from([1, -1, -1, -1, -1, -1, -1, -1]),
  status: Uint8Array.from([0, 0, 0, 1]),
  filteredCount: Uint16Array.from([0, 0, 0, 3]),
  supported: Uint8Array.from([0b11, 0b01]),
  supportUnknown: Uint8Array.from([0, 0]),
};

const cube: Cube = {
  accel: 'kvm',
  kernelIrqchip: null,
  at: null,
  sheets: [sheet],
  fingerprints: ['a', 'b'],
  sheetOf: Int16Array.from([0, 0]),
  columnOf: Uint16Array.from([0, 1]),
  hosts: {
    ids: ['h1', 'h2', 'h3', 'h4'],
    names: ['node-1', 'node-2', 'node-3', 'node-4'],
    fingerprintOf: Int32Array.from([0, 0, 1, 1]),
    freshness: Uint8Array.from([0, 0, 0, 1]),
  },
};

const choice: PivotChoice = {
  rows: 'model',
  columns: 'host',
  fixed: { model: '', machine: 'q35', host: '' },
  machine: 'q35',
  folded: new Set(),
  unfolded: new Set(),
  showDeprecated: false,
  onlyDiffering: false,
  found: null,
};

const draw = (change: Partial<PivotChoice>) => drawPivot(cube, { ...choice, ...change });
const rowsOf = (change: Partial<PivotChoice>) => draw(change).rows.map(({ label }) => label);

describe('models by hosts', () => {
  const picture = draw({});
  const row = (label: string) => picture.rows.findIndex((entry) => entry.label === label);

  it('folds equal hosts, and those that are silent apart from them', () => {
    expect(picture.columns.map(({ label, members }) => `${label} ${members.length}`)).toEqual([
      'node-1 2',
      'node-3 1',
      'node-4 1',
    ]);
  });

  it.each([
    ['EPYC-v1', ['runs', 'runs', 'unknown']],
    ['EPYC-v2', ['runs', 'filtered', 'unknown']],
  ])('%s is %j', (label, expected) => {
    expect(picture.columns.map((_, column) => soleOutcome(picture.tallyOf(row(label), column)))).toEqual(expected);
  });

  it('counts n of N over hosts, each of the equal ones', () => {
    const grid = buildPivotGrid(picture);
    expect(grid.share(row('EPYC-v2'))).toEqual({ runs: 2, of: 4 });
    expect(grid.cell(row('EPYC-v2'), 1)).toMatchObject({ kind: 'outcome', outcome: 'filtered', filtered: 3 });
    expect(tallyPicture(picture)).toEqual({ runs: 5, filtered: 1, refused: 0, unknown: 2, 'not-offered': 0 });
  });

  it('says a cell in words', () => {
    const grid = buildPivotGrid(picture);
    expect(grid.describe(row('EPYC-v2'), 1)).toBe('EPYC-v2 on node-3: starts with 3 features filtered');
    expect(grid.describe(row('EPYC-v2'), 2)).toContain('silent');
  });

  it.each([
    ['a name that only stands for another has no line', {}, ['AMD EPYC', 'EPYC-v1', 'EPYC-v2']],
    ['deprecated ones when asked for', { showDeprecated: true }, ['AMD EPYC', 'EPYC-v1', 'EPYC-v2', 'Opteron_G1']],
    ['a folded family', { folded: new Set(['AMD EPYC']) }, ['AMD EPYC']],
    ['a search leaves rows, never columns', { found: new Set(['EPYC-v2']) }, ['EPYC-v2']],
    ['only what differs', { onlyDiffering: true }, ['AMD EPYC', 'EPYC-v1', 'EPYC-v2']],
  ])('%s', (_, change, expected) => {
    expect(rowsOf(change)).toEqual(expected);
    expect(draw(change).columns).toHaveLength(3);
  });

  it('unfolds equal hosts one by one', () => {
    expect(draw({ unfolded: new Set(['h2']) }).columns.map(({ label }) => label)).toEqual([
      'node-1',
      'node-2',
      'node-3',
      'node-4',
    ]);
  });
});

describe('models by machine types', () => {
  const picture = draw({ columns: 'machine', machine: '' });

  it('counts hosts, whatever number of equal machine types a column stands for', () => {
    const at = picture.rows.findIndex(({ label }) => label === 'EPYC-v2');
    const column = picture.columns.findIndex(({ members }) => members.includes('pc-q35-10.0'));
    expect(picture.tallyOf(at, column)).toEqual({ runs: 2, filtered: 1, refused: 0, unknown: 1, 'not-offered': 0 });
  });
});

describe('features by hosts', () => {
  it.each([
    ['all', false, ['sse', 'avx2']],
    ['those that some have and others have not, for sure or perhaps', true, ['sse', 'avx2']],
  ])('%s', (_, onlyDiffering, expected) => {
    expect(rowsOf({ rows: 'feature', onlyDiffering })).toEqual(expected);
  });

  it('a host that lacks a feature is told from one that is silent', () => {
    const picture = draw({ rows: 'feature' });
    const states = picture.columns.map((_, column) => soleOutcome(picture.tallyOf(1, column)));
    expect(states).toEqual(['runs', 'not-offered', 'unknown']);
  });
});
