import { popcount } from '../../x86/feature-set.ts';
import type { FeatureSet } from '../../x86/word-layout.ts';
import type { Steps } from '../fleet-steps.ts';
import { splitExactly } from './exact-partition.ts';
import { normalise, partitionLoss, type Atom, type Partition, type PartitionProblem, type Split } from './partition.ts';

interface Block {
  readonly members: readonly number[];
  readonly common: FeatureSet;
  readonly hosts: number;
}

const blockOf = ({ features, weight }: Atom, member: number): Block => ({
  members: [member],
  common: features,
  hosts: weight,
});

/** What hosts of both lose when two pools become one. */
function mergeCost(a: Block, b: Block): number {
  let [lostByA, lostByB] = [0, 0];
  for (let lane = 0; lane < a.common.length; lane++) {
    lostByA += popcount(a.common[lane] & ~b.common[lane]);
    lostByB += popcount(b.common[lane] & ~a.common[lane]);
  }
  return lostByA * a.hosts + lostByB * b.hosts;
}

const merge = (a: Block, b: Block): Block => ({
  members: [...a.members, ...b.members],
  common: a.common.map((lane, at) => lane & b.common[at]),
  hosts: a.hosts + b.hosts,
});

/** Looks up whether two sets of atoms may share a pool. */
class Conflicts {
  readonly #of: ReadonlyMap<number, ReadonlySet<number>>;

  constructor(apart: PartitionProblem['apart']) {
    const of = new Map<number, Set<number>>();
    const add = (a: number, b: number): void => void of.set(a, (of.get(a) ?? new Set<number>()).add(b));
    for (const [a, b] of apart) {
      add(a, b);
      add(b, a);
    }
    this.#of = of;
  }

  between(a: readonly number[], b: readonly number[]): boolean {
    if (this.#of.size === 0) return false;
    return a.some((atom) => {
      const enemies = this.#of.get(atom);
      return enemies !== undefined && b.some((other) => enemies.has(other));
    });
  }
}

/**
 * Merges the two pools whose merger costs least, again and again; too small ones first. Each block keeps its nearest
 * other, so that a merger costs one pass.
 */
class Agglomeration {
  readonly blocks: (Block | null)[];
  readonly #nearest: number[];
  readonly #cost: number[];
  readonly #conflicts: Conflicts;
  readonly #minHosts: number;
  count: number;

  constructor({ atoms, apart, minHosts }: PartitionProblem) {
    this.blocks = atoms.map(blockOf);
    this.count = atoms.length;
    this.#minHosts = minHosts;
    this.#conflicts = new Conflicts(apart);
    this.#nearest = atoms.map(() => -1);
    this.#cost = atoms.map(() => Infinity);
    this.blocks.forEach((_, at) => this.#findNearest(at));
  }

  get isAllowed(): boolean {
    return this.blocks.every((block) => block === null || block.hosts >= this.#minHosts);
  }

  #costOf(a: number, b: number): number {
    const [left, right] = [this.blocks[a], this.blocks[b]];
    if (left === null || right === null || this.#conflicts.between(left.members, right.members)) return Infinity;
    return mergeCost(left, right);
  }

  #findNearest(at: number): void {
    this.#nearest[at] = -1;
    this.#cost[at] = Infinity;
    for (let other = 0; other < this.blocks.length; other++) {
      if (other === at) continue;
      const cost = this.#costOf(at, other);
      if (cost >= this.#cost[at]) continue;
      this.#cost[at] = cost;
      this.#nearest[at] = other;
    }
  }

  /** False when nothing can be merged any more. */
  mergeNext(): boolean {
    let best = -1;
    const isUrgent = !this.isAllowed;
    this.blocks.forEach((block, at) => {
      if (block === null || this.#nearest[at] < 0 || (isUrgent && block.hosts >= this.#minHosts)) return;
      if (best < 0 || this.#cost[at] < this.#cost[best]) best = at;
    });
    if (best < 0) return false;
    const [into, from] = [Math.min(best, this.#nearest[best]), Math.max(best, this.#nearest[best])];
    const [left, right] = [this.blocks[into], this.blocks[from]];
    if (left === null || right === null) return false;
    this.blocks[into] = merge(left, right);
    this.blocks[from] = null;
    this.count -= 1;
    this.blocks.forEach((block, at) => {
      if (block === null) return;
      if (at === into || this.#nearest[at] === into || this.#nearest[at] === from) this.#findNearest(at);
      else this.#offer(at, into);
    });
    return true;
  }

  #offer(at: number, other: number): void {
    const cost = this.#costOf(at, other);
    if (cost > this.#cost[at] || (cost === this.#cost[at] && other > this.#nearest[at])) return;
    this.#cost[at] = cost;
    this.#nearest[at] = other;
  }

  pools(): Partition {
    return normalise(this.blocks.flatMap((block) => (block === null ? [] : [block.members])));
  }
}

/** Rounds of moving single atoms; each round only lowers the loss. */
const improvementRounds = 4;

function commonOf(atoms: readonly Atom[], members: readonly number[], except = -1): FeatureSet {
  const common = new Uint32Array(atoms[0].features.length).fill(0xffffffff);
  for (const member of members)
    if (member !== except)
      for (let lane = 0; lane < common.length; lane++) common[lane] &= atoms[member].features[lane];
  return common;
}

const count = (set: FeatureSet): number => {
  let features = 0;
  for (const lane of set) features += popcount(lane);
  return features;
};

/** Moves atoms to pools where they cost less, until nothing moves. */
function improve({ atoms, apart, minHosts }: PartitionProblem, start: Partition): Partition {
  const pools = start.map((pool) => ({
    members: [...pool],
    hosts: pool.reduce((sum, at) => sum + atoms[at].weight, 0),
  }));
  const homeOf = new Map(pools.flatMap((pool) => pool.members.map((member) => [member, pool] as const)));
  const conflicts = new Conflicts(apart);
  for (let round = 0; round < improvementRounds; round++) {
    let hasMoved = false;
    const promised = new Map(pools.map((pool) => [pool, commonOf(atoms, pool.members)]));
    for (let atom = 0; atom < atoms.length; atom++) {
      const home = homeOf.get(atom);
      if (home === undefined || home.members.length < 2 || home.hosts - atoms[atom].weight < minHosts) continue;
      const { features, weight } = atoms[atom];
      const rest = commonOf(atoms, home.members, atom);
      const now = promised.get(home) ?? rest;
      const gain = (home.hosts - weight) * (count(rest) - count(now)) - weight * count(now);
      let [best, target] = [0, home];
      for (const pool of pools) {
        if (pool === home || conflicts.between([atom], pool.members)) continue;
        const before = promised.get(pool) ?? features;
        const after = before.map((lane, at) => lane & features[at]);
        const change = gain + weight * count(after) - pool.hosts * (count(before) - count(after));
        if (change > best) [best, target] = [change, pool];
      }
      if (target === home) continue;
      home.members.splice(home.members.indexOf(atom), 1);
      home.hosts -= weight;
      target.members.push(atom);
      target.hosts += weight;
      homeOf.set(atom, target);
      promised.set(home, rest);
      promised.set(target, commonOf(atoms, target.members));
      hasMoved = true;
    }
    if (!hasMoved) break;
  }
  return normalise(pools.map(({ members }) => members));
}

/** Atoms of one group of the bound; 3^8 steps each. */
const groupAtoms = 8;

/**
 * What no partition into k pools can lose less than, for k from 1 to `maxPools`: the atoms are dealt out to small
 * groups, each of which is split best into at most k pools. A pool of the whole loses at least what its parts in the
 * groups lose alone, since a part promises no less; so the sum over the groups bounds the whole from below. `spread`
 * lists atoms that are alike one after another, so that they go to different groups.
 */
function* lowerBounds({ atoms, maxPools }: PartitionProblem, spread: readonly number[]): Steps<readonly number[]> {
  const groupCount = Math.max(1, Math.ceil(atoms.length / groupAtoms));
  const bounds = new Array<number>(maxPools).fill(0);
  for (let group = 0; group < groupCount; group++) {
    yield;
    const members = spread.filter((_, at) => at % groupCount === group).map((at) => atoms[at]);
    const splits = splitExactly({ atoms: members, apart: [], minHosts: 1, maxPools });
    bounds.forEach((_, k) => (bounds[k] += splits[Math.min(k, splits.length - 1)].loss));
  }
  // There is one way only to make one pool.
  bounds[0] = partitionLoss(atoms, [[...atoms.keys()]]);
  return bounds;
}

/**
 * A good partition into k pools for each k: mergers that cost least, then moves of single atoms, with a bound that says
 * how much better the best could be. Where none was found there is no entry.
 */
export function* splitGreedily(problem: PartitionProblem): Steps<readonly Split[]> {
  const { atoms, maxPools } = problem;
  const agglomeration = new Agglomeration(problem);
  const found: { readonly pools: Partition; readonly loss: number }[] = [];
  for (;;) {
    if (agglomeration.count <= maxPools && agglomeration.isAllowed) {
      yield;
      const pools = improve(problem, agglomeration.pools());
      found.push({ pools, loss: partitionLoss(atoms, pools) });
    }
    if (agglomeration.count <= 1 || !agglomeration.mergeNext()) break;
  }
  const [finest] = found;
  if (finest === undefined) return [];
  const bounds = yield* lowerBounds(problem, finest.pools.flat());
  return found
    .map(({ pools, loss }) => ({ pools, loss, bound: Math.min(loss, bounds[pools.length - 1]) }))
    .sort((a, b) => a.pools.length - b.pools.length);
}
