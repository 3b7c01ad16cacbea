import { nameHosts, sortHosts, type PlanHost } from '../fleet.ts';
import type { FeatureSet } from '../../x86/word-layout.ts';
import type { HostAtom } from './atoms.ts';
import { abbreviate, intersection, namesOf, without, type FeatureSpace } from './feature-space.ts';

/** Some hosts of a pool, and what the others lose because these lack it. */
export interface PoolCost {
  /** How many hosts lack the features. */
  readonly hostCount: number;
  /** The first of them. */
  readonly firstHosts: readonly PlanHost[];
  /** Fingerprints of all of them. */
  readonly fingerprints: readonly string[];
  /** Of which it is not known whether they have them, rather than known that they lack them. */
  readonly isUndecided: boolean;
  /** How many other hosts of the pool have them. */
  readonly others: number;
  readonly features: readonly string[];
  /** `CPUID.07H.0:EBX[16]` for each of `features`. */
  readonly bits: readonly string[];
  /** `node-7 costs the other 40 hosts avx512*`. */
  readonly sentence: string;
}

/** Dearer causes come first; beyond these there are only trifles. */
const mostCosts = 12;
const namedHosts = 3;

const verb = (count: number): string => (count === 1 ? 'costs' : 'cost');
const others = (count: number): string => (count === 1 ? 'the other host' : `the other ${count} hosts`);

interface CostGroup {
  /** Indexes of the atoms that lack the features. */
  readonly lacking: readonly number[];
  readonly lackingHosts: number;
  readonly numbers: number[];
}

/** Why a pool promises less than some of its hosts have, dearest first. */
export function explainCosts(space: FeatureSpace, atoms: readonly HostAtom[]): readonly PoolCost[] {
  const common = intersection(
    atoms.map(({ features }) => features),
    space.laneCount,
  );
  const groups = new Map<string, CostGroup>();
  for (const number of lostNumbers(atoms, common)) {
    const lacking = atoms.flatMap(({ features }, at) => ((features[number >> 5] >>> (number & 31)) & 1 ? [] : [at]));
    const lackingHosts = lacking.reduce((count, at) => count + atoms[at].weight, 0);
    const group = groups.get(lacking.join()) ?? { lacking, lackingHosts, numbers: [] };
    group.numbers.push(number);
    groups.set(lacking.join(), group);
  }
  const total = atoms.reduce((hosts, { weight }) => hosts + weight, 0);
  const cost = ({ lackingHosts, numbers }: CostGroup): number => (total - lackingHosts) * numbers.length;
  return [...groups.values()]
    .sort((a, b) => cost(b) - cost(a) || a.lackingHosts - b.lackingHosts)
    .slice(0, mostCosts)
    .map((group) => costOf(space, atoms, group, total));
}

function lostNumbers(atoms: readonly HostAtom[], common: FeatureSet): number[] {
  const numbers: number[] = [];
  for (let lane = 0; lane < common.length; lane++) {
    let any = 0;
    for (const { features } of atoms) any |= features[lane];
    for (let bit = 0; bit < 32; bit++) if (((any & ~common[lane]) >>> bit) & 1) numbers.push(lane * 32 + bit);
  }
  return numbers;
}

function costOf(
  { names, bits }: FeatureSpace,
  atoms: readonly HostAtom[],
  { lacking, lackingHosts, numbers }: CostGroup,
  total: number,
): PoolCost {
  const features = numbers.map((number) => names[number]);
  const isUndecided = lacking.every((at) =>
    atoms[at].abilities.some(({ undecided }) => numbers.some((n) => ((undecided[n >> 5] >>> (n & 31)) & 1) === 1)),
  );
  const firstHosts = sortHosts(lacking.flatMap((at) => atoms[at].hosts.slice(0, namedHosts))).slice(0, namedHosts);
  const unsure = isUndecided ? ', as far as is known' : '';
  const who = nameHosts(firstHosts, lackingHosts);
  const sentence = `${who} ${verb(lackingHosts)} ${others(total - lackingHosts)} ${abbreviate(features)}${unsure}`;
  return {
    hostCount: lackingHosts,
    firstHosts,
    fingerprints: [
      ...new Set(lacking.flatMap((at) => atoms[at].abilities.map(({ members }) => members.sample.fingerprint))),
    ],
    isUndecided,
    others: total - lackingHosts,
    features,
    bits: numbers.map((number) => bits[number]),
    sentence,
  };
}

/** Why two pools are not one: what each would lose of what it promises. */
export interface PoolCut {
  /** Index of the other pool. */
  readonly other: number;
  readonly ownLoss: readonly string[];
  readonly otherLoss: readonly string[];
  readonly sentence: string;
}

/** The sides of a cut. */
export interface CutSide {
  readonly hosts: readonly PlanHost[];
  readonly promised: FeatureSet;
}

export function explainCut(space: FeatureSpace, own: CutSide, other: CutSide, at: number): PoolCut {
  const ownLoss = namesOf(space, without(own.promised, other.promised));
  const otherLoss = namesOf(space, without(other.promised, own.promised));
  const parts = [
    otherLoss.length > 0 ? `${nameHosts(own.hosts)} would cost ${nameHosts(other.hosts)} ${abbreviate(otherLoss)}` : '',
    ownLoss.length > 0 ? `${nameHosts(other.hosts)} would cost ${nameHosts(own.hosts)} ${abbreviate(ownLoss)}` : '',
  ].filter((part) => part !== '');
  const sentence = parts.length === 0 ? 'together they promise no less' : parts.join('; ');
  return { other: at, ownLoss, otherLoss, sentence };
}
