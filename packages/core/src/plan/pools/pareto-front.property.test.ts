import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../../testing/catalogs.ts';
import { hostWith, setOfFeatures } from '../../testing/hosts.ts';
import { planHost } from '../../testing/plan-fleets.ts';
import type { PlanHost } from '../fleet.ts';
import { optimisePools } from './optimise-pools.ts';

const index = shippedIndex('10.0.13');
const varying = ['aes', 'avx', 'avx2', 'bmi1', 'fma', 'movbe', 'popcnt', 'sha-ni'];
const always = ['fpu', 'sse2', 'lm', 'cx16', 'xsave'];

interface Drawn {
  readonly features: readonly string[];
  readonly isIntel: boolean;
  readonly capacity: number;
}

const fleets = fc.record({
  kinds: fc.array(fc.subarray(varying), { minLength: 1, maxLength: 7 }),
  hosts: fc.array(
    fc.record({
      kind: fc.nat({ max: 6 }),
      isIntel: fc.constantFrom(false, false, true),
      capacity: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 7 },
  ),
  minHosts: fc.constantFrom(1, 1, 2, 3),
  maxPools: fc.integer({ min: 1, max: 5 }),
  load: fc.constantFrom(0, 0.5, 0.7),
});

/** A point of the front: pools, features lost over all hosts, and whether every pool survives a loss. */
type Point = readonly [pools: number, loss: number, survives: boolean];

function* partitions<T>(items: readonly T[], pools: T[][] = [], at = 0): Generator<readonly (readonly T[])[]> {
  if (at === items.length) {
    yield pools;
    return;
  }
  for (const pool of pools) {
    pool.push(items[at]);
    yield* partitions(items, pools, at + 1);
    pool.pop();
  }
  pools.push([items[at]]);
  yield* partitions(items, pools, at + 1);
  pools.pop();
}

const lossOf = (pool: readonly Drawn[]): number =>
  pool.reduce(
    (sum, { features }) =>
      sum + features.filter((name) => !pool.every((other) => other.features.includes(name))).length,
    0,
  );

function survives(pool: readonly Drawn[], load: number): boolean {
  const total = pool.reduce((sum, { capacity }) => sum + capacity, 0);
  return pool.length > 1 && (total - Math.max(...pool.map(({ capacity }) => capacity))) / total >= load;
}

/** The front over all partitions of the hosts, equal ones parted or not. */
function bruteFront(hosts: readonly Drawn[], limits: { minHosts: number; maxPools: number; load: number }): Point[] {
  const points: Point[] = [];
  for (const pools of partitions(hosts)) {
    const isAllowed =
      pools.length <= limits.maxPools &&
      pools.every((pool) => pool.length >= limits.minHosts && new Set(pool.map(({ isIntel }) => isIntel)).size === 1);
    if (isAllowed)
      points.push([
        pools.length,
        pools.reduce((sum, pool) => sum + lossOf(pool), 0),
        pools.every((pool) => survives(pool, limits.load)),
      ]);
  }
  const beats = (a: Point, b: Point): boolean => a[0] <= b[0] && a[1] <= b[1] && Number(a[2]) >= Number(b[2]);
  const best = points.filter((one) => !points.some((other) => beats(other, one) && !beats(one, other)));
  return sortPoints(best);
}

const sortPoints = (points: readonly Point[]): Point[] =>
  [...new Map(points.map((point) => [point.join(), point])).values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);

const contexts = new Map<string, PlanHost['context']>();

function hostOf({ features, isIntel }: Drawn, at: number): PlanHost {
  const vendor = isIntel ? 'GenuineIntel' : 'AuthenticAMD';
  const fingerprint = `${vendor} ${features.join()}`;
  const known = contexts.get(fingerprint);
  const made = planHost(
    `host-${at}`,
    index,
    hostWith(index, setOfFeatures(index, [...always, ...features]), { vendor }),
    {
      fingerprint,
    },
  );
  const context = known ?? made.context;
  contexts.set(fingerprint, context);
  return { ...made, context };
}

describe('pools of up to seven hosts', () => {
  it('are the whole Pareto front over all partitions: pools, loss, survival', () => {
    fc.assert(
      fc.property(fleets, ({ kinds, hosts: drawn, minHosts, maxPools, load }) => {
        const all = drawn.map(({ kind, ...rest }): Drawn => ({ ...rest, features: kinds[kind % kinds.length] }));
        // Hosts of a vendor that are fewer than the smallest pool are listed, not placed.
        const placed = all.filter(({ isIntel }) => all.filter((other) => other.isIntel === isIntel).length >= minHosts);
        const hosts = all.map(hostOf);
        const capacity = new Map(all.map((host, at) => [`host-${at}`, host.capacity]));
        const plan = optimisePools(hosts, {
          ...{ accel: 'kvm', machine: 'pc-q35-10.0', constraints: { minHosts } },
          ...{ maxPools, load, capacity },
        });
        const points = plan.choices.map(({ pools, survivesLoss }): Point => {
          const lost = pools.map((pool) => {
            const members = pool.hosts.map(({ id }) => all[Number(id.slice('host-'.length))]);
            expect(members.length).toBeGreaterThanOrEqual(minHosts);
            return lossOf(members);
          });
          return [pools.length, lost.reduce((sum, own) => sum + own, 0), survivesLoss];
        });
        expect(sortPoints(points)).toEqual(placed.length === 0 ? [] : bruteFront(placed, { minHosts, maxPools, load }));
        for (const { isBest, keptShare, keptShareBound } of plan.choices) {
          expect(keptShareBound).toBeGreaterThanOrEqual(keptShare);
          expect(isBest).toBe(true);
        }
        if (placed.length > 0 && plan.choices.length === 0) expect(plan.contradictions).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
