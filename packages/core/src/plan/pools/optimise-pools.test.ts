import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shippedIndex } from '../../testing/catalogs.ts';
import { hostWith, setOfFeatures } from '../../testing/hosts.ts';
import { planHost, recordedHost } from '../../testing/plan-fleets.ts';
import type { PlanHost } from '../fleet.ts';
import { optimisePools, type PoolChoice, type PoolRequest } from './optimise-pools.ts';

const ten = shippedIndex('10.0.13');
const request: PoolRequest = { accel: 'kvm', machine: 'pc-q35-10.0' };

const old = ['fpu', 'sse2', 'lm', 'cx16'];
const mid = [...old, 'aes', 'avx', 'xsave'];
const young = [...mid, 'avx2', 'avx512f', 'avx512bw', 'avx512cd', 'sha-ni'];

const contexts = new Map<string, PlanHost['context']>();

/** A host with some features; hosts with equal ones share a fingerprint. */
function host(
  id: string,
  features: readonly string[],
  vendor = 'AuthenticAMD',
  more: Partial<PlanHost> = {},
): PlanHost {
  const fingerprint = `${vendor} ${features.join()}`;
  const made = planHost(id, ten, hostWith(ten, setOfFeatures(ten, features), { vendor }), { fingerprint });
  const context = contexts.get(fingerprint) ?? made.context;
  contexts.set(fingerprint, context);
  return { ...made, context, ...more };
}

const many = (count: number, name: string, features: readonly string[], vendor?: string): PlanHost[] =>
  Array.from({ length: count }, (_, at) => host(`${name}-${at}`, features, vendor));

const sizes = (choice: PoolChoice): number[] => choice.pools.map(({ hosts }) => hosts.length).sort((a, b) => a - b);
const best = (hosts: readonly PlanHost[], more: Partial<PoolRequest>, pools: number): PoolChoice => {
  const found = optimisePools(hosts, { ...request, ...more }).choices.find((choice) => choice.pools.length === pools);
  if (found === undefined) throw new Error(`no choice of ${pools} pools`);
  return found;
};

describe('pools', () => {
  it('equal hosts are one pool that loses nothing and survives a loss', () => {
    const { choices, unknown, unfit } = optimisePools(many(5, 'node', mid), request);
    expect(choices).toHaveLength(1);
    expect(choices[0]).toMatchObject({ keptShare: 1, isBest: true, survivesLoss: true });
    expect([unknown, unfit]).toEqual([[], []]);
  });

  it('one old host costs the other 40 what they have beyond it, and the host and the bits are named', () => {
    const [pool] = best([...many(40, 'node', young), host('node-old', mid)], {}, 1).pools;
    expect(pool.costs[0]).toMatchObject({
      others: 40,
      hostCount: 1,
      firstHosts: [{ id: 'node-old' }],
      sentence: 'node-old costs the other 40 hosts avx2, avx512*, sha-ni',
    });
    expect(pool.costs[0].bits).toContain('CPUID.07H.0:EBX[16]');
    expect(pool.promised).not.toContain('avx512f');
  });

  it('two pools keep all of two kinds of host, and each cut says what it saves', () => {
    const choice = best([...many(3, 'a', young), ...many(2, 'b', mid)], {}, 2);
    expect(sizes(choice)).toEqual([2, 3]);
    expect(choice).toMatchObject({ keptShare: 1, isBest: true });
    expect(choice.pools[0].cut?.ownLoss).toEqual(['avx2', 'avx512bw', 'avx512cd', 'avx512f', 'sha-ni']);
    expect(choice.pools[0].cut?.sentence).toBe('b-0, b-1 would cost a-0, a-1, a-2 avx2, avx512*, sha-ni');
  });

  it('vendors are never mixed, however alike', () => {
    for (const { pools } of optimisePools([...many(2, 'amd', mid), ...many(2, 'intel', mid, 'GenuineIntel')], request)
      .choices)
      for (const pool of pools) expect(new Set(pool.hosts.map(({ name }) => name.split('-')[0])).size).toBe(1);
  });

  it('hosts that are stale, unreachable or unseen are in a list of their own', () => {
    const silent = [
      host('stale', mid, undefined, { freshness: 'stale' }),
      host('gone', mid, undefined, { freshness: 'unreachable' }),
      host('dark', mid, undefined, { context: { unseen: 'it was never probed' } }),
      recordedHost('atom-d510', ten),
    ];
    const plan = optimisePools([...many(3, 'node', mid), ...silent], request);
    expect(plan.unknown.map(({ host: { id } }) => id)).toEqual(['atom-d510', 'dark', 'gone', 'stale']);
    expect(plan.choices[0].pools.flatMap(({ hosts }) => hosts)).toHaveLength(3);
  });

  it('a machine type that a QEMU lacks makes its hosts unfit, and says so', () => {
    const seven = recordedHost('lab-epyc-6.1', shippedIndex('7.2.22'));
    expect(optimisePools([seven], request).unfit[0].obstacle).toMatchObject({ kind: 'machine', name: 'pc-q35-10.0' });
  });
});

describe('constraints of pools', () => {
  const fleet = [...many(3, 'a', young), ...many(3, 'b', mid)];

  it('hosts that are kept together share a pool', () => {
    for (const choice of optimisePools(fleet, { ...request, constraints: { together: [['a-0', 'b-0']] } }).choices)
      expect(
        choice.pools.find(({ hosts }) => hosts.some(({ id }) => id === 'a-0'))?.hosts.map(({ id }) => id),
      ).toContain('b-0');
  });

  it('hosts that are kept apart do not', () => {
    const { choices } = optimisePools(fleet, { ...request, constraints: { apart: [['a-0', 'a-1', 'a-2']] } });
    expect(choices.length).toBeGreaterThan(0);
    for (const { pools } of choices)
      for (const { hosts } of pools) expect(hosts.filter(({ id }) => id.startsWith('a-')).length).toBeLessThan(2);
  });

  it('both at once is a contradiction that names the hosts', () => {
    const plan = optimisePools(fleet, {
      ...request,
      constraints: { together: [['a-0', 'b-0']], apart: [['a-0', 'b-0']] },
    });
    expect(plan.choices).toEqual([]);
    expect(plan.contradictions[0].hosts.map(({ id }) => id)).toEqual(['a-0', 'b-0']);
  });

  it('two vendors cannot be kept together', () => {
    const mixed = [host('amd', mid), host('intel', mid, 'GenuineIntel')];
    const plan = optimisePools(mixed, { ...request, constraints: { together: [['amd', 'intel']] } });
    expect(plan.contradictions[0].reason).toMatch(/several vendors/);
  });

  it('no pool is smaller than asked for, and hosts too few for one are unfit', () => {
    const hosts = [...fleet, host('lone', mid, 'GenuineIntel')];
    const plan = optimisePools(hosts, { ...request, constraints: { minHosts: 3 } });
    expect(plan.unfit.map(({ host: { id } }) => id)).toEqual(['lone']);
    for (const choice of plan.choices) expect(Math.min(...sizes(choice))).toBeGreaterThanOrEqual(3);
  });

  it('a host without a required feature is unfit, and the bit is named; one with it is placed', () => {
    const plan = optimisePools(fleet, { ...request, constraints: { required: ['avx512f'] } });
    expect(plan.unfit.map(({ host: { id } }) => id)).toEqual(['b-0', 'b-1', 'b-2']);
    expect(plan.unfit[0].obstacle).toMatchObject({ answer: 'no', name: 'avx512f', bit: 'CPUID.07H.0:EBX[16]' });
    expect(plan.choices[0].pools[0].promised).toContain('avx512f');
  });

  it('a requirement that no QEMU knows leaves no host', () => {
    expect(optimisePools(fleet, { ...request, constraints: { required: ['warp-drive'] } }).unfit).toHaveLength(6);
  });
});

describe('surviving the loss of a host', () => {
  it('a pool of one dies, so that a choice is offered in which an equal of the others joins it', () => {
    const { choices } = optimisePools([...many(3, 'a', young), host('b', mid)], request);
    expect(choices.map((choice) => [sizes(choice), choice.survivesLoss])).toEqual([
      [[4], true],
      [[1, 3], false],
      [[2, 2], true],
    ]);
  });

  it('pools are counted over all vendors, and too few of them are told', () => {
    const fleet = [...many(2, 'amd', mid), ...many(2, 'intel', mid, 'GenuineIntel'), host('old', old)];
    for (const { pools } of optimisePools(fleet, { ...request, maxPools: 2 }).choices)
      expect(pools.length).toBeLessThanOrEqual(2);
    const { choices, contradictions } = optimisePools(fleet, { ...request, maxPools: 1 });
    expect(choices).toEqual([]);
    expect(contradictions[0].reason).toContain('never mixed, which takes 2 pools');
  });

  it('a pool whose largest host carries more than is spare does not survive', () => {
    const hosts = many(3, 'a', mid);
    const capacity = new Map([['a-1', 4]]);
    const [choice] = optimisePools(hosts, { ...request, capacity, load: 0.5 }).choices;
    expect(choice.pools[0].afterLoss).toMatchObject({ survives: false, worst: { id: 'a-1' } });
    expect(optimisePools(hosts, { ...request, capacity, load: 0.3 }).choices[0].survivesLoss).toBe(true);
  });
});

describe('properties of pools', () => {
  const names = ['aes', 'avx', 'avx2', 'bmi1', 'bmi2', 'fma', 'movbe', 'popcnt', 'rdrand', 'sha-ni', 'adx', 'erms'];
  const fleets = (most: number) =>
    fc.array(
      fc.record({
        features: fc.subarray(names),
        vendor: fc.constantFrom('AuthenticAMD', 'GenuineIntel'),
        freshness: fc.constantFrom('fresh' as const, 'fresh' as const, 'fresh' as const, 'stale' as const),
      }),
      { minLength: 1, maxLength: most },
    );
  const build = (
    fleet: readonly { features: string[]; vendor: string; freshness: PlanHost['freshness'] }[],
  ): PlanHost[] =>
    fleet.map(({ features, vendor, freshness }, at) =>
      host(`h${String(at).padStart(3, '0')}`, features, vendor, { freshness }),
    );
  const ids = (hosts: readonly PlanHost[]): string[] => hosts.map(({ id }) => id);

  it('every choice and the lists beside it have each host exactly once', () => {
    fc.assert(
      fc.property(fleets(24), (fleet) => {
        const hosts = build(fleet);
        const plan = optimisePools(hosts, request);
        const beside = [...plan.unknown, ...plan.unfit].map(({ host: one }) => one.id);
        for (const { pools } of plan.choices)
          expect([...pools.flatMap((pool) => ids(pool.hosts)), ...beside].sort()).toEqual(ids(hosts).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('a pool promises what each of its hosts has, and no stale host is in one', () => {
    fc.assert(
      fc.property(fleets(20), (fleet) => {
        const hosts = build(fleet);
        const features = new Map(hosts.map(({ id }, at) => [id, new Set(fleet[at].features)]));
        for (const { pools } of optimisePools(hosts, request).choices)
          for (const pool of pools) {
            expect(pool.hosts.every(({ freshness }) => freshness === 'fresh')).toBe(true);
            const common = names.filter((name) => pool.hosts.every(({ id }) => features.get(id)?.has(name)));
            expect(pool.promised.filter((name) => names.includes(name))).toEqual(common.sort());
          }
      }),
      { numRuns: 30 },
    );
  });

  it('the order of the hosts changes nothing', () => {
    fc.assert(
      fc.property(fleets(20), fc.infiniteStream(fc.nat()), (fleet, order) => {
        const hosts = build(fleet);
        const keys = new Map(hosts.map(({ id }) => [id, order.next().value as number]));
        const shuffled = [...hosts].sort((a, b) => (keys.get(a.id) ?? 0) - (keys.get(b.id) ?? 0));
        const shape = (list: readonly PlanHost[]): unknown =>
          optimisePools(list, request).choices.map(({ pools, keptShare }) => [
            keptShare,
            pools.map((pool) => ids(pool.hosts)),
          ]);
        expect(shape(shuffled)).toEqual(shape(hosts));
      }),
      { numRuns: 30 },
    );
  });
});
