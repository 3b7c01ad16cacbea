import { AtlasError } from '../../errors.ts';
import { foldHosts, type HostClass, type PlanHost } from '../fleet.ts';
import { runSteps, type Steps } from '../fleet-steps.ts';
import type { GuestCpu } from '../predicates-guest.ts';
import type { Obstacle } from '../predicates-obstacle.ts';
import { bootVms, type BootedGroup, type UnreadVm } from './analyse-vms.ts';
import { MoveMemo } from './move-memo.ts';
import { findOrder } from './upgrade-order.ts';
import { findHosts, type VmRecord } from './vm-record.ts';

/** One host of the order: what leaves it before it is upgraded. */
export interface UpgradeStep {
  readonly host: PlanHost;
  readonly moves: readonly { readonly vm: VmRecord; readonly to: PlanHost; readonly line: string }[];
}

/** A VM that no order can save by itself: nothing that is upgraded takes it. */
export interface StrandedVm {
  readonly vm: VmRecord;
  readonly answer: 'no' | 'unknown';
  readonly obstacles: readonly Obstacle[];
}

export type RollingUpgrade =
  | { readonly kind: 'order'; readonly steps: readonly UpgradeStep[]; readonly unread: readonly UnreadVm[] }
  /** `stranded` empty: each VM could be saved, but not all by one order. */
  | {
      readonly kind: 'none';
      readonly stranded: readonly StrandedVm[];
      readonly reason: string;
      readonly unread: readonly UnreadVm[];
    }
  | {
      readonly kind: 'unknown';
      readonly stranded: readonly StrandedVm[];
      readonly reason: string;
      readonly unread: readonly UnreadVm[];
    };

/** Hosts that are alike before and after the upgrade. */
interface UpgradeLane extends HostClass {
  /** How its hosts will be; null: they stay as they are. */
  readonly after: HostClass | null;
}

/** VMs of one group whose hosts are in one lane. */
interface Passage {
  readonly vms: readonly VmRecord[];
  readonly home: number;
  /** Lanes that take the VMs before, and after, their upgrade, with the `-cpu` argument for it. */
  readonly before: ReadonlyMap<number, string>;
  readonly after: ReadonlyMap<number, string>;
  readonly obstacles: readonly Obstacle[];
  readonly hasOpen: boolean;
}

/**
 * An order in which hosts are emptied and upgraded so that no VM is ever on a host that it cannot leave, while all keep
 * running with the CPU that they booted with; or why there is none. `upgrades` has each host as it will be, by id; hosts
 * that are not in it stay as they are. How much a host can carry is not looked at. Yields now and then.
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* planRollingUpgradeInSteps(
  hosts: readonly PlanHost[],
  vms: readonly VmRecord[],
  upgrades: ReadonlyMap<string, PlanHost>,
): Steps<RollingUpgrade> {
  const { groups, unread } = bootVms(hosts, vms);
  const lanes = makeLanes(hosts, upgrades);
  const laneOf = new Map(lanes.flatMap(({ hosts: members }, at) => members.map((host) => [host, at] as const)));
  const find = findHosts(hosts);
  const homeOf = (vm: VmRecord): number => laneOf.get(find(vm.host) ?? hosts[0]) ?? 0;
  const memo = new MoveMemo();
  const passages: Passage[] = [];
  for (const group of groups) passages.push(...(yield* findPassages(group, lanes, homeOf, memo)));
  const bound = passages.filter((passage) => !isFree(passage, lanes));
  const stranded = bound.filter((passage) => isStranded(passage, lanes)).flatMap(describeStranded);
  if (stranded.length > 0) {
    const isOpen = stranded.every(({ answer }) => answer === 'unknown');
    const reason = `${stranded.length} VMs have nowhere to go once the hosts are upgraded`;
    return { kind: isOpen ? 'unknown' : 'none', stranded, reason, unread };
  }
  const constraints = bound.map(({ before, after, home }) => ({
    from: [...new Set([home, ...before.keys()])],
    to: [...after.keys()],
  }));
  const found = findOrder({
    sizes: lanes.map(({ hosts: members, after }) => (after === null ? 0 : members.length)),
    constraints,
  });
  if (found.kind === 'order') return { kind: 'order', steps: walk(found.lanes, lanes, passages, find), unread };
  const isOpen = found.kind === 'given-up' || bound.some(({ hasOpen }) => hasOpen);
  const reason =
    found.kind === 'given-up'
      ? 'no order was found in the time that is given to it'
      : 'each VM could be saved by itself, but whatever is upgraded first strands another';
  return { kind: isOpen ? 'unknown' : 'none', stranded: [], reason, unread };
}

/** {@link planRollingUpgradeInSteps} in one go. */
export function planRollingUpgrade(
  hosts: readonly PlanHost[],
  vms: readonly VmRecord[],
  upgrades: ReadonlyMap<string, PlanHost>,
): RollingUpgrade {
  return runSteps(planRollingUpgradeInSteps(hosts, vms, upgrades));
}

function makeLanes(hosts: readonly PlanHost[], upgrades: ReadonlyMap<string, PlanHost>): UpgradeLane[] {
  const targets = new Map<string, string>();
  foldHosts([...upgrades.values()]).forEach(({ hosts: alike }, at) => {
    for (const { id } of alike) targets.set(id, `${at}`);
  });
  return foldHosts(hosts, ({ id }) => targets.get(id) ?? 'stays').map((members) => {
    const sample = upgrades.get(members.sample.id);
    return { ...members, after: sample === undefined ? null : { hosts: [sample], sample } };
  });
}

function* findPassages(
  group: BootedGroup,
  lanes: readonly UpgradeLane[],
  homeOf: (vm: VmRecord) => number,
  memo: MoveMemo,
): Steps<Passage[]> {
  const { booted, vms } = group;
  const byHome = new Map<number, VmRecord[]>();
  for (const vm of vms) byHome.set(homeOf(vm), [...(byHome.get(homeOf(vm)) ?? []), vm]);
  const ways = booted.kind === 'booted' ? yield* findWays(booted.guest, lanes, memo) : noWay(booted.obstacles);
  return [...byHome].map(([home, members]) => ({ vms: members, home, ...ways }));
}

type Ways = Omit<Passage, 'vms' | 'home'>;

const noWay = (obstacles: readonly Obstacle[]): Ways => ({
  before: new Map(),
  after: new Map(),
  obstacles,
  hasOpen: true,
});

/** Obstacles that are told of a VM that nothing takes. */
const toldObstacles = 32;
/** Lanes that are looked at before somebody else gets a turn. */
const lanesInOneGo = 16;

function* findWays(guest: GuestCpu, lanes: readonly UpgradeLane[], memo: MoveMemo): Steps<Ways> {
  const [before, after] = [new Map<number, string>(), new Map<number, string>()];
  const obstacles: Obstacle[] = [];
  let hasOpen = false;
  for (const [at, lane] of lanes.entries()) {
    if (at % lanesInOneGo === 0) yield;
    const now = memo.moveOf(guest, lane);
    const then = lane.after === null ? now : memo.moveOf(guest, lane.after);
    if (now.line !== null) before.set(at, now.line);
    if (then.line !== null && lane.after !== null) after.set(at, then.line);
    if (then.line === null) obstacles.push(...then.obstacles);
    hasOpen ||= now.answer === 'unknown' || then.answer === 'unknown';
  }
  return { before, after, obstacles: obstacles.slice(0, toldObstacles), hasOpen };
}

/** It never has to leave, or there is a host that stays as it is and takes it. */
function isFree({ home, before }: Passage, lanes: readonly UpgradeLane[]): boolean {
  return lanes[home].after === null || [...before.keys()].some((at) => lanes[at].after === null);
}

/** Nothing that is upgraded takes it, but perhaps its own host. */
function isStranded({ home, before, after }: Passage, lanes: readonly UpgradeLane[]): boolean {
  if (after.size === 0) return true;
  const involved = new Set([home, ...before.keys(), ...after.keys()]);
  return involved.size === 1 && lanes[home].hosts.length === 1;
}

function describeStranded({ vms, obstacles, hasOpen }: Passage): StrandedVm[] {
  return vms.map((vm) => ({ vm, answer: hasOpen ? 'unknown' : 'no', obstacles }));
}

/** Hosts in the order that was found, with what moves where. */
function walk(
  order: readonly number[],
  lanes: readonly UpgradeLane[],
  passages: readonly Passage[],
  find: (reference: string) => PlanHost | null,
): UpgradeStep[] {
  const queues = lanes.map(({ hosts }) => [...hosts]);
  const sequence = order.flatMap((lane) => {
    const host = queues[lane].shift();
    return host === undefined ? [] : [{ host, lane }];
  });
  const place = new Map(sequence.map(({ host }, at) => [host, at]));
  const residents = new Map<PlanHost, { readonly vm: VmRecord; readonly passage: Passage }[]>();
  const settle = (host: PlanHost, vm: VmRecord, passage: Passage): void =>
    void residents.set(host, [...(residents.get(host) ?? []), { vm, passage }]);
  for (const passage of passages)
    for (const vm of passage.vms) {
      const host = find(vm.host);
      if (host !== null) settle(host, vm, passage);
    }
  const done = lanes.map((): PlanHost[] => []);
  return sequence.map(({ host, lane }, at) => {
    const moves = (residents.get(host) ?? []).map(({ vm, passage }, turn) => {
      const target = chooseTarget(passage, { lanes, done, place, at, turn });
      if (!target.isFinal) settle(target.host, vm, passage);
      return { vm, to: target.host, line: target.line };
    });
    done[lane].push(host);
    return { host, moves };
  });
}

interface Stage {
  readonly lanes: readonly UpgradeLane[];
  /** Hosts that are upgraded already, by lane. */
  readonly done: readonly (readonly PlanHost[])[];
  readonly place: ReadonlyMap<PlanHost, number>;
  readonly at: number;
  readonly turn: number;
}

/** A host that is upgraded already, else one that stays as it is, else the one that is upgraded last. */
function chooseTarget(
  { before, after }: Passage,
  { lanes, done, place, at, turn }: Stage,
): { readonly host: PlanHost; readonly line: string; readonly isFinal: boolean } {
  const upgraded = [...after].flatMap(([lane, line]) => done[lane].map((host) => ({ host, line, isFinal: true })));
  if (upgraded.length > 0) return upgraded[turn % upgraded.length];
  const others = [...before].flatMap(([lane, line]) =>
    lanes[lane].hosts.map((host) => ({ host, line, isFinal: false })),
  );
  const staying = others.filter(({ host }) => !place.has(host));
  if (staying.length > 0) return { ...staying[turn % staying.length], isFinal: true };
  const later = others.filter(({ host }) => (place.get(host) ?? -1) > at);
  let [last] = later;
  for (const one of later) if ((place.get(one.host) ?? 0) > (place.get(last.host) ?? 0)) last = one;
  if (last === undefined) throw new AtlasError('INTERNAL', 'an order of upgrades strands a VM');
  return last;
}
