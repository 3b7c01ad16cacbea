import type { FeatureSet } from '../../x86/word-layout.ts';
import type { PlanHost } from '../fleet.ts';
import type { HostAtom } from './atoms.ts';
import { explainCosts, explainCut, type PoolCost, type PoolCut } from './explain-pool.ts';
import { countMissing, intersection, namesOf, type FeatureSpace } from './feature-space.ts';

/** One pool of a choice. */
export interface Pool {
  readonly vendor: string;
  readonly machine: string;
  readonly hosts: readonly PlanHost[];
  /** Features that every host has. */
  readonly promised: readonly string[];
  readonly afterLoss: AfterLoss;
  /** Which hosts cost the others what, dearest first. */
  readonly costs: readonly PoolCost[];
  /** Why it is not one with the pool that would lose least; null: there is no other of its vendor. */
  readonly cut: PoolCut | null;
}

/** A pool without any one of its hosts. What it promises never gets less by that. */
export interface AfterLoss {
  readonly survives: boolean;
  /** The largest host, whose loss is the worst; the first of equals. */
  readonly worst: PlanHost;
  /** Part of the capacity that is left without it. */
  readonly capacityLeft: number;
}

/** A pool before it is put into words. */
export interface DraftedPools {
  readonly pools: readonly (readonly HostAtom[])[];
  readonly afterLoss: readonly AfterLoss[];
}

interface PoolSide {
  readonly atoms: readonly HostAtom[];
  readonly hosts: readonly PlanHost[];
  readonly promised: FeatureSet;
}

/** `order`: all hosts in the order of their ids, so that nothing has to be sorted for each pool. */
export function describePools(
  space: FeatureSpace,
  { pools, afterLoss }: DraftedPools,
  order: readonly PlanHost[],
): Pool[] {
  const hosts: PlanHost[][] = pools.map(() => []);
  const home = new Map(
    pools.flatMap((atoms, at) => atoms.flatMap((atom) => atom.hosts.map((host) => [host, at] as const))),
  );
  for (const host of order) hosts[home.get(host) ?? 0].push(host);
  const sides = pools.map((atoms, at): PoolSide => {
    const features = atoms.map((atom) => atom.features);
    return { atoms, hosts: hosts[at], promised: intersection(features, space.laneCount) };
  });
  return sides.map((side, at) => ({
    vendor: side.atoms[0].vendor,
    machine: side.atoms[0].machine,
    hosts: side.hosts,
    promised: namesOf(space, side.promised),
    afterLoss: afterLoss[at],
    costs: explainCosts(space, splitAbilities(side.atoms)),
    cut: cutOf(space, sides, at),
  }));
}

/** Hosts that are kept together may differ among themselves, which costs, too. */
function splitAbilities(atoms: readonly HostAtom[]): HostAtom[] {
  return atoms.flatMap((atom) =>
    atom.abilities.map((ability) => ({
      ...atom,
      abilities: [ability],
      hosts: ability.members.hosts,
      features: ability.features,
      weight: ability.members.hosts.length,
    })),
  );
}

function cutOf(space: FeatureSpace, sides: readonly PoolSide[], at: number): PoolCut | null {
  const own = sides[at];
  const costOf = (other: PoolSide): number =>
    countMissing(own.promised, other.promised) * own.hosts.length +
    countMissing(other.promised, own.promised) * other.hosts.length;
  let nearest: number | null = null;
  for (const [i, other] of sides.entries()) {
    const isOfKind = other.atoms[0].vendor === own.atoms[0].vendor && other.atoms[0].machine === own.atoms[0].machine;
    if (i === at || !isOfKind) continue;
    if (nearest === null || costOf(other) < costOf(sides[nearest])) nearest = i;
  }
  return nearest === null ? null : explainCut(space, own, sides[nearest], nearest);
}
