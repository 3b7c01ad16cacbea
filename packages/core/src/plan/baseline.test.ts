import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolve } from '../resolve/resolve.ts';
import { everything, hostWith, snapshotWith } from '../testing/hosts.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { hostLacking, planHost, recordedHost } from '../testing/plan-fleets.ts';
import type { Baseline, VendorBaseline } from './baseline-answer.ts';
import { findBaseline } from './baseline.ts';
import type { BaselineMode } from './baseline-features.ts';
import { commonMachine } from './baseline-model.ts';
import type { PlanHost } from './fleet.ts';

const index = shippedIndex('10.0.13');
const request = { machine: 'pc-q35-10.0', accel: 'kvm', migratable: true } as const;

const find = (hosts: readonly PlanHost[], mode: BaselineMode = 'all-you-can-enable'): Baseline =>
  findBaseline(hosts, { ...request, mode });

function single({ vendors }: Baseline): VendorBaseline {
  expect(vendors).toHaveLength(1);
  return vendors[0];
}

const ofLab = (...names: string[]): PlanHost[] => names.map((name) => recordedHost(name, index));

/** Features that are enough for a small CPU. */
const some = ['fpu', 'tsc', 'cx8', 'cmov', 'fxsr', 'sse', 'sse2', 'lm', 'syscall', 'nx', 'apic', 'aes'];

describe('findBaseline', () => {
  it.each<[BaselineMode]>([['all-you-can-enable'], ['match-host-cpu'], ['best-predefined-model']])(
    '%s gives a line that every host starts with enforce',
    (mode) => {
      const hosts = ofLab('lab-epyc-6.1', 'lab-epyc-milan-6.1', 'lab-opteron_g3-6.1');
      const answer = single(find(hosts, mode));
      expect(answer).toMatchObject({ outcome: 'found', answering: 3, hosts: 3, vendor: 'AuthenticAMD', reasons: [] });
      const cpu = answer.cpu ?? '';
      expect(cpu).toMatch(/,enforce=on$/);
      for (const host of hosts) {
        if ('unseen' in host.context) throw new Error('unseen');
        expect(resolve(host.context, { ...request, cpu }).status).toBe('runnable');
      }
      expect(answer.verdicts.map(({ verdict }) => verdict)).toEqual(['starts', 'starts', 'starts']);
    },
  );

  it('names the host and the bit that cost a feature', () => {
    const hosts = [
      hostLacking('node-a', index, some),
      hostLacking('node-b', index, some, { without: ['aes'] }),
      hostLacking('node-c', index, some),
    ];
    const answer = single(find(hosts));
    expect(answer.features).not.toContain('aes');
    expect(answer.dropped.find(({ name }) => name === 'aes')).toMatchObject({
      bit: 'CPUID.01H:ECX[25]',
      have: 2,
      of: 3,
      because: 'host',
      decidingHost: 'node-b',
      lackedBy: ['node-b'],
      blocker: { layer: 'hardware', evidence: 'CPUID.01H:ECX[25]=0 on the host CPU' },
    });
  });

  it('drops nothing where all hosts are alike', () => {
    const hosts = ['node-a', 'node-b'].map((name) => hostLacking(name, index, some));
    const answer = single(find(hosts));
    expect(answer.features).toContain('aes');
    expect(answer.dropped).toEqual([]);
  });

  it('tells a weakness as soon as every host can be told of it', () => {
    const weak = [...some, 'arch-capabilities', 'rsba'];
    const answer = single(find(['node-a', 'node-b'].map((name) => hostLacking(name, index, weak))));
    expect(answer.accumulated).toMatchObject([{ name: 'rsba', have: 2, of: 2, outcome: 'told', decidingHost: null }]);
    expect(answer.features).toContain('rsba');
  });

  it('says of a weakness that one host has and another cannot announce, with host and bit', () => {
    const hosts = [
      hostLacking('node-a', index, [...some, 'arch-capabilities', 'rsba']),
      hostLacking('node-b', index, [...some, 'arch-capabilities']),
    ];
    const answer = single(find(hosts));
    expect(answer.accumulated).toEqual([
      {
        name: 'rsba',
        bit: 'MSR 10AH[2]',
        have: 1,
        of: 2,
        hadBy: ['node-a'],
        outcome: 'cannot-be-told',
        decidingHost: 'node-b',
      },
    ]);
    expect(answer.dropped.map(({ name }) => name)).not.toContain('rsba');
  });

  it.each<[string, string[], boolean]>([
    ['all hosts are immune', ['rdctl-no'], true],
    ['one host is not', [], false],
  ])('offers immunity only where %s', (_, more, isOffered) => {
    const hosts = [
      hostLacking('node-a', index, [...some, 'arch-capabilities', 'rdctl-no']),
      hostLacking('node-b', index, [...some, 'arch-capabilities', ...more]),
    ];
    expect(single(find(hosts)).features.includes('rdctl-no')).toBe(isOffered);
  });

  it('never mixes vendors: a baseline for each, and no common one', () => {
    const hosts = [
      hostLacking('amd', index, some),
      hostLacking('intel', index, some, { traits: { vendor: 'GenuineIntel' } }),
    ];
    const answer = find(hosts);
    expect(answer.outcome).toBe('none');
    expect(answer.reason).toMatch(/several vendors/);
    expect(answer.vendors.map(({ vendor, outcome, hosts: n }) => [vendor, outcome, n])).toEqual([
      ['AuthenticAMD', 'found', 1],
      ['GenuineIntel', 'found', 1],
    ]);
  });

  it.each<[string, Partial<PlanHost>, RegExp]>([
    ['was never seen', { context: { unseen: 'the agent never came' } }, /node-b: the agent never came/],
    ['is stale', { freshness: 'stale' }, /node-b: it was not heard of lately/],
    ['is unreachable', { freshness: 'unreachable' }, /node-b: it cannot be reached/],
  ])('is unknown, and says which host, where one %s', (_, more, reason) => {
    const known = hostLacking('node-a', index, some);
    const answer = single(find([known, { ...hostLacking('node-b', index, some), ...more }]));
    expect(answer).toMatchObject({ outcome: 'unknown', cpu: null, answering: 1, hosts: 2 });
    expect(answer.reasons.join()).toMatch(reason);
    expect(answer.silent.map(({ name }) => name)).toEqual(['node-b']);
    expect(answer.features).toEqual(single(find([known])).features);
  });

  it('is unknown where the kernel of a host was not seen', () => {
    const { hardware } = hostWith(index, everything(index));
    const answer = single(find([planHost('bare', index, snapshotWith({ hardware }))]));
    expect(answer.outcome).toBe('unknown');
  });

  it('match-host-cpu leaves out what KVM makes up, all-you-can-enable takes it', () => {
    const [host] = ofLab('lab-epyc-milan-6.1');
    expect(single(find([host])).features).toContain('tsc-deadline');
    expect(single(find([host], 'match-host-cpu')).features).not.toContain('tsc-deadline');
  });

  it('takes invtsc only where nothing has to migrate', () => {
    const hosts = [hostLacking('node-a', index, [...some, 'invtsc'])];
    expect(single(find(hosts)).features).not.toContain('invtsc');
    const fixed = single(findBaseline(hosts, { ...request, mode: 'all-you-can-enable', migratable: false }));
    expect(fixed.features).toContain('invtsc');
    expect(fixed.cpu).toContain('invtsc=on');
  });

  it('best-predefined-model names the better models and what each lacks', () => {
    const answer = single(find(ofLab('lab-forced-milan-6.1'), 'best-predefined-model'));
    expect(answer.cpu).toBe('Opteron_G3-v1,enforce=on');
    expect(answer.betterModels[0]).toMatchObject({ runsOn: 0, of: 1, decidingHost: 'lab-forced-milan-6.1' });
    expect(answer.betterModels.every(({ lacks }) => lacks.length > 0)).toBe(true);
  });

  it('has no answer where a host lacks the machine type, and names it', () => {
    const old = shippedIndex('7.2.22');
    const hosts = [hostLacking('new', index, some), hostLacking('old', old, some)];
    const answer = single(find(hosts));
    expect(answer).toMatchObject({ outcome: 'none', cpu: null });
    expect(answer.reasons.join()).toMatch(/old: .*pc-q35-10\.0/);
    const machine = commonMachine([index, old]) ?? '';
    const common = single(findBaseline(hosts, { ...request, machine, mode: 'all-you-can-enable' }));
    expect(common.outcome).toBe('found');
  });

  it('leaves out what has no place for its registers', () => {
    const answer = single(find([hostLacking('node-a', index, [...some, 'xsave', 'avx'])]));
    expect(answer.outcome).toBe('found');
    expect(answer.features).not.toContain('avx');
  });

  it('has no answer for no hosts', () => {
    expect(find([]).outcome).toBe('unknown');
  });
});

const amd = ['lab-epyc-6.1', 'lab-epyc-milan-6.1', 'lab-forced-milan-6.1', 'lab-max-6.1', 'lab-opteron_g3-6.1'];
const intel = ['xeon-gold-6148', 'xeon-gold-5115', 'xeon-e5-2623-v4', 'core-i7-8700', 'xeon-e7540', 'core-i7-2600'];

describe('a baseline, as hosts come and go', () => {
  const known = new Map([...amd, ...intel].map((name) => [name, recordedHost(name, index)]));
  const named = (names: readonly string[]): PlanHost[] => names.flatMap((name) => known.get(name) ?? []);
  const anyPool = fc.constantFrom(amd, intel);
  /** Some hosts of a pool, and one more of it. */
  const withAndWithout = anyPool
    .chain((pool) => fc.tuple(fc.subarray(pool, { minLength: 1 }), fc.constantFrom(...pool)))
    .map(([names, more]) => ({ without: names.filter((name) => name !== more), more }))
    .filter(({ without }) => without.length > 0);

  it.each<[BaselineMode]>([['all-you-can-enable'], ['match-host-cpu']])(
    '%s: adding a host never widens it, removing one never narrows it',
    (mode) => {
      fc.assert(
        fc.property(withAndWithout, ({ without, more }) => {
          const narrow = single(find(named([...without, more]), mode)).features;
          const wide = new Set(single(find(named(without), mode)).features);
          expect(narrow.filter((name) => !wide.has(name))).toEqual([]);
        }),
        { numRuns: 25, seed: 7 },
      );
    },
  );

  it('best-predefined-model: adding a host never gives a model with more features', () => {
    fc.assert(
      fc.property(withAndWithout, ({ without, more }) => {
        const narrow = single(find(named([...without, more]), 'best-predefined-model'));
        const wide = single(find(named(without), 'best-predefined-model'));
        expect(narrow.features.length).toBeLessThanOrEqual(wide.features.length);
      }),
      { numRuns: 15, seed: 7 },
    );
  });

  it('the order of the hosts does not matter', () => {
    const shuffled = anyPool.chain((pool) =>
      fc.tuple(fc.constant(pool), fc.shuffledSubarray(pool, { minLength: pool.length })),
    );
    fc.assert(
      fc.property(shuffled, ([pool, names]) => {
        expect(find(named(names))).toEqual(find(named(pool)));
      }),
      { numRuns: 6, seed: 7 },
    );
  });
});
