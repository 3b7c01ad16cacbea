import { describe, expect, it } from 'vitest';
import { drawMatrix } from './matrix-fixture.ts';
import { differs, listModelEntries } from './model-axis.ts';
import type { ModelChoice, ModelEntry } from './model-axis.ts';

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
      ['▾ AMD EPYC 3', '  EPYC', '  EPYC-v1', '  EPYC-v2', '▾ Generic 2', '  qemu64', '  kvm64', 'Nehalem'],
    ],
    [
      'a folded family',
      { folded: new Set(['AMD EPYC']) },
      ['▸ AMD EPYC 3', '▾ Generic 2', '  qemu64', '  kvm64', 'Nehalem'],
    ],
    ['all folded', { folded: new Set(['*']) }, ['▸ AMD EPYC 3', '▸ Generic 2', 'Nehalem']],
    ['only what differs', { onlyDiffering: true }, ['kvm64', 'Nehalem']],
    [
      'only what differs, deprecated too',
      { onlyDiffering: true, showDeprecated: true },
      ['▾ Generic 2', '  qemu32-old', '  kvm64', 'Nehalem'],
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
