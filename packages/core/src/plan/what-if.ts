import { AtlasError, assertNever } from '../errors.ts';
import { runnable } from './predicates.ts';
import type { Answer, Obstacle } from './predicates-obstacle.ts';
import type { PlanHost, PlanRequest } from './fleet.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { analyseVmsInSteps, type VmGroup } from './ledger/analyse-vms.ts';
import type { VmRecord } from './ledger/vm-record.ts';
import { AnswerCache, createBoardInSteps, type FleetBoard, type ModelTally } from './what-if-board.ts';

/** Something that might happen to a fleet. */
export type FleetChange =
  | { readonly kind: 'add'; readonly host: PlanHost }
  | { readonly kind: 'remove'; readonly hostId: string }
  /** The same host with another kernel, microcode or QEMU. */
  | { readonly kind: 'replace'; readonly host: PlanHost }
  | { readonly kind: 'configure'; readonly request: Partial<PlanRequest> };

/** A fleet and what is asked of it. */
export interface FleetState {
  readonly hosts: readonly PlanHost[];
  readonly request: PlanRequest;
}

/** Makes changes, one after another. @throws HOST_NOT_FOUND */
export function applyChanges(state: FleetState, changes: readonly FleetChange[]): FleetState {
  return changes.reduce(applyChange, state);
}

function applyChange({ hosts, request }: FleetState, change: FleetChange): FleetState {
  switch (change.kind) {
    case 'add':
      return { hosts: [...hosts.filter(({ id }) => id !== change.host.id), change.host], request };
    case 'remove':
      requireHost(hosts, change.hostId);
      return { hosts: hosts.filter(({ id }) => id !== change.hostId), request };
    case 'replace':
      requireHost(hosts, change.host.id);
      return { hosts: hosts.map((host) => (host.id === change.host.id ? change.host : host)), request };
    case 'configure':
      return { hosts, request: { ...request, ...change.request } };
    default:
      return assertNever(change);
  }
}

function requireHost(hosts: readonly PlanHost[], id: string): void {
  if (hosts.some((host) => host.id === id)) return;
  throw new AtlasError('HOST_NOT_FOUND', 'the fleet has no such host', {
    where: id,
    remedy: 'take the id from the list of hosts',
  });
}

/** A model whose hosts change. `gained` and `lost` are about all hosts: it runs on all now, or on all no more. */
export interface ModelEffect {
  readonly effect: 'gained' | 'lost' | 'wider' | 'narrower' | 'undecided';
  readonly before: ModelTally;
  readonly after: ModelTally;
  /** What stands in the way afterwards, or stood before; null where nothing does. */
  readonly deciding: { readonly host: PlanHost; readonly obstacle: Obstacle } | null;
}

/** VMs that can go elsewhere than before. */
export interface VmEffect {
  readonly effect: 'freed' | 'stuck' | 'wider' | 'narrower' | 'homeless';
  readonly vm: VmRecord;
  readonly targetsBefore: number;
  readonly targetsAfter: number;
  /** What keeps it from the nearest host afterwards. */
  readonly obstacles: readonly Obstacle[];
}

export interface WhatIf {
  readonly models: readonly ModelEffect[];
  /** What a pool of all hosts promises more, and less, with the bit. */
  readonly gained: readonly { readonly feature: string; readonly bit: string }[];
  readonly lost: readonly { readonly feature: string; readonly bit: string }[];
  readonly vms: readonly VmEffect[];
}

/**
 * What a change would do: models and features that a pool of all hosts gains and loses, and VMs that can go to more or
 * fewer hosts than before. A VM on a host that is replaced counts as booted there anew. Yields now and then.
 * @throws HOST_NOT_FOUND, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* whatIfInSteps(
  before: FleetState,
  changes: readonly FleetChange[],
  vms: readonly VmRecord[] = [],
  cache: AnswerCache = new AnswerCache(),
): Steps<WhatIf> {
  const after = applyChanges(before, changes);
  const boards = {
    before: yield* createBoardInSteps(before.hosts, before.request, cache),
    after: yield* createBoardInSteps(after.hosts, after.request, cache),
  };
  const [had, has] = [new Set(boards.before.promised()), new Set(boards.after.promised())];
  return {
    models: compareTallies(boards, { before, after }),
    gained: [...has].filter((name) => !had.has(name)).map((feature) => ({ feature, bit: boards.after.bitOf(feature) })),
    lost: [...had].filter((name) => !has.has(name)).map((feature) => ({ feature, bit: boards.before.bitOf(feature) })),
    vms: vms.length === 0 ? [] : yield* compareVms(before.hosts, after.hosts, vms),
  };
}

/** {@link whatIfInSteps} in one go. */
export function whatIf(
  before: FleetState,
  changes: readonly FleetChange[],
  vms?: readonly VmRecord[],
  cache?: AnswerCache,
): WhatIf {
  return runSteps(whatIfInSteps(before, changes, vms, cache));
}

interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

function compareTallies(boards: Sides<FleetBoard>, states: Sides<FleetState>): ModelEffect[] {
  const nothing = (model: string, { hosts }: FleetState): ModelTally => {
    const total = hosts.length;
    return { model, answer: total === 0 ? 'unknown' : 'no', yes: 0, no: total, unknown: 0, total };
  };
  const [was, is] = [boards.before, boards.after].map((board) => new Map(board.tally().map((one) => [one.model, one])));
  const models = new Set([...was.keys(), ...is.keys()]);
  return [...models].flatMap((model): ModelEffect[] => {
    const before = was.get(model) ?? nothing(model, states.before);
    const after = is.get(model) ?? nothing(model, states.after);
    const effect = effectOf(before, after);
    if (effect === null) return [];
    const side = after.answer === 'yes' ? 'before' : 'after';
    return [{ effect, before, after, deciding: decidingOf(boards[side], states[side].request, model) }];
  });
}

const share = ({ yes, total }: ModelTally): number => (total === 0 ? 0 : yes / total);

function effectOf(before: ModelTally, after: ModelTally): ModelEffect['effect'] | null {
  if (before.answer !== after.answer) {
    if (after.answer === 'yes') return 'gained';
    if (before.answer === 'yes') return after.answer === 'no' ? 'lost' : 'undecided';
  }
  if (share(before) !== share(after)) return share(after) > share(before) ? 'wider' : 'narrower';
  if (before.answer === after.answer) return null;
  return after.answer === 'unknown' ? 'undecided' : 'narrower';
}

function decidingOf(board: FleetBoard, request: PlanRequest, model: string): ModelEffect['deciding'] {
  for (const answer of ['no', 'unknown'] as const satisfies readonly Answer[]) {
    // A model that no QEMU offers any more is on no board.
    const members = board.models.includes(model) ? board.classWith(model, answer) : board.classes[0];
    if (members == null) continue;
    const { obstacles } = runnable({ ...request, cpu: model }, members.sample);
    const obstacle = obstacles.find((one) => one.answer === answer);
    if (obstacle !== undefined) return { host: members.sample, obstacle };
  }
  return null;
}

function* compareVms(
  before: readonly PlanHost[],
  after: readonly PlanHost[],
  vms: readonly VmRecord[],
): Steps<VmEffect[]> {
  const was = byVm((yield* analyseVmsInSteps(before, vms)).groups);
  const is = byVm((yield* analyseVmsInSteps(after, vms)).groups);
  return vms.flatMap((vm): VmEffect[] => {
    const [had, has] = [was.get(vm), is.get(vm)];
    const [targetsBefore, targetsAfter] = [had?.targets ?? 0, has?.targets ?? 0];
    const counts = { vm, targetsBefore, targetsAfter };
    if (had !== undefined && has === undefined) return [{ effect: 'homeless', ...counts, obstacles: [] }];
    if (targetsBefore === targetsAfter) return [];
    const obstacles = has === undefined ? [] : nearestObstacles(has);
    if (targetsBefore === 0) return [{ effect: 'freed', ...counts, obstacles: [] }];
    if (targetsAfter === 0) return [{ effect: 'stuck', ...counts, obstacles }];
    return [{ effect: targetsAfter > targetsBefore ? 'wider' : 'narrower', ...counts, obstacles }];
  });
}

function byVm(groups: readonly VmGroup[]): Map<VmRecord, VmGroup> {
  return new Map(groups.flatMap((group) => group.vms.map((vm) => [vm, group] as const)));
}

/** What stands between a group and the host that lacks least. */
function nearestObstacles({ reach }: VmGroup): readonly Obstacle[] {
  let nearest: readonly Obstacle[] = [];
  for (const { move } of reach)
    if (move.answer !== 'yes' && (nearest.length === 0 || move.obstacles.length < nearest.length))
      nearest = move.obstacles;
  return nearest;
}
