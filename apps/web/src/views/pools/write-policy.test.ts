import { compilePolicy, policyTargets } from '@cpu-atlas/core';
import type { PolicyTargetName } from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { readTarget, writePolicy } from './write-policy.ts';

const line = { cpu: '', removed: ['vme'], pinned: ['monitor'], added: ['ibpb'] };
const place = { hosts: [], machine: 'pc-q35-7.2', accel: 'kvm', libvirt: null } as const;

describe('a choice as configuration', () => {
  it('says what is on and what is off', () => {
    const { features, vendor, qemuVersion } = writePolicy({ model: 'EPYC-v1', line }, place);
    expect(features).toEqual([
      { name: 'ibpb', isOn: true },
      { name: 'vme', isOn: false },
      { name: 'monitor', isOn: false },
    ]);
    expect([vendor, qemuVersion]).toEqual([null, 'unknown']);
  });

  it.each(Object.keys(policyTargets) as PolicyTargetName[])('can be written for %s', (target) => {
    expect(readTarget(target)).toBe(target);
    for (const model of ['Opteron_G3-v1', 'EPYC-v1', 'Icelake-Server-noTSX'])
      expect(compilePolicy(writePolicy({ model, line }, place), target).text).toContain('ibpb');
  });

  it('an unknown target is the command line', () => {
    expect(readTarget('vmware')).toBe('qemu');
  });
});
