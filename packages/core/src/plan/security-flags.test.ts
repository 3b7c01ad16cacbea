import { describe, expect, it } from 'vitest';
import type { FeatureState } from '../resolve/resolution.ts';
import { judgeSecurityFlags, type SecurityVerdict } from './security-flags.ts';

type Case = [
  name: string,
  flag: string,
  vendor: string,
  states: Record<string, FeatureState>,
  vulnerabilities: Record<string, string> | undefined,
  verdict: SecurityVerdict,
];

const intel = 'GenuineIntel';
const amd = 'AuthenticAMD';

describe('judgeSecurityFlags', () => {
  it.each<Case>([
    ['a mitigation that the guest has', 'md-clear', intel, { 'md-clear': 'enabled' }, undefined, 'on'],
    ['one that it does not ask for', 'md-clear', intel, { 'md-clear': 'missing' }, undefined, 'should-be-on'],
    ['one that the host lacks', 'md-clear', intel, { 'md-clear': 'absent' }, undefined, 'host-lacks'],
    ['one that was filtered', 'spec-ctrl', intel, { 'spec-ctrl': 'filtered' }, undefined, 'host-lacks'],
    [
      'one that immunity replaces',
      'md-clear',
      intel,
      { 'md-clear': 'missing', 'mds-no': 'enabled' },
      undefined,
      'not-needed',
    ],
    ['one on an unaffected host', 'md-clear', intel, { 'md-clear': 'absent' }, { mds: 'Not affected' }, 'not-needed'],
    ['one on an affected host', 'md-clear', intel, { 'md-clear': 'absent' }, { mds: 'Vulnerable' }, 'host-lacks'],
    ['one of which nothing is known', 'md-clear', intel, { 'md-clear': 'unknown' }, undefined, 'unknown'],
    ['one that this QEMU does not know', 'md-clear', intel, {}, undefined, 'unknown'],
    ['immunity that the host has', 'mds-no', intel, { 'mds-no': 'missing' }, undefined, 'should-be-on'],
    ['immunity that it has not', 'mds-no', intel, { 'mds-no': 'absent' }, undefined, 'not-offered'],
    ['stibp is a matter of taste', 'stibp', intel, { stibp: 'missing' }, undefined, 'optional'],
    ['tsx-ctrl without rtm', 'tsx-ctrl', intel, { 'tsx-ctrl': 'missing', rtm: 'absent' }, undefined, 'not-needed'],
    ['tsx-ctrl with rtm', 'tsx-ctrl', intel, { 'tsx-ctrl': 'missing', rtm: 'enabled' }, undefined, 'optional'],
    ['virt-ssbd', 'virt-ssbd', amd, { 'virt-ssbd': 'missing', 'amd-no-ssb': 'absent' }, undefined, 'should-be-on'],
    [
      'virt-ssbd beside amd-no-ssb',
      'virt-ssbd',
      amd,
      { 'virt-ssbd': 'missing', 'amd-no-ssb': 'enabled' },
      undefined,
      'not-needed',
    ],
    ['a weakness that the host has', 'rsba', intel, { rsba: 'missing' }, undefined, 'should-be-on'],
    ['a weakness that it has not', 'rsba', intel, { rsba: 'absent' }, undefined, 'not-needed'],
  ])('%s', (_, flag, vendor, states, vulnerabilities, verdict) => {
    const judged = judgeSecurityFlags({ vendor, stateOf: (name) => states[name], vulnerabilities });
    const found = judged.find(({ record }) => record.flag === flag);
    expect(found?.verdict).toBe(verdict);
    const wantsRemedy = verdict === 'should-be-on' || verdict === 'host-lacks' || verdict === 'unknown';
    expect(found?.remedy !== null).toBe(wantsRemedy);
  });

  it('leaves out what means nothing to the vendor', () => {
    const flags = judgeSecurityFlags({ vendor: amd, stateOf: () => 'missing' }).map(({ record }) => record.flag);
    expect(flags).toContain('ibpb');
    expect(flags).not.toContain('md-clear');
  });
});
