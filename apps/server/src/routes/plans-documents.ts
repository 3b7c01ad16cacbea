import { abiReach } from '@cpu-atlas/core';
import type {
  FleetVerdict,
  ModelEffect,
  ModelTally,
  Obstacle,
  PlanHost,
  Pool,
  PoolCost,
  RankedChoice,
  UnplacedHost,
  VmEffect,
} from '@cpu-atlas/core';
import type { PlanResult, PoolDocument, RankedChoiceDocument } from '@cpu-atlas/contract';

/** Obstacles that an answer lists; the first ones decide. */
const mostObstacles = 16;

export const refOf = ({ id, name }: PlanHost): { readonly id: string; readonly name: string } => ({ id, name });

export const firstObstacles = (obstacles: readonly Obstacle[]): readonly Obstacle[] =>
  obstacles.slice(0, mostObstacles);

/** The x86-64 ABI level of a list of features. */
export function abiLevelOf(features: ReadonlySet<string>): number {
  return abiReach((name) => features.has(name)).level;
}

const hostsOf = <T extends { readonly hostCount: number; readonly firstHosts: readonly PlanHost[] }>({
  firstHosts,
  ...rest
}: T) => ({ ...rest, firstHosts: firstHosts.map(refOf) });

function decidingOf(
  deciding: FleetVerdict['deciding'] | ModelEffect['deciding'],
): RankedChoiceDocument['proof']['deciding'] {
  return deciding === null ? null : { host: refOf(deciding.host), obstacle: deciding.obstacle };
}

export function documentChoice(choice: RankedChoice): RankedChoiceDocument {
  const { answer, yes, no, unknown, total, deciding } = choice.proof;
  return {
    ...choice,
    losses: choice.losses.map(hostsOf),
    refusals: choice.refusals.map(hostsOf),
    proof: { answer, yes, no, unknown, total, deciding: decidingOf(deciding) },
  };
}

export function documentPool(pool: Pool): PoolDocument {
  const { afterLoss, costs, hosts, promised } = pool;
  return {
    ...pool,
    hosts: hosts.map(({ id }) => id),
    abiLevel: abiLevelOf(new Set(promised)),
    afterLoss: { ...afterLoss, worst: refOf(afterLoss.worst) },
    costs: costs.map((cost: PoolCost) => hostsOf(cost)),
  };
}

export const documentUnplaced = ({
  host,
  obstacle,
}: UnplacedHost): { readonly host: ReturnType<typeof refOf>; readonly obstacle: Obstacle } => ({
  host: refOf(host),
  obstacle,
});

type WhatIfDocument = Extract<PlanResult, { readonly kind: 'what-if' }>;

const tallyOf = ({ answer, yes, no, unknown, total }: ModelTally): WhatIfDocument['models'][number]['before'] => ({
  ...{ answer, yes, no, unknown, total },
});

export function documentEffect({ effect, before, after, deciding }: ModelEffect): WhatIfDocument['models'][number] {
  return { effect, model: after.model, before: tallyOf(before), after: tallyOf(after), deciding: decidingOf(deciding) };
}

export function documentVmEffect({ vm, obstacles, ...rest }: VmEffect): WhatIfDocument['vms'][number] {
  return { ...rest, vm: vm.name, obstacles: firstObstacles(obstacles) };
}
