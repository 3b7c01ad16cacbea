import type { Steps } from '../fleet-steps.ts';
import type { Atoms } from './atoms.ts';
import { exactAtoms, splitExactly } from './exact-partition.ts';
import { splitGreedily } from './heuristic-partition.ts';
import { normalise, packVarying, type Partition, type PartitionProblem, type Split } from './partition.ts';

/** A split of all atoms; pools hold indexes into them. */
export type SplitChoice = Split;

/** Splits each vendor's atoms by themselves, and combines the best of all for each number of pools. */
export function* findChoices(
  { atoms, apart }: Atoms,
  { minHosts, maxPools }: Pick<PartitionProblem, 'minHosts' | 'maxPools'>,
): Steps<readonly SplitChoice[]> {
  const kinds = new Map<string, number[]>();
  atoms.forEach(({ vendor, machine }, at) => {
    const key = `${vendor}\n${machine}`;
    const members = kinds.get(key);
    if (members === undefined) kinds.set(key, [at]);
    else members.push(at);
  });
  let combined: readonly SplitChoice[] = [{ pools: [], loss: 0, bound: 0 }];
  for (const members of kinds.values()) {
    const number = new Map(members.map((atom, at) => [atom, at]));
    const pairs = apart.flatMap(([a, b]): readonly (readonly [number, number])[] => {
      const [left, right] = [number.get(a), number.get(b)];
      return left === undefined || right === undefined ? [] : [[left, right]];
    });
    const own = packVarying(members.map((at) => atoms[at]));
    yield;
    const splits = yield* splitAtoms({ atoms: own, apart: pairs, minHosts, maxPools });
    combined = combine(
      combined,
      splits.map((split) => rename(split, members)),
      maxPools + kinds.size - 1,
    );
  }
  return combined;
}

/** All partitions where they are few enough to be looked at, else a good one. */
function* splitAtoms(problem: PartitionProblem): Steps<readonly Split[]> {
  return problem.atoms.length <= exactAtoms ? splitExactly(problem) : yield* splitGreedily(problem);
}

function rename({ pools, ...split }: Split, members: readonly number[]): Split {
  return { ...split, pools: pools.map((pool) => pool.map((at) => members[at])) };
}

/** The best sum for each total number of pools. */
function combine(left: readonly SplitChoice[], right: readonly Split[], mostPools: number): SplitChoice[] {
  const best = new Map<number, { readonly pools: Partition; readonly loss: number; bound: number }>();
  for (const a of left)
    for (const b of right) {
      const count = a.pools.length + b.pools.length;
      const known = best.get(count);
      const bound = Math.min(known?.bound ?? Infinity, a.bound + b.bound);
      const loss = a.loss + b.loss;
      if (count > mostPools) continue;
      if (known !== undefined && known.loss <= loss) known.bound = bound;
      else best.set(count, { pools: normalise([...a.pools, ...b.pools]), loss, bound });
    }
  return [...best.values()].sort((a, b) => a.pools.length - b.pools.length);
}
