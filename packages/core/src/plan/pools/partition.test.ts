import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runSteps } from '../fleet-steps.ts';
import { exactAtoms, splitExactly } from './exact-partition.ts';
import { splitGreedily } from './heuristic-partition.ts';
import {
  normalise,
  packVarying,
  partitionLoss,
  type Atom,
  type Partition,
  type PartitionProblem,
} from './partition.ts';

const atom = fc.record({
  features: fc.array(fc.nat({ max: 0xffff }), { minLength: 2, maxLength: 2 }).map((lanes) => Uint32Array.from(lanes)),
  weight: fc.integer({ min: 1, max: 9 }),
});
const problems = (least: number, most: number) =>
  fc.record({
    atoms: fc.array(atom, { minLength: least, maxLength: most }),
    apart: fc.constant([]),
    minHosts: fc.integer({ min: 1, max: 6 }),
    maxPools: fc.integer({ min: 1, max: 5 }),
  });

/** All partitions, one after another. */
function* partitions(count: number, pools: number[][] = [], at = 0): Generator<Partition> {
  if (at === count) {
    yield normalise(pools);
    return;
  }
  for (const pool of pools) {
    pool.push(at);
    yield* partitions(count, pools, at + 1);
    pool.pop();
  }
  pools.push([at]);
  yield* partitions(count, pools, at + 1);
  pools.pop();
}

function isAllowed({ atoms, minHosts, apart }: PartitionProblem, pools: Partition): boolean {
  return pools.every(
    (pool) =>
      pool.reduce((hosts, member) => hosts + atoms[member].weight, 0) >= minHosts &&
      apart.every(([a, b]) => !pool.includes(a) || !pool.includes(b)),
  );
}

describe('the exact split', () => {
  it('loses for each number of pools as little as the best of all partitions', () => {
    fc.assert(
      fc.property(problems(1, 6), fc.boolean(), (problem, hasConflict) => {
        const apart: readonly (readonly [number, number])[] = hasConflict && problem.atoms.length > 2 ? [[0, 2]] : [];
        const full: PartitionProblem = { ...problem, apart };
        const least = new Map<number, number>();
        for (const pools of partitions(problem.atoms.length)) {
          if (pools.length > problem.maxPools || !isAllowed(full, pools)) continue;
          least.set(pools.length, Math.min(least.get(pools.length) ?? Infinity, partitionLoss(problem.atoms, pools)));
        }
        const found = splitExactly(full);
        expect(new Map(found.map(({ pools, loss }) => [pools.length, loss]))).toEqual(least);
        for (const { pools, loss } of found) {
          expect(isAllowed(full, pools)).toBe(true);
          expect(partitionLoss(problem.atoms, pools)).toBe(loss);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the greedy split', () => {
  it('is never better than the exact one, nor better than its own bound', () => {
    fc.assert(
      fc.property(problems(2, exactAtoms - 2), (problem) => {
        const exact = new Map(splitExactly(problem).map(({ pools, loss }) => [pools.length, loss]));
        for (const { pools, loss, bound } of runSteps(splitGreedily(problem))) {
          expect(isAllowed(problem, pools)).toBe(true);
          expect(partitionLoss(problem.atoms, pools)).toBe(loss);
          expect(loss).toBeGreaterThanOrEqual(exact.get(pools.length) ?? Infinity);
          expect(bound).toBeLessThanOrEqual(exact.get(pools.length) ?? -1);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps atoms apart and pools large enough', () => {
    fc.assert(
      fc.property(fc.array(atom, { minLength: 14, maxLength: 30 }), (atoms) => {
        const problem: PartitionProblem = {
          atoms,
          apart: [
            [0, 1],
            [2, 3],
            [0, 2],
          ],
          minHosts: 4,
          maxPools: 6,
        };
        for (const { pools } of runSteps(splitGreedily(problem))) expect(isAllowed(problem, pools)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('packing', () => {
  it('drops features that make no difference', () => {
    const atoms: Atom[] = [0b1011, 0b1001, 0b1101].map((lane) => ({ features: Uint32Array.of(lane), weight: 1 }));
    expect(packVarying(atoms).map(({ features }) => features[0])).toEqual([0b01, 0b00, 0b10]);
  });
});
