import { AtlasError } from '../../errors.ts';
import { countHosts, foldHosts, type HostClass, type PlanHost } from '../fleet.ts';
import { runSteps, type Steps } from '../fleet-steps.ts';
import { judgeTrap, type MoveVerdict } from '../predicates.ts';
import { bootGuest, type BootedGuest } from '../predicates-guest.ts';
import { judge, type Answer, type Obstacle, type Verdict } from '../predicates-obstacle.ts';
import { MoveMemo } from './move-memo.ts';
import { findHosts, launchOf, type VmRecord } from './vm-record.ts';

/** VMs that run on equal hosts and are launched alike: they come out the same in everything. */
export interface BootedGroup {
  readonly vms: readonly VmRecord[];
  /** The class of hosts that they run on. */
  readonly home: HostClass;
  readonly booted: BootedGuest;
}

/** Where the VMs of a group can go: one entry for each class of hosts. */
export interface Reach {
  readonly members: HostClass;
  readonly move: MoveVerdict;
  /** Whether it is a trap to go there. */
  readonly trap: Verdict;
}

export interface VmGroup extends BootedGroup {
  readonly reach: readonly Reach[];
  /** Hosts, other than its own, that a VM of the group can move to. */
  readonly targets: number;
  /** Hosts of which that is not known. */
  readonly openTargets: number;
  /** No: there is nowhere to go. Unknown: perhaps there is. */
  readonly canLeave: Answer;
}

/** A VM that nothing can be said of. */
export interface UnreadVm {
  readonly vm: VmRecord;
  readonly reason: string;
}

export interface VmAnalysis {
  readonly classes: readonly HostClass[];
  readonly groups: readonly VmGroup[];
  readonly unread: readonly UnreadVm[];
}

/** VMs by what they were given, folded with their hosts. */
export interface BootedVms {
  readonly classes: readonly HostClass[];
  readonly groups: readonly BootedGroup[];
  readonly unread: readonly UnreadVm[];
}

/** Whether a VM may rely on the frequency of its TSC, which the fingerprint of a host leaves out. */
const keepsTsc = ({ cpu }: VmRecord): boolean => /invtsc|tsc[-_]freq|migratable=/.test(cpu);

const tscOf = ({ context }: PlanHost): string => ('unseen' in context ? '' : String(context.facts.tscKhz));

/** Boots each VM where it runs; equals are booted once. @throws CATALOG_INVALID, SNAPSHOT_INVALID */
export function bootVms(hosts: readonly PlanHost[], vms: readonly VmRecord[]): BootedVms {
  const classes = foldHosts(hosts, vms.some(keepsTsc) ? tscOf : undefined);
  const homes = new Map(classes.flatMap((home, at) => home.hosts.map((host) => [host, { home, at }] as const)));
  const find = findHosts(hosts);
  const groups = new Map<string, { readonly home: HostClass; readonly vms: VmRecord[] }>();
  const unread: UnreadVm[] = [];
  for (const vm of vms) {
    const host = find(vm.host);
    const place = host === null ? undefined : homes.get(host);
    if (place === undefined) {
      unread.push({ vm, reason: `there is no host "${vm.host.slice(0, 60)}", or several of that name` });
      continue;
    }
    const key = JSON.stringify([place.at, launchOf(vm)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { home: place.home, vms: [vm] });
    else group.vms.push(vm);
  }
  const bootedGroups: BootedGroup[] = [];
  for (const group of groups.values()) {
    const booted = boot(group.vms[0], group.home);
    if ('reason' in booted) unread.push(...group.vms.map((vm) => ({ vm, reason: booted.reason })));
    else bootedGroups.push({ ...group, booted });
  }
  return { classes, groups: bootedGroups, unread };
}

/** Classes that are looked at before somebody else gets a turn. */
const classesInOneGo = 16;

/**
 * Computes where each VM can go: the graph of VMs and hosts, folded on both sides. Yields now and then, so that whoever
 * runs it can do something else in between.
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* analyseVmsInSteps(hosts: readonly PlanHost[], vms: readonly VmRecord[]): Steps<VmAnalysis> {
  const { classes, groups, unread } = bootVms(hosts, vms);
  const memo = new MoveMemo();
  const analysed: VmGroup[] = [];
  for (const group of groups) {
    const reach: Reach[] = [];
    for (const members of classes) {
      if (reach.length % classesInOneGo === 0) yield;
      reach.push({ members, ...judgeMove(group, members, memo) });
    }
    analysed.push({ ...group, reach, ...countTargets(group, reach) });
  }
  return { classes, groups: analysed, unread };
}

function countTargets(
  { home }: BootedGroup,
  reach: readonly Reach[],
): Pick<VmGroup, 'targets' | 'openTargets' | 'canLeave'> {
  const others = (answer: Answer): number => {
    const there = reach.filter(({ move }) => move.answer === answer).map(({ members }) => members);
    return countHosts(there) - (there.includes(home) ? 1 : 0);
  };
  const [targets, openTargets] = [others('yes'), others('unknown')];
  return { targets, openTargets, canLeave: targets > 0 ? 'yes' : openTargets > 0 ? 'unknown' : 'no' };
}

/** A malformed `-cpu` argument in a list is no fault of the whole list. */
function boot(vm: VmRecord, home: HostClass): BootedGuest | { readonly reason: string } {
  try {
    return bootGuest(launchOf(vm), home.sample);
  } catch (error) {
    if (error instanceof AtlasError && error.code === 'CPU_STRING_INVALID') return { reason: error.toString() };
    throw error;
  }
}

function judgeMove({ booted, home }: BootedGroup, to: HostClass, memo: MoveMemo): Pick<Reach, 'move' | 'trap'> {
  if (booted.kind === 'not-booted') {
    const move = { answer: 'unknown', obstacles: notBooted(booted.obstacles), line: null, isOwnLine: false } as const;
    return { move, trap: { answer: 'unknown', obstacles: move.obstacles } };
  }
  const move = memo.moveOf(booted.guest, to);
  if (move.answer === 'no') return { move, trap: { answer: 'no', obstacles: [] } };
  const again = memo.bootOn(booted.guest.request, to);
  const back = again.kind === 'booted' ? memo.moveOf(again.guest, home) : judge(again.obstacles);
  return { move, trap: judgeTrap(move, back) };
}

/** A VM that runs although it could not have: what it has is not known. */
function notBooted(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.map((obstacle) => ({
    ...obstacle,
    answer: 'unknown',
    reason: `it is not known what the VM got when it booted: ${obstacle.reason}`,
  }));
}

/** {@link analyseVmsInSteps} in one go. */
export function analyseVms(hosts: readonly PlanHost[], vms: readonly VmRecord[]): VmAnalysis {
  return runSteps(analyseVmsInSteps(hosts, vms));
}
