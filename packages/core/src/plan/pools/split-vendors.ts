import type { Steps } from '../fleet-steps.ts';
import type { PlanHost } from '../fleet.ts';
import { kindOfHosts, type Atoms, type HostAtom } from './atoms.ts';
import { exactAtoms, splitExactly } from './exact-partition.ts';
import { splitGreedily } from './heuristic-partition.ts';
import {
  normalise,
  packVarying,
  type Partition,
  type PartitionProblem,
  type Split,
  type Survival,
} from './partition.ts';

/** A split of all atoms; pools hold indexes into them. */
export type SplitChoice = Split;

/** What pools must be like, for all kinds of hosts together. */
export interface PoolWishes extends Pick<PartitionProblem, 'minHosts' | 'maxPools'> {
  /** Every pool must survive the loss of a host: how much of its capacity is in use, and what each host can carry. */
  readonly survival?: { readonly load: number; readonly capacityOf: (host: PlanHost) => number } | undefined;
}

/** Splits each kind of hosts by itself, and combines the best of all for each number of pools. */
export function* findChoices({ atoms, apart }: Atoms, wishes: PoolWishes): Steps<readonly SplitChoice[]> {
  const kinds = new Map<string, number[]>();
  atoms.forEach((atom, at) => {
    const members = kinds.get(kindOfHosts(atom));
    if (members === undefined) kinds.set(kindOfHosts(atom), [at]);
    else members.push(at);
  });
  let combined: readonly SplitChoice[] = [{ pools: [], loss: 0, bound: 0 }];
  for (const members of kinds.values()) {
    const number = new Map(members.map((atom, at) => [atom, at]));
    const pairs = apart.flatMap(([a, b]): readonly (readonly [number, number])[] => {
      const [left, right] = [number.get(a), number.get(b)];
      return left === undefined || right === undefined ? [] : [[left, right]];
    });
    const own = members.map((at) => atoms[at]);
    // Each other kind has one pool at least.
    const maxPools = wishes.maxPools - (kinds.size - 1);
    if (maxPools < 1) return [];
    yield;
    const splits = yield* splitKind(own, { ...wishes, maxPools, apart: pairs });
    combined = combine(
      combined,
      splits.map((split) => rename(split, members)),
      wishes.maxPools,
    );
  }
  return combined;
}

/** All partitions where atoms are few enough for them to be looked at, else a good one. */
function* splitKind(
  members: readonly HostAtom[],
  { survival, ...limits }: PoolWishes & Pick<PartitionProblem, 'apart'>,
): Steps<readonly Split[]> {
  const atoms = packVarying(members);
  const minHosts = survival === undefined ? limits.minHosts : Math.max(limits.minHosts, sturdyHosts(survival.load));
  if (atoms.length > exactAtoms) return yield* splitGreedily({ ...limits, atoms, minHosts });
  const problem: PartitionProblem = { ...limits, atoms, survival: survival && readSurvival(members, survival) };
  const splits = splitExactly(problem);
  const isSized = limits.minHosts > 1 || survival !== undefined;
  if (!isSized || members.every(({ weight }) => weight === 1)) return splits;
  // Equal hosts are held together here, which pools of any size never have to: those bound these.
  const unsized = splitExactly({ ...limits, atoms, minHosts: 1 });
  const least = (pools: number): number =>
    Math.min(...unsized.filter((split) => split.pools.length <= pools).map(({ loss }) => loss));
  return splits.map((split) => ({ ...split, bound: Math.min(split.loss, least(split.pools.length)) }));
}

const highestLoad = 0.99;

/** Equal hosts that a pool needs so that all but one carry its load. */
function sturdyHosts(load: number): number {
  return Math.max(2, Math.ceil(1 / (1 - Math.min(Math.max(load, 0), highestLoad))));
}

function readSurvival(
  members: readonly HostAtom[],
  { load, capacityOf }: NonNullable<PoolWishes['survival']>,
): Survival {
  const capacity = members.map(({ hosts }) => {
    const each = hosts.map(capacityOf);
    return { total: each.reduce((sum, own) => sum + own, 0), largest: Math.max(...each) };
  });
  return { load, capacity };
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
