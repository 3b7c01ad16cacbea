import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../testing/catalogs.ts';
import { everything, hostWith, setOfFeatures } from '../testing/hosts.ts';
import { planHost } from '../testing/plan-fleets.ts';
import type { PlanHost } from './fleet.ts';
import { bootGuest } from './predicates-guest.ts';
import { movable, runnable } from './predicates.ts';
import { safe } from './predicates-safe.ts';

const indexes = [shippedIndex('7.2.22'), shippedIndex('10.0.13'), shippedIndex('11.1.3')] as const;
const optional = [
  'avx',
  'avx2',
  'aes',
  'bmi1',
  'bmi2',
  'fma',
  'movbe',
  'popcnt',
  'rdrand',
  'xsave',
  'sha-ni',
  'erms',
  'pcid',
];
const always = [
  'fpu',
  'de',
  'pse',
  'tsc',
  'msr',
  'pae',
  'cx8',
  'apic',
  'cmov',
  'mmx',
  'sse',
  'sse2',
  'lm',
  'nx',
  'syscall',
  'fxsr',
  'pse36',
];
const cpus = [
  'host',
  'max',
  'qemu64',
  'kvm64',
  'Haswell',
  'EPYC-v1',
  'Nehalem,-popcnt',
  'host,-avx',
  'Opteron_G3,+aes',
];

const hosts = fc
  .record({
    release: fc.nat({ max: indexes.length - 1 }),
    features: fc.subarray(optional),
    freshness: fc.constantFrom('fresh' as const, 'fresh' as const, 'fresh' as const, 'stale' as const),
  })
  .map(({ release, features, freshness }) => {
    const index = indexes[release];
    const name = `${release} ${features.join()} ${freshness}`;
    return planHost(name, index, hostWith(index, setOfFeatures(index, [...always, ...features])), { freshness });
  });
const launches = fc.constantFrom(...cpus).map((cpu) => ({ accel: 'kvm' as const, machine: 'pc-q35-7.2', cpu }));

describe('properties of the predicates', () => {
  it('a guest moves only where its features are included, and the line for it gives exactly them', () => {
    fc.assert(
      fc.property(hosts, hosts, launches, (from, to, launch) => {
        const booted = bootGuest(launch, { ...from, freshness: 'fresh' });
        if (booted.kind !== 'booted') return;
        const { guest } = booted;
        const move = movable(guest, { ...to, id: `${to.id} there` });
        if (move.line === null) {
          expect(move.answer).not.toBe('yes');
          expect(move.obstacles.length).toBeGreaterThan(0);
          return;
        }
        const there = bootGuest({ ...guest.request, cpu: move.line }, to);
        if (there.kind !== 'booted') throw new Error('the line does not start');
        const wordsOf = (words: typeof guest.cell.resolution.featureWords): readonly string[] =>
          words
            .filter(({ features }) => features !== 0)
            .map((word) => JSON.stringify(word))
            .sort();
        expect(wordsOf(there.guest.cell.resolution.featureWords)).toEqual(wordsOf(guest.cell.resolution.featureWords));
        expect(there.guest.cell.resolution.level).toBe(guest.cell.resolution.level);
      }),
      { numRuns: 150 },
    );
  });

  it('a host that gives all that another gives takes all its guests of the same release', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 }), fc.subarray(optional), launches, (release, features, launch) => {
        const index = indexes[release];
        const small = planHost('small', index, hostWith(index, setOfFeatures(index, [...always, ...features])));
        const large = planHost('large', index, hostWith(index, setOfFeatures(index, [...always, ...optional])));
        const booted = bootGuest(launch, small);
        if (booted.kind === 'booted') expect(movable(booted.guest, large).obstacles).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('safe is never yes while a host is stale, and yes only where it is runnable on each', () => {
    fc.assert(
      fc.property(fc.array(hosts, { minLength: 1, maxLength: 6 }), launches, (fleet, launch) => {
        const own = fleet.map((host, at): PlanHost => ({ ...host, id: `h${at}` }));
        const verdict = safe(launch, own);
        expect(verdict.yes + verdict.no + verdict.unknown).toBe(own.length);
        if (own.some(({ freshness }) => freshness !== 'fresh')) expect(verdict.answer).not.toBe('yes');
        if (verdict.answer === 'yes') for (const host of own) expect(runnable(launch, host).answer).toBe('yes');
        else expect(verdict.deciding).not.toBeNull();
        expect(safe(launch, [...own].reverse())).toMatchObject({
          answer: verdict.answer,
          yes: verdict.yes,
          no: verdict.no,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('a host that tells nothing makes every answer unknown', () => {
    const index = indexes[1];
    const silent = planHost('silent', index, {
      ...hostWith(index, everything(index)),
      kernel: undefined,
      hardware: undefined,
    });
    for (const cpu of cpus) {
      const launch = { accel: 'kvm' as const, machine: 'pc-q35-7.2', cpu };
      expect([cpu, runnable(launch, silent).answer]).toEqual([cpu, 'unknown']);
      expect([cpu, safe(launch, [silent]).answer]).toEqual([cpu, 'unknown']);
    }
  });
});
