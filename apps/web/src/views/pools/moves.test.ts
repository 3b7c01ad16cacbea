import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { buildMoveGrid } from './move-grid.ts';
import { drawMoves } from './move-graph.ts';
import { findMove, joinMoves, kindOfMove } from './moves.ts';
import type { HostFold } from './select-hosts.ts';

function fold(key: string, count = 1): HostFold {
  const host = (id: string) => ({ id, name: id, freshness: { state: 'fresh' } }) as unknown as HostSummary;
  const others = Array.from({ length: count - 1 }, (_, at) => host(`${key}${at + 2}`));
  return { key, hosts: [host(key), ...others] };
}

type Reach = VmsResult['groups'][number]['reach'][number];
const avx2 = { answer: 'no', kind: 'feature', name: 'avx2', bit: 'CPUID.07H.0:EBX[5]', reason: 'lacks it' } as const;

/** `ab:free` moves from a to b. What is not told is barred. */
function answerOf(folds: readonly HostFold[], told: Readonly<Record<string, 'free' | 'trap' | 'unknown'>>): VmsResult {
  const reachOf = (from: HostFold, to: HostFold): Reach => {
    const kind = told[`${from.key}${to.key}`];
    const answer = kind === undefined ? 'no' : kind === 'unknown' ? 'unknown' : 'yes';
    const line = answer === 'yes' ? 'host' : null;
    const obstacles = kind === 'free' ? [] : [avx2];
    const hosts = to.hosts.map(({ id }) => id);
    return { hosts, answer, trap: kind === 'trap' ? 'yes' : 'no', line, isOwnLine: true, obstacles };
  };
  const groups = folds.map((from): VmsResult['groups'][number] => ({
    ...{ vms: [from.key], machine: 'q35', cpu: 'host', home: [from.key], canLeave: 'yes', targets: 0, openTargets: 0 },
    reach: folds.map((to) => reachOf(from, to)),
  }));
  return { groups, unread: [], notes: [], assumptions: [], drain: null, upgrade: null };
}

describe('what a move is', () => {
  it.each([
    ['yes', 'no', 'free'],
    ['yes', 'yes', 'trap'],
    ['yes', 'unknown', 'unknown'],
    ['unknown', 'no', 'unknown'],
    ['no', 'no', 'barred'],
  ] as const)('there %s, trap %s: %s', (answer, trap, kind) => {
    expect(kindOfMove({ answer, trap })).toBe(kind);
  });
});

describe('moves between classes', () => {
  const folds = [fold('a'), fold('b', 3), fold('c')];
  const moves = joinMoves(folds, [answerOf(folds, { ab: 'free', ba: 'trap', bb: 'free' })]);

  it('a single host does not move to itself; hosts of one class do', () => {
    expect(findMove(moves, 'a', 'a')?.kind).toBe('self');
    expect(findMove(moves, 'b', 'b')?.kind).toBe('free');
    expect(findMove(moves, 'b', 'a')).toMatchObject({ kind: 'trap', obstacles: [avx2] });
  });

  it('the grid counts hosts other than one’s own, and says what is in the way', () => {
    const grid = buildMoveGrid(folds, moves);
    expect([0, 1, 2].map((row) => grid.share(row))).toEqual([
      { runs: 3, of: 4 },
      { runs: 3, of: 4 },
      { runs: 0, of: 4 },
    ]);
    expect(grid.cell(1, 0)).toMatchObject({ outcome: 'filtered', filtered: 1 });
    expect(grid.describe(2, 0)).toBe('c to a: cannot move: avx2');
  });

  it('rows that are still computed are not there yet', () => {
    const grid = buildMoveGrid(folds, joinMoves(folds, [answerOf(folds.slice(0, 1), {})]));
    expect(grid.rows.map(({ key }) => key)).toEqual(['a']);
    expect(grid.columns).toHaveLength(3);
    expect(grid.cell(0, 1)).toMatchObject({ outcome: 'unknown' });
  });
});

describe('the graph of moves', () => {
  const folds = ['a', 'b', 'c', 'd', 'e'].map((key) => fold(key));
  const graph = (told: Readonly<Record<string, 'free' | 'trap' | 'unknown'>>) =>
    drawMoves(folds, joinMoves(folds, [answerOf(folds, told)]));

  it('classes that are open to each other are one island, one-way arrows lead to the right', () => {
    const { islands, arrows } = graph({ ab: 'free', ba: 'free', ac: 'free', bc: 'free', cd: 'trap' });
    expect(islands.map(({ folds: own, layer }) => [own.map(({ key }) => key).join(''), layer])).toEqual([
      ['ab', 0],
      ['c', 1],
      ['d', 2],
      ['e', 0],
    ]);
    expect(arrows).toEqual([
      { from: 'a', to: 'c', kind: 'free', pairs: 2, of: 2 },
      { from: 'c', to: 'd', kind: 'trap', pairs: 1, of: 1 },
    ]);
  });

  it('draws each way that there is, and none that only seems to follow', () => {
    const { arrows } = graph({ ab: 'free', bc: 'free', ad: 'trap', bd: 'free' });
    expect(arrows.map(({ from, to, kind }) => `${from}${to} ${kind}`)).toEqual([
      'ab free',
      'ad trap',
      'bc free',
      'bd free',
    ]);
  });

  it('a class of which nothing is known is told apart', () => {
    const told = Object.fromEntries(
      'abcde'.split('').flatMap((key) => [
        [`e${key}`, 'unknown'],
        [`${key}e`, 'unknown'],
      ]),
    );
    expect(graph(told as Record<string, 'unknown'>).unknown.map(({ key }) => key)).toEqual(['e']);
  });
});
