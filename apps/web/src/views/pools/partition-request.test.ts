import type { HostSummary } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { initialState } from '../../navigation/route.ts';
import { groupByLabel, readHostLists, writePartition } from './partition-request.ts';

const host = (id: string, name: string, rack?: string): HostSummary =>
  ({ id, name, labels: rack === undefined ? {} : { rack } }) as unknown as HostSummary;

const fleet = [host('1', 'a', 'r1'), host('2', 'b', 'r1'), host('3', 'c', 'r2'), host('4', 'twin'), host('5', 'twin')];

describe('lists of hosts by hand', () => {
  it.each([
    ['nothing', '', [], []],
    [
      'names and ids',
      'a, 2; c 4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
      [],
    ],
    ['a name that two hosts have is not guessed', 'a twin', [['1']], ['twin']],
    ['a name that no host has is told', 'a zz;', [['1']], ['zz']],
  ])('%s', (_, text, lists, unknown) => {
    expect(readHostLists(text, fleet)).toEqual({ lists, unknown });
  });

  it('one list for each value of a label that several hosts share', () => {
    expect(groupByLabel(fleet, 'rack')).toEqual([['1', '2']]);
  });
});

describe('the request', () => {
  const initial = initialState('pools');

  it('says no more than is wished', () => {
    expect(writePartition(initial, fleet)).toEqual({
      maxPools: 8,
      load: 0,
      countsNested: false,
      constraints: { minHosts: 1 },
    });
  });

  it('puts all wishes together', () => {
    const wishes = { ...initial, level: '3', load: 60, required: ['avx2'], togetherBy: 'rack', apart: 'a c' } as const;
    expect(writePartition(wishes, fleet)).toMatchObject({
      load: 0.6,
      constraints: { requiredAbiLevel: 3, requiredFeatures: ['avx2'], together: [['1', '2']], apart: [['1', '3']] },
    });
  });
});
