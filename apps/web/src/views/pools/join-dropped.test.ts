import type { BaselineResult } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { joinDropped } from './join-dropped.ts';

type Dropped = BaselineResult['vendors'][number]['dropped'][number];

const lacking = { because: 'host', decidingHost: 'node-7', lackedBy: ['node-7'], blocker: null } as const;
const unasked = { because: 'model', decidingHost: null, lackedBy: [], blocker: null } as const;
const drop = (name: string, have: number, why: Omit<Dropped, 'name' | 'bit' | 'have' | 'of'>): Dropped => ({
  ...{ name, bit: 'CPUID.07H.0:EBX[5]', have, of: 9 },
  ...why,
});

function answer(mode: BaselineResult['mode'], dropped: readonly Dropped[]): BaselineResult {
  const nothing = { features: [], openFeatures: [], accumulated: [], verdicts: [], silent: [], betterModels: [] };
  const vendor = { vendor: 'AuthenticAMD', outcome: 'found', answering: 9, hosts: 9, cpu: null, model: null } as const;
  const abi = { level: 1, name: 'x86-64-v1', short: [] };
  return {
    ...{ mode, migratable: true, accel: 'kvm', machine: 'q35', kernelIrqchip: null, outcome: 'found', reason: '' },
    vendors: [{ ...vendor, ...nothing, dropped, reasons: [], abi, presets: [] }],
    ...{ assumptions: [], libvirt: null },
  };
}

describe('features dropped by several baselines', () => {
  const rows = joinDropped([
    answer('all-you-can-enable', [drop('avx2', 8, lacking)]),
    answer('best-predefined-model', [drop('sha-ni', 9, unasked), drop('avx2', 8, unasked), drop('aes', 9, unasked)]),
    answer('match-host-cpu', [drop('sha-ni', 9, lacking)]),
  ]);

  it('are one row each, those that most drop first', () => {
    expect(rows.map(({ name, droppedBy }) => [name, droppedBy.size])).toEqual([
      ['sha-ni', 2],
      ['avx2', 2],
      ['aes', 1],
    ]);
  });

  it('name the host that decides wherever one baseline knows it', () => {
    expect(rows.map(({ decidingHost }) => decidingHost)).toEqual(['node-7', 'node-7', null]);
  });
});
