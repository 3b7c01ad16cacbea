import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../../testing/catalogs.ts';
import { recordedHost } from '../../testing/plan-fleets.ts';
import type { PlanHost } from '../fleet.ts';
import { bootGuest } from '../predicates-guest.ts';
import { movable } from '../predicates.ts';
import { analyseVms } from './analyse-vms.ts';
import { planDrain } from './plan-drain.ts';
import { planRollingUpgrade } from './plan-rolling-upgrade.ts';
import { findOrder, type OrderProblem } from './upgrade-order.ts';
import type { VmRecord } from './vm-record.ts';

const ten = shippedIndex('10.0.13');
const seven = shippedIndex('7.2.22');
const epyc = recordedHost('lab-epyc-6.1', ten);
const forced = recordedHost('lab-forced-milan-6.1', ten);
const twin = (host: PlanHost, name: string, more: Partial<PlanHost> = {}): PlanHost => ({
  ...host,
  id: name,
  name,
  ...more,
});
const vm = (name: string, host: string, cpu: string): VmRecord => ({ name, host, cpu, machine: 'pc-q35-7.2' });

describe('where VMs can go', () => {
  const hosts = [epyc, forced, twin(forced, 'forced-2')];
  const vms = [
    vm('free', epyc.id, 'EPYC-v1'),
    vm('young', forced.id, 'EPYC-v1'),
    vm('lost', 'nowhere', 'kvm64'),
    vm('bad', epyc.id, ''),
  ];
  const { groups, unread } = analyseVms(hosts, vms);
  const groupOf = (name: string) => groups.find(({ vms: members }) => members.some((one) => one.name === name));

  it('counts hosts, not classes, and not its own', () => {
    expect(groupOf('free')).toMatchObject({ targets: 2, canLeave: 'yes' });
    expect(groupOf('young')).toMatchObject({ targets: 1, canLeave: 'yes' });
  });

  it('marks traps', () => {
    expect(groupOf('free')?.reach.map(({ members, trap }) => [members.sample.id, trap.answer])).toEqual([
      ['forced-2', 'yes'],
      [epyc.id, 'no'],
    ]);
  });

  it('tells what it cannot read', () => {
    expect(unread.map(({ vm: { name }, reason }) => `${name}: ${reason}`)).toEqual([
      'lost: there is no host "nowhere", or several of that name',
      expect.stringMatching(/^bad: CPU_STRING_INVALID/),
    ]);
  });

  it('two hosts of one name are no answer', () => {
    const named = [twin(epyc, 'a', { name: 'same' }), twin(epyc, 'b', { name: 'same' })];
    expect(analyseVms(named, [vm('vm', 'same', 'kvm64')]).unread).toHaveLength(1);
  });

  it('a VM on a stale host may or may not leave', () => {
    const stale = twin(epyc, 'stale', { freshness: 'stale' });
    expect(analyseVms([stale, forced], [vm('vm', 'stale', 'EPYC-v1')]).groups[0].canLeave).toBe('unknown');
  });
});

describe('draining a host', () => {
  it('spreads its VMs and gives the line for each', () => {
    const hosts = [epyc, forced, twin(forced, 'forced-2')];
    const vms = [1, 2, 3, 4].map((at) => vm(`vm${at}`, epyc.id, 'EPYC-v1'));
    const plan = planDrain(analyseVms(hosts, vms), epyc.id);
    expect(plan?.stuck).toEqual([]);
    expect(plan?.moves.map(({ to }) => to.id).sort()).toEqual(['forced-2', 'forced-2', forced.id, forced.id]);
    expect(plan?.moves[0]).toMatchObject({ isTrap: true, line: expect.stringContaining('-sha-ni') as string });
  });

  it('prefers hosts that are no traps', () => {
    const hosts = [epyc, twin(epyc, 'epyc-2'), forced];
    const plan = planDrain(analyseVms(hosts, [vm('vm', epyc.id, 'EPYC-v1')]), epyc.id);
    expect(plan?.moves).toMatchObject([{ to: { id: 'epyc-2' }, isTrap: false }]);
  });

  it('names the bits that hold a VM back, and the least mask that frees it', () => {
    const plan = planDrain(analyseVms([epyc, forced], [vm('vm', forced.id, 'EPYC-v1')]), forced.id);
    const [stuck] = plan?.stuck ?? [];
    expect(stuck.answer).toBe('no');
    expect(stuck.obstacles.map(({ bit }) => bit)).toContain('CPUID.07H.0:EBX[29]');
    const { mask } = stuck;
    if (mask === null) throw new Error('a mask frees it');
    const frees = (features: readonly string[]): boolean => {
      const cpu = ['EPYC-v1', ...features.map((name) => `-${name}`)].join(',');
      const booted = bootGuest({ accel: 'kvm', machine: 'pc-q35-7.2', cpu }, forced);
      return booted.kind === 'booted' && movable(booted.guest, epyc).answer === 'yes';
    };
    expect(frees(mask.features)).toBe(true);
    for (const name of mask.features) expect(frees(mask.features.filter((other) => other !== name))).toBe(false);
  });

  it('no mask frees a VM from another vendor’s host', () => {
    const intel = recordedHost('xeon-gold-6148', ten);
    const plan = planDrain(analyseVms([intel, epyc], [vm('vm', intel.id, 'Nehalem-v1')]), intel.id);
    expect(plan?.stuck).toMatchObject([
      { answer: 'no', mask: null, obstacles: [{ kind: 'vendor' }, { kind: 'feature', name: 'vme' }] },
    ]);
  });

  it('an unknown host has no plan', () => {
    expect(planDrain(analyseVms([epyc], []), 'nobody')).toBeNull();
  });
});

describe('a rolling upgrade', () => {
  const upgradeAll = (hosts: readonly PlanHost[]): Map<string, PlanHost> =>
    new Map(hosts.map((host) => [host.id, { ...recordedHost('lab-epyc-6.1', ten), id: host.id, name: host.name }]));
  const old = ['a', 'b', 'c'].map((name) => twin(recordedHost('lab-epyc-6.1', seven), name));

  it('empties each host before it is upgraded, and every move is one that can be made', () => {
    const upgrades = upgradeAll(old);
    const vms = [vm('v1', 'a', 'EPYC-v1'), vm('v2', 'b', 'host'), vm('v3', 'c', 'Opteron_G3-v1')];
    const plan = planRollingUpgrade(old, vms, upgrades);
    if (plan.kind !== 'order') throw new Error(plan.reason);
    expect(plan.steps.map(({ host }) => host.id).sort()).toEqual(['a', 'b', 'c']);
    const place = new Map(vms.map(({ name, host }) => [name, host]));
    const done = new Set<string>();
    for (const { host, moves } of plan.steps) {
      for (const { vm: moved, to, line } of moves) {
        expect(place.get(moved.name)).toBe(host.id);
        const home = old.find(({ id }) => id === moved.host) ?? old[0];
        const booted = bootGuest({ accel: 'kvm', machine: moved.machine, cpu: moved.cpu }, home);
        const target = done.has(to.id) ? (upgrades.get(to.id) ?? to) : to;
        if (booted.kind !== 'booted') throw new Error('it boots');
        expect(movable(booted.guest, target)).toMatchObject({ answer: 'yes', line });
        place.set(moved.name, to.id);
      }
      expect([...place.values()]).not.toContain(host.id);
      done.add(host.id);
    }
  });

  it('says which VM nothing takes afterwards, and the bit', () => {
    const upgrades = new Map(old.map((host) => [host.id, twin(recordedHost('lab-opteron_g3-6.1', ten), host.id)]));
    const plan = planRollingUpgrade(old, [vm('v1', 'a', 'EPYC-v1')], upgrades);
    expect(plan).toMatchObject({ kind: 'none', stranded: [{ vm: { name: 'v1' }, answer: 'no' }] });
    if (plan.kind === 'none') expect(plan.stranded[0].obstacles.map(({ bit }) => bit)).toContain('CPUID.07H.0:EBX[5]');
  });

  it('one host alone cannot be emptied', () => {
    expect(planRollingUpgrade([old[0]], [vm('v1', 'a', 'EPYC-v1')], upgradeAll([old[0]])).kind).toBe('none');
  });

  it('a host that stays as it is takes the VMs of all others', () => {
    const plan = planRollingUpgrade(old, [vm('v1', 'a', 'EPYC-v1')], upgradeAll([old[0]]));
    expect(plan).toMatchObject({ kind: 'order', steps: [{ host: { id: 'a' }, moves: [{ vm: { name: 'v1' } }] }] });
  });

  it('with a stale host in the way it is unknown', () => {
    const hosts = [old[0], twin(old[1], 'b', { freshness: 'stale' })];
    const upgrades = new Map(
      [...upgradeAll(hosts)].map(([id, host]) => [id, id === 'b' ? { ...host, freshness: 'stale' as const } : host]),
    );
    expect(planRollingUpgrade(hosts, [vm('v1', 'a', 'EPYC-v1')], upgrades).kind).toBe('unknown');
  });
});

describe('the search for an order', () => {
  const lane = fc.nat({ max: 3 });
  const constraint = fc.record({
    from: fc.uniqueArray(lane, { minLength: 1 }),
    to: fc.uniqueArray(lane, { minLength: 1 }),
  });
  const problem = fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    constraints: fc.array(constraint, { maxLength: 5 }),
  });

  const isSafe = ({ constraints }: OrderProblem, order: readonly number[]): boolean =>
    constraints.every(({ from, to }) => {
      const first = order.findIndex((one) => to.includes(one));
      const last = order.findLastIndex((one) => from.includes(one));
      return last < 0 || (first >= 0 && first < last);
    });

  function* orders(left: number[], order: number[] = []): Generator<readonly number[]> {
    if (left.every((count) => count === 0)) yield [...order];
    for (const [at, count] of left.entries()) {
      if (count === 0) continue;
      left[at] -= 1;
      yield* orders(left, [...order, at]);
      left[at] += 1;
    }
  }

  it('finds a safe order exactly when there is one', () => {
    fc.assert(
      fc.property(problem, (one) => {
        const constraints = one.constraints.filter(({ from }) => from.some((at) => one.sizes[at] > 0));
        const full = { sizes: one.sizes, constraints };
        const found = findOrder(full);
        let exists = false;
        for (const order of orders([...one.sizes])) if ((exists ||= isSafe(full, order))) break;
        expect(found.kind).toBe(exists ? 'order' : 'none');
        if (found.kind === 'order') expect(isSafe(full, found.lanes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
