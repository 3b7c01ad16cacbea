import { describe, expect, it } from 'vitest';
import { createContext } from '../resolve/context.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { recordedSnapshot } from '../testing/recorded-snapshots.ts';
import { judgeGuestSecurity, vulnerabilitiesOf, type GuestFlagVerdict } from './security-guest.ts';

const index = shippedIndex('10.0.13');
const cascadeLake = createContext(index, recordedSnapshot('xeon-platinum-9242'));
const milan = createContext(index, recordedSnapshot('lab-forced-milan-6.1'));
const machine = 'pc-q35-10.0';

type Case = readonly [
  name: string,
  cpu: string,
  flag: string,
  vulnerabilities: Readonly<Record<string, string>> | undefined,
  verdict: GuestFlagVerdict,
];

describe('a guest on a Cascade Lake that is immune to MDS', () => {
  it.each<Case>([
    ['an immunity that the host confirms', 'Cascadelake-Server-v5', 'mds-no', { mds: 'Not affected' }, 'on'],
    ['one of which the host says nothing', 'Cascadelake-Server-v5', 'mds-no', undefined, 'on'],
    [
      'one that the host denies',
      'Cascadelake-Server-v5',
      'mds-no',
      { mds: 'Vulnerable; SMT vulnerable' },
      'over-claimed',
    ],
    [
      'one of a host that has to mitigate',
      'Cascadelake-Server-v5',
      'mds-no',
      { mds: 'Mitigation: Clear CPU buffers\n' },
      'over-claimed',
    ],
    [
      'another one, by its own file',
      'Cascadelake-Server-v5',
      'rdctl-no',
      { meltdown: 'Mitigation: PTI' },
      'over-claimed',
    ],
    ['the file of something else', 'Cascadelake-Server-v5', 'rdctl-no', { mds: 'Vulnerable' }, 'on'],
    [
      'what KVM shields by itself',
      'host',
      'pschange-mc-no',
      { itlb_multihit: 'KVM: Mitigation: Split huge pages' },
      'on',
    ],
    [
      'one that the guest does without',
      'Cascadelake-Server-v5,-mds-no',
      'mds-no',
      { mds: 'Vulnerable' },
      'should-be-on',
    ],
    ['a mitigation that is taken away', 'Cascadelake-Server-v5,-spec-ctrl', 'spec-ctrl', undefined, 'should-be-on'],
    ['one that immunity makes needless', 'Cascadelake-Server-v5', 'md-clear', undefined, 'not-needed'],
    ['one that an old snapshot does not tell', 'Cascadelake-Server-v5', 'gds-no', undefined, 'unknown'],
  ])('%s: -cpu %s, %s with %j is %s', (_, cpu, flag, vulnerabilities, verdict) => {
    const security = judgeGuestSecurity(cascadeLake, { accel: 'kvm', machine, cpu }, vulnerabilities);
    if (security.kind !== 'judged') throw new Error(security.reason);
    const found = security.flags.find((one) => one.flag === flag);
    expect(found?.verdict).toBe(verdict);
    if (verdict === 'over-claimed') expect(found?.remedy).toContain(`,-${flag}`);
  });

  it('is judged by the flags of its vendor only', () => {
    const flagsOn = (context: typeof milan, cpu: string): readonly string[] => {
      const security = judgeGuestSecurity(context, { accel: 'kvm', machine, cpu }, undefined);
      return security.kind === 'judged' ? security.flags.map(({ flag }) => flag) : [];
    };
    expect(flagsOn(milan, 'EPYC-Milan')).toEqual(expect.arrayContaining(['ibpb', 'amd-ssbd', 'stibp']));
    expect(flagsOn(milan, 'EPYC-Milan')).not.toContain('md-clear');
    expect(flagsOn(cascadeLake, 'Cascadelake-Server-v5')).not.toContain('ibpb');
  });
});

describe('no guest is judged', () => {
  it.each([
    ['a model that the QEMU does not have', { cpu: 'EPYC-Milano', machine }, 'no-guest'],
    ['a machine type that it does not have', { cpu: 'EPYC-Milan', machine: 'pc-q35-99.0' }, 'no-guest'],
    ['a guest that QEMU refuses', { cpu: 'Cascadelake-Server-v5,enforce=on', machine }, 'no-guest'],
  ])('%s', (_, asked, kind) => {
    expect(judgeGuestSecurity(milan, { accel: 'kvm', ...asked }, undefined)).toMatchObject({ kind });
  });

  it('where the vendor is not known', () => {
    const nothing = createContext(index, null);
    expect(judgeGuestSecurity(nothing, { accel: 'kvm', machine, cpu: 'EPYC-Milan' }, undefined).kind).toBe('unknown');
    expect(vulnerabilitiesOf(null)).toBeUndefined();
  });
});
