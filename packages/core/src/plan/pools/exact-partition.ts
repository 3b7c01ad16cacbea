import { popcount } from '../../x86/feature-set.ts';
import { normalise, survives, type PartitionProblem, type Split } from './partition.ts';

/** Atoms up to which all partitions are looked at: 3^12 steps for each number of pools. */
export const exactAtoms = 12;

/** Loss of every set of atoms as one pool, by bit mask; Infinity where the pool is not allowed. */
function lossOfSets({ atoms, apart, minHosts, survival }: PartitionProblem): Float64Array {
  const count = 1 << atoms.length;
  const lanes = atoms[0].features.length;
  const common = new Uint32Array(count * lanes).fill(0xffffffff, 0, lanes);
  const hosts = new Float64Array(count);
  const owned = new Float64Array(count);
  const forbidden = apart.map(([a, b]) => (1 << a) | (1 << b));
  const loss = new Float64Array(count);
  const total = new Float64Array(count);
  const largest = new Float64Array(count);
  for (let set = 1; set < count; set++) {
    const atom = 31 - Math.clz32(set & -set);
    const rest = set & (set - 1);
    const { features, weight } = atoms[atom];
    let promised = 0;
    let own = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const kept = common[rest * lanes + lane] & features[lane];
      common[set * lanes + lane] = kept;
      promised += popcount(kept);
      own += popcount(features[lane]);
    }
    hosts[set] = hosts[rest] + weight;
    owned[set] = owned[rest] + own * weight;
    if (survival !== undefined) {
      total[set] = total[rest] + survival.capacity[atom].total;
      largest[set] = Math.max(largest[rest], survival.capacity[atom].largest);
    }
    const isSturdy =
      survival === undefined || survives(hosts[set], { total: total[set], largest: largest[set] }, survival.load);
    const isAllowed = isSturdy && hosts[set] >= minHosts && forbidden.every((pair) => (set & pair) !== pair);
    loss[set] = isAllowed ? owned[set] - hosts[set] * promised : Infinity;
  }
  return loss;
}

/** The least loss of each set of atoms split into k pools, for k from 1 on, and the pool that holds its lowest atom. */
interface Layer {
  readonly least: Float64Array;
  readonly first: Uint32Array;
}

function nextLayer(loss: Float64Array, before: Layer): Layer {
  const least = new Float64Array(loss.length).fill(Infinity);
  const first = new Uint32Array(loss.length);
  for (let set = 1; set < loss.length; set++) {
    const lowest = set & -set;
    const others = set ^ lowest;
    // Every way to choose the companions of the lowest atom; the rest goes to the other pools.
    for (let companions = (others - 1) & others; others !== 0; companions = (companions - 1) & others) {
      const pool = companions | lowest;
      const total = loss[pool] + before.least[set ^ pool];
      if (total < least[set]) {
        least[set] = total;
        first[set] = pool;
      }
      if (companions === 0) break;
    }
  }
  return { least, first };
}

/**
 * The best partition into k pools for each k, by looking at all. Where none is allowed there is no entry.
 * @throws nothing; at most {@link exactAtoms} atoms
 */
export function splitExactly(problem: PartitionProblem): readonly Split[] {
  const { atoms, maxPools } = problem;
  if (atoms.length === 0) return [];
  const loss = lossOfSets(problem);
  const layers: Layer[] = [{ least: loss, first: Uint32Array.from(loss.keys()) }];
  while (layers.length < Math.min(maxPools, atoms.length)) layers.push(nextLayer(loss, layers[layers.length - 1]));
  return layers.flatMap((_, at) => readSplit(layers.slice(0, at + 1)));
}

function readSplit(layers: readonly Layer[]): Split[] {
  const last = layers[layers.length - 1];
  let set = last.least.length - 1;
  const loss = last.least[set];
  if (loss === Infinity) return [];
  const pools: number[][] = [];
  for (let k = layers.length - 1; k >= 0; k--) {
    const pool = layers[k].first[set];
    pools.push(membersOf(pool));
    set ^= pool;
  }
  return [{ pools: normalise(pools), loss, bound: loss }];
}

function membersOf(set: number): number[] {
  const members: number[] = [];
  for (let rest = set; rest !== 0; rest &= rest - 1) members.push(31 - Math.clz32(rest & -rest));
  return members;
}
