import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { drawReach } from './reach-grid.ts';

type Group = VmsResult['groups'][number];
type Reach = Group['reach'][number];

const avx2 = { answer: 'no', kind: 'feature', name: 'avx2', bit: 'CPUID.07H.0:EBX[5]', reason: 'lacks it' } as const;
const reach = (hosts: readonly string[], answer: Reach['answer'], trap: Reach['trap'] = 'no'): Reach => {
  const obstacles = answer === 'yes' && trap === 'no' ? [] : [avx2];
  return { hosts, answer, trap, line: null, isOwnLine: false, obstacles };
};
const group = (vms: readonly string[], home: string, targets: number, all: readonly Reach[]): Group => ({
  ...{ vms, machine: 'pc-q35-7.2', cpu: 'EPYC-v1', home: [home], canLeave: 'yes', targets, openTargets: 0, reach: all },
});
const host = (id: string, state: string): HostSummary =>
  ({ id, name: `node-${id}`, freshness: { state } }) as unknown as HostSummary;

const hosts = [host('a', 'fresh'), host('b', 'fresh'), host('c', 'fresh'), host('d', 'stale')];
const groups = [
  group(['web', 'web-2'], 'a', 2, [reach(['a'], 'yes'), reach(['b', 'c'], 'yes', 'yes'), reach(['d'], 'unknown')]),
  group(['db'], 'b', 1, [reach(['a'], 'no'), reach(['b', 'c'], 'yes'), reach(['d'], 'unknown')]),
  group(['db'], 'd', 0, [reach(['a'], 'no'), reach(['b', 'c'], 'no'), reach(['d'], 'unknown')]),
];

describe('VMs × hosts', () => {
  const picture = drawReach({ groups }, hosts, '');

  it('one’s own host is no target, a way without a way back is a trap', () => {
    const kinds = picture.rows.map((_, row) => picture.columns.map((__, column) => picture.moveAt(row, column).kind));
    expect(kinds).toEqual([
      ['self', 'trap', 'unknown'],
      ['barred', 'free', 'unknown'],
      ['barred', 'barred', 'self'],
    ]);
    expect(picture.grid.share(0)).toEqual({ runs: 2, of: 3 });
  });

  it('names equal VMs and equal hosts once, and dims a silent host', () => {
    expect(picture.grid.rows.map(({ key, note }) => `${key} ${note}`)).toEqual(['web ×2', 'db ', 'db#2 ']);
    expect(picture.grid.columns.map(({ label, isDimmed }) => [label, isDimmed])).toEqual([
      ['node-a', false],
      ['node-b … ×2', false],
      ['node-d', true],
    ]);
    expect(picture.grid.describe(1, 0)).toBe('db to node-a: cannot move: avx2');
  });

  it('the search finds names and -cpu arguments', () => {
    const found = (text: string) => drawReach({ groups }, hosts, text).rows.length;
    expect([found('WEB-2'), found('epyc db'), found('skylake')]).toEqual([1, 2, 0]);
  });

  it('a list without VMs is empty', () => {
    expect(drawReach({ groups: [] }, hosts, '').grid).toMatchObject({ rows: [], columns: [] });
  });
});
