import { popcount } from '../../x86/feature-set.ts';
import type { FeatureSet } from '../../x86/word-layout.ts';

/** Hosts that stay together, as the optimiser moves them. */
export interface Atom {
  readonly features: FeatureSet;
  /** Number of hosts. */
  readonly weight: number;
}

/** Atoms of one vendor to be split into pools. */
export interface PartitionProblem {
  readonly atoms: readonly Atom[];
  /** Pairs of atoms (indexes) that must not share a pool. */
  readonly apart: readonly (readonly [number, number])[];
  /** Hosts that a pool must have at least. */
  readonly minHosts: number;
  /** Partitions into more pools are of no interest. */
  readonly maxPools: number;
  /** Every pool must survive the loss of any one host; absent: it need not. */
  readonly survival?: Survival | undefined;
}

/** What decides whether a pool survives the loss of its largest host. */
export interface Survival {
  /** Part of the capacity of a pool that is in use, 0 up to 1. */
  readonly load: number;
  /** Of each atom: capacity of all its hosts, and of the largest. */
  readonly capacity: readonly { readonly total: number; readonly largest: number }[];
}

/** Whether what is left without the largest host carries the load of all. */
export function survives(hosts: number, { total, largest }: Survival['capacity'][number], load: number): boolean {
  return hosts > 1 && total > 0 && (total - largest) / total >= load;
}

/** Atoms by index, each pool in ascending order, pools by their first atom. */
export type Partition = readonly (readonly number[])[];

/** A way to split into a number of pools. */
export interface Split {
  readonly pools: Partition;
  /** Features that hosts have and their pools do not promise, summed over all hosts. */
  readonly loss: number;
  /** No partition into that many pools loses less than this. Equal to `loss`: this one is best. */
  readonly bound: number;
}

/** Loss of a pool: what each of its hosts has beyond what all of them have. */
export function poolLoss(atoms: readonly Atom[], members: readonly number[]): number {
  const [first, ...others] = members;
  const common = atoms[first].features.slice();
  for (const member of others) {
    const { features } = atoms[member];
    for (let lane = 0; lane < common.length; lane++) common[lane] &= features[lane];
  }
  let loss = 0;
  for (const member of members) {
    const { features, weight } = atoms[member];
    let beyond = 0;
    for (let lane = 0; lane < common.length; lane++) beyond += popcount(features[lane] & ~common[lane]);
    loss += beyond * weight;
  }
  return loss;
}

export function partitionLoss(atoms: readonly Atom[], pools: Partition): number {
  return pools.reduce((loss, pool) => loss + poolLoss(atoms, pool), 0);
}

/** Equal partitions become equal texts and lists. */
export function normalise(pools: readonly (readonly number[])[]): Partition {
  return pools.map((pool) => [...pool].sort((a, b) => a - b)).sort((a, b) => a[0] - b[0]);
}

/**
 * Drops the features that all atoms have or all lack, which no partition changes: what is left is short.
 */
export function packVarying(atoms: readonly Atom[]): Atom[] {
  const laneCount = atoms[0]?.features.length ?? 0;
  const varying: { readonly lane: number; readonly bit: number }[] = [];
  for (let lane = 0; lane < laneCount; lane++) {
    let [all, any] = [0xffffffff, 0];
    for (const { features } of atoms) {
      all &= features[lane];
      any |= features[lane];
    }
    for (let bit = 0; bit < 32; bit++) if (((any & ~all) >>> bit) & 1) varying.push({ lane, bit });
  }
  return atoms.map(({ features, weight }) => {
    const packed = new Uint32Array(Math.ceil(varying.length / 32));
    varying.forEach(({ lane, bit }, at) => {
      if ((features[lane] >>> bit) & 1) packed[at >> 5] |= 1 << (at & 31);
    });
    return { features: packed, weight };
  });
}
