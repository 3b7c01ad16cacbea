import type { VmsResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { compareVms } from './compare-vms.ts';

const nothing = { unread: [], notes: [], assumptions: [], drain: null, upgrade: null };
const avx2 = { answer: 'no', kind: 'feature', name: 'avx2', bit: 'CPUID.07H.0:EBX[5]', reason: 'it lacks it' } as const;

function answer(targets: Readonly<Record<string, number>>): VmsResult {
  const groups = Object.entries(targets).map(([vm, count]): VmsResult['groups'][number] => ({
    ...{ vms: [vm.trim()], machine: 'q35', cpu: 'host', home: ['h'], openTargets: 0 },
    ...{ targets: count, canLeave: count > 0 ? 'yes' : 'no' },
    reach: [{ hosts: ['x'], answer: 'no', trap: 'no', line: null, isOwnLine: false, obstacles: [avx2] }],
  }));
  return { groups, ...nothing };
}

describe('VMs before and after', () => {
  it('tells who is stuck, freed, without a host; who is as before is not listed', () => {
    const before = answer({ a: 2, b: 0, c: 1, d: 3, e: 1, f: 5 });
    const after = answer({ a: 0, b: 1, d: 4, e: 1, f: 2 });
    expect(compareVms(before, after).map(({ vm, effect, reason }) => [vm, effect, reason])).toEqual([
      ['a', 'stuck', 'avx2'],
      ['c', 'homeless', 'its host is not among those that stay'],
      ['b', 'freed', ''],
      ['f', 'narrower', 'avx2'],
      ['d', 'wider', ''],
    ]);
  });

  it('keeps VMs of one name apart', () => {
    const changes = compareVms(answer({ a: 1, 'a ': 2 }), answer({ a: 1, 'a ': 0 }));
    expect(changes).toMatchObject([{ vm: 'a (2)', effect: 'stuck' }]);
  });
});
