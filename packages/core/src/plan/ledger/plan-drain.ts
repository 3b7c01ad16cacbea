import type { HostClass, PlanHost } from '../fleet.ts';
import { movable } from '../predicates.ts';
import { bootGuest } from '../predicates-guest.ts';
import type { Obstacle } from '../predicates-obstacle.ts';
import type { Reach, VmAnalysis, VmGroup } from './analyse-vms.ts';
import { findHosts, launchOf, type VmRecord } from './vm-record.ts';

/** One VM that leaves. */
export interface DrainMove {
  readonly vm: VmRecord;
  readonly to: PlanHost;
  /** The `-cpu` argument for the other side. */
  readonly line: string;
  /** Once it boots there again, it cannot come back. */
  readonly isTrap: boolean;
}

/** Features to switch off so that a VM can go, once it has booted with them off. */
export interface FreeingMask {
  readonly features: readonly string[];
  /** The `-cpu` argument to boot with. */
  readonly cpu: string;
  /** Where it can go then. */
  readonly to: PlanHost;
}

/** One VM that cannot leave, or of which that is not known. */
export interface StuckVm {
  readonly vm: VmRecord;
  readonly answer: 'no' | 'unknown';
  /** What keeps it from the nearest host. */
  readonly obstacles: readonly Obstacle[];
  readonly nearest: PlanHost | null;
  /** The least that frees it; null: no mask does, or nothing is known. */
  readonly mask: FreeingMask | null;
}

export interface DrainPlan {
  readonly host: PlanHost;
  readonly moves: readonly DrainMove[];
  readonly stuck: readonly StuckVm[];
}

/** Where the VMs of a host go when it is emptied, spread evenly, and which of them cannot leave. Null: no such host. */
export function planDrain(analysis: VmAnalysis, reference: string): DrainPlan | null {
  const hosts = analysis.classes.flatMap((members) => members.hosts);
  const find = findHosts(hosts);
  const host = find(reference);
  if (host === null) return null;
  const load = new Map<PlanHost, number>();
  const moves: DrainMove[] = [];
  const stuck: StuckVm[] = [];
  for (const group of analysis.groups) {
    const leaving = group.vms.filter((vm) => find(vm.host) === host);
    if (leaving.length === 0) continue;
    const targets = targetsOf(group, host);
    if (targets.length === 0) stuck.push(...explainStuck(group, leaving, host));
    else for (const vm of leaving) moves.push(moveTo(vm, targets, load));
  }
  return { host, moves, stuck };
}

interface Target {
  readonly host: PlanHost;
  readonly reach: Reach;
}

/** Hosts that a group can go to; where there are others, no traps. */
function targetsOf({ reach }: VmGroup, from: PlanHost): readonly Target[] {
  const open = reach.filter(({ move }) => move.answer === 'yes');
  const harmless = open.filter(({ trap }) => trap.answer === 'no');
  const hostsIn = (list: readonly Reach[]): Target[] =>
    list.flatMap((one) => one.members.hosts.flatMap((host) => (host === from ? [] : [{ host, reach: one }])));
  const best = hostsIn(harmless);
  return best.length > 0 ? best : hostsIn(open);
}

function moveTo(vm: VmRecord, targets: readonly Target[], load: Map<PlanHost, number>): DrainMove {
  let [best] = targets;
  for (const target of targets) if ((load.get(target.host) ?? 0) < (load.get(best.host) ?? 0)) best = target;
  load.set(best.host, (load.get(best.host) ?? 0) + 1);
  const { move, trap } = best.reach;
  return { vm, to: best.host, line: move.line ?? vm.cpu, isTrap: trap.answer !== 'no' };
}

const countNo = ({ move }: Reach): number => move.obstacles.filter(({ answer }) => answer === 'no').length;

function explainStuck(group: VmGroup, leaving: readonly VmRecord[], from: PlanHost): StuckVm[] {
  const elsewhere = group.reach.filter(({ members }) => members.hosts.some((host) => host !== from));
  const known = elsewhere.filter(({ move }) => move.answer === 'no');
  let nearest: Reach | null = null;
  for (const one of known) if (nearest === null || countNo(one) < countNo(nearest)) nearest = one;
  const mask = findMask(group, known);
  const shown = nearest ?? elsewhere.find(({ move }) => move.answer === 'unknown') ?? null;
  return leaving.map((vm) => ({
    vm,
    answer: group.canLeave === 'unknown' ? 'unknown' : 'no',
    obstacles: shown?.move.obstacles ?? [],
    nearest: shown?.members.sample ?? null,
    mask,
  }));
}

/** Classes for which a mask is looked for: those with the fewest obstacles. */
const maskedClasses = 8;

/** The smallest set of features without which some other host could take the VM. */
function findMask({ vms, home, booted }: VmGroup, known: readonly Reach[]): FreeingMask | null {
  if (booted.kind === 'not-booted') return null;
  let best: FreeingMask | null = null;
  const candidates = [...known].sort((a, b) => countNo(a) - countNo(b)).slice(0, maskedClasses);
  for (const { members, move } of candidates) {
    const names = maskable(move.obstacles);
    if (names === null || (best !== null && names.length > 64)) continue;
    const found = shrinkMask(vms[0], home, members, names);
    if (found !== null && (best === null || found.features.length < best.features.length)) best = found;
  }
  return best;
}

/** Names that a mask would hold; null: something stands in the way that is no feature. */
function maskable(obstacles: readonly Obstacle[]): string[] | null {
  const names = new Set<string>();
  for (const { answer, kind, name } of obstacles) {
    if (answer === 'unknown') return null;
    if (kind !== 'feature' && kind !== 'nested' && kind !== 'state' && kind !== 'not-migratable') return null;
    names.add(name);
  }
  return names.size === 0 ? null : [...names];
}

/** Takes names out of a mask as long as the VM can still go: what depends on a masked feature goes with it. */
function shrinkMask(vm: VmRecord, home: HostClass, to: HostClass, names: readonly string[]): FreeingMask | null {
  const frees = (mask: readonly string[]): boolean => {
    const booted = bootGuest({ ...launchOf(vm), cpu: masked(vm.cpu, mask) }, home.sample);
    return (
      booted.kind === 'booted' &&
      movable(booted.guest, { ...to.sample, id: `another ${to.sample.id}` }).answer === 'yes'
    );
  };
  if (!frees(names)) return null;
  let mask = [...names];
  for (const name of names) {
    const smaller = mask.filter((other) => other !== name);
    if (smaller.length > 0 && frees(smaller)) mask = smaller;
  }
  return { features: mask, cpu: masked(vm.cpu, mask), to: to.sample };
}

const masked = (cpu: string, mask: readonly string[]): string => [cpu, ...mask.map((name) => `-${name}`)].join(',');
