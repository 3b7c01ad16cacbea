import { notOfferedClass } from '@cpu-atlas/core';
import type { Cube } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { byEffect, effectOf, tallyModels, weighChange } from './weigh-change.ts';

const model = (name: string) => ({ name, deprecated: false, family: '', vendor: '' });

/**
 * Models A (runs on the first kind of host only), B (runs everywhere), B-old (stands for B), C (not offered on q35), base;
 * hosts 1 and 2 are of the first kind, 3 of the second, 4 is stale.
 */
const cube: Cube = {
  ...{ accel: 'kvm', kernelIrqchip: null, at: null },
  sheets: [
    {
      qemu: { version: '10.0.0', package: '', catalog: 'sha256:x', runsAs: null },
      models: ['A', 'B', 'B-old', 'C', 'base'].map(model),
      machines: [{ machines: ['pc-q35-10.0'], aliases: ['q35'], deprecated: false }],
      features: [],
      ...{ classCount: 2, columnCount: 2 },
      classOf: Uint16Array.of(0, 1, 1, notOfferedClass, 1),
      aliasOf: Int16Array.of(-1, -1, 1, -1, -1),
      // Columns one after another: A runs (0) or is filtered (1), B runs.
      status: Uint8Array.of(0, 0, 1, 0),
      filteredCount: Uint16Array.of(0, 0, 3, 0),
      ...{ supported: new Uint8Array(2), supportUnknown: new Uint8Array(2) },
    },
  ],
  fingerprints: ['f1', 'f2'],
  sheetOf: Int16Array.of(0, 0),
  columnOf: Uint16Array.of(0, 1),
  hosts: {
    ids: ['1', '2', '3', '4'],
    names: ['1', '2', '3', '4'],
    fingerprintOf: Int32Array.of(0, 0, 1, 0),
    freshness: Uint8Array.of(0, 0, 0, 1),
  },
};

const sideOf = (exact: readonly string[], standIn: readonly string[] = [], machine = 'q35') => ({
  ...{ cube, machine },
  hosts: { exact, standIn },
});

describe('models by hosts', () => {
  it.each([
    ['A', ['1', '2', '3'], [], 'no', 2, 1, 0],
    ['A', ['1', '2', '4'], [], 'unknown', 2, 0, 1],
    ['B', ['1', '2', '3'], [], 'yes', 3, 0, 0],
    ['B', ['1', 'unheard-of'], [], 'unknown', 1, 0, 1],
  ] as const)('%s on hosts %j and %j is a %s', (name, exact, standIn, answer, yes, no, unknown) => {
    const total = exact.length + standIn.length;
    expect(tallyModels(sideOf(exact, standIn)).get(name)).toEqual({ answer, yes, no, unknown, total });
  });

  it('names that stand for others, models that nothing offers, and base are left out', () => {
    expect([...tallyModels(sideOf(['1'])).keys()]).toEqual(['A', 'B']);
  });

  it('a machine type that no QEMU knows leaves no model', () => {
    expect(tallyModels(sideOf(['1'], ['2'], 'pc-q35-99.0')).size).toBe(0);
  });
});

describe('what a change does', () => {
  it('a host that goes may gain a model, and one that comes may lose it', () => {
    const [few, many] = [tallyModels(sideOf(['1', '2'])), tallyModels(sideOf(['1', '2', '3']))];
    expect(weighChange(many, few).map(({ model: name, effect }) => [name, effect])).toEqual([['A', 'gained']]);
    expect(weighChange(few, many).map(({ model: name, effect }) => [name, effect])).toEqual([['A', 'lost']]);
  });

  it('a machine type that goes loses all that ran, and says that nothing is known of no host', () => {
    const gone = weighChange(tallyModels(sideOf(['1'])), tallyModels(sideOf(['1'], [], 'pc-q35-99.0')));
    expect(gone.map(({ effect, after }) => [effect, after.answer])).toEqual([
      ['lost', 'no'],
      ['lost', 'no'],
    ]);
  });

  const tally = (answer: 'yes' | 'no' | 'unknown', yes: number, total: number) => ({
    ...{ answer, yes, total },
    ...{ no: answer === 'no' ? total - yes : 0, unknown: answer === 'unknown' ? total - yes : 0 },
  });

  it.each([
    ['a silent host makes it undecided', tally('yes', 3, 3), tally('unknown', 2, 3), 'undecided'],
    ['a larger part of the hosts', tally('no', 1, 11), tally('no', 1, 10), 'wider'],
    ['a smaller part of the hosts', tally('no', 2, 3), tally('no', 1, 3), 'narrower'],
    ['nothing', tally('no', 1, 3), tally('no', 1, 3), null],
  ] as const)('%s', (_, before, after, effect) => {
    expect(effectOf(before, after)).toBe(effect);
  });

  it('what hurts comes first', () => {
    const models = [
      { model: 'b', effect: 'wider' },
      { model: 'a10', effect: 'lost' },
      { model: 'a9', effect: 'lost' },
      { model: 'c', effect: 'gained' },
    ] as const;
    expect(byEffect(models).map(({ model: name }) => name)).toEqual(['a9', 'a10', 'c', 'b']);
  });
});
