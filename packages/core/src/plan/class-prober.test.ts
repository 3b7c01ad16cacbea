import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { everything, hostWith, setOfFeatures, snapshotWith } from '../testing/hosts.ts';
import { planHost, recordedHost, recordedNames } from '../testing/plan-fleets.ts';
import { rankChoices, modelsOn } from './choices.ts';
import { probeClass, ProbeMemory, type Probe } from './choices-probe.ts';
import { ClassProber } from './class-prober.ts';
import { foldHosts, isSeen, type HostClass, type PlanHost } from './fleet.ts';
import { bootGuest, describeGuest } from './predicates-guest.ts';
import { runnable } from './predicates.ts';
import { safe } from './predicates-safe.ts';
import type { Launch } from './prepared-line.ts';

const indexes = shippedVersions.map((version) => shippedIndex(version));
const machine = 'pc-q35-7.2';

/** A probe without what is lent, and without AMD's nameless copies of bits. */
function describeProbe(probe: Probe): unknown {
  if (probe.kind === 'none') return probe;
  const { index } = probe.context;
  const { answer, aborting, refusal, effective, filtered } = probe;
  const isIn = (set: Uint32Array, name: string): boolean => {
    const location = index.features.get(name);
    return location !== undefined && (set[location.lane] & location.mask) !== 0;
  };
  const features = index.catalog.features.flatMap(({ name }) => (isIn(effective, name) ? [name] : []));
  return { answer, aborting, refusal, features, filtered: [...filtered] };
}

/** Answers of the prober that are not those of settling each host. */
function differences(launch: Launch, cpus: readonly string[], classes: readonly HostClass[]): string[] {
  const prober = new ClassProber(launch);
  const memory = new ProbeMemory();
  return cpus.flatMap((cpu) =>
    classes.flatMap((members) => {
      const fast = describeProbe(prober.probe(members, cpu));
      const slow = describeProbe(probeClass(members, { ...launch, cpu }, memory));
      return JSON.stringify(fast) === JSON.stringify(slow) ? [] : [`${cpu} on ${members.sample.name}`];
    }),
  );
}

/** Models with features switched on and off at random. */
const linesOf = (index: CatalogIndex): fc.Arbitrary<string> => {
  const models = modelsOn(index, { accel: 'kvm', machine });
  const names = index.catalog.features.map(({ name }) => name);
  const edits = fc.array(fc.tuple(fc.constantFrom('+', '-'), fc.constantFrom(...names)), { maxLength: 6 });
  const settings = fc.constantFrom('', '', '', ',enforce=on', ',host-phys-bits=on', ',lbr-fmt=0x5', ',pmu=on');
  return fc
    .tuple(fc.constantFrom(...models), edits, settings)
    .map(([model, edited, setting]) => `${model}${edited.map((edit) => `,${edit.join('')}`).join('')}${setting}`);
};

const launches: readonly Launch[] = [
  { accel: 'kvm', machine },
  { accel: 'kvm', machine, kernelIrqchip: 'split' },
  { accel: 'kvm', machine, kernelIrqchip: 'off' },
  { accel: 'kvm', machine: 'microvm' },
  { accel: 'tcg', machine },
];

describe.each(shippedVersions.map((version, at) => ({ version, index: indexes[at] })))(
  'lines tried on classes of hosts, QEMU $version',
  ({ index }) => {
    const recorded = foldHosts(recordedNames().map((name) => recordedHost(name, index)));

    it('come out as settled host by host: every model on every recorded host', () => {
      const models = modelsOn(index, { accel: 'kvm', machine });
      expect(models.length).toBeGreaterThan(70);
      expect(differences({ accel: 'kvm', machine }, models, recorded)).toEqual([]);
    });

    it('come out as settled host by host: any line, irqchip, machine type and accelerator', () => {
      fc.assert(
        fc.property(fc.constantFrom(...launches), fc.array(linesOf(index), { maxLength: 8 }), (launch, lines) => {
          const some = recorded.filter((_, at) => at % 7 === lines.length % 7);
          expect(differences(launch, lines, some)).toEqual([]);
        }),
        { numRuns: 40 },
      );
    });

    it('come out as settled host by host: hosts that no one recorded', () => {
      const names = index.catalog.features.map(({ name }) => name);
      const hosts = fc
        .record({
          without: fc.subarray(names, { maxLength: 40 }),
          vendor: fc.constantFrom('AuthenticAMD', 'GenuineIntel', 'CentaurHauls'),
          unwritableMsrs: fc.subarray(['0x10a', '0x345', '0x48b', '0x492']),
          msrIndices: fc.constantFrom(['0x3a', '0x40000000'], ['0x10a'], []),
        })
        .map(({ without, vendor, ...kvm }) => {
          const set = everything(index);
          setOfFeatures(index, without).forEach((lane, i) => (set[i] &= ~lane));
          return planHost('made up', index, hostWith(index, set, { vendor, kvm }));
        });
      fc.assert(
        fc.property(hosts, fc.array(linesOf(index), { maxLength: 12 }), (host, lines) => {
          expect(differences({ accel: 'kvm', machine }, lines, foldHosts([host]))).toEqual([]);
        }),
        { numRuns: 40 },
      );
    });
  },
);

/** What `safe` says, from resolving every host in full; guests are equal when nothing in their description differs. */
function safeInFull(cpu: string, hosts: readonly PlanHost[]) {
  const seen = hosts.map((host) => {
    const { answer } = runnable({ accel: 'kvm', machine, cpu }, host);
    const booted = answer === 'yes' ? bootGuest({ accel: 'kvm', machine, cpu }, host) : null;
    const guest = booted?.kind === 'booted' ? describeGuest(booted.guest.host.context, booted.guest.cell) : null;
    return { answer, guest };
  });
  const counts = new Map<string, number>();
  for (const { guest } of seen) if (guest !== null) counts.set(guest, (counts.get(guest) ?? 0) + 1);
  const most = [...counts].reduce<readonly [string | null, number]>((a, b) => (b[1] > a[1] ? b : a), [null, 0])[0];
  const answers = seen.map(({ answer, guest }) => (guest !== null && guest !== most ? 'no' : answer));
  const count = (wanted: string): number => answers.filter((answer) => answer === wanted).length;
  return { yes: count('yes'), no: count('no'), unknown: count('unknown') };
}

describe('ranked choices of a mixed fleet', () => {
  const fleet: PlanHost[] = recordedNames()
    .flatMap((name, at) => {
      const host = recordedHost(name, indexes[at % indexes.length]);
      return [
        host,
        { ...host, id: `${name} twin` },
        ...(at % 9 === 0 ? [recordedHost(name, indexes[0], { id: `${name} 7` })] : []),
      ];
    })
    .map((host, at) => (at % 11 === 5 ? { ...host, freshness: 'stale' } : host));
  const hosts: readonly PlanHost[] = [
    ...fleet,
    { ...fleet[0], id: 'never seen', fingerprint: 'none', context: { unseen: 'it never answered' } },
    planHost('silent', indexes[1], snapshotWith({ hardware: undefined, kernel: undefined, qemu: undefined })),
  ].sort((a, b) => (a.id < b.id ? -1 : 1));

  it('count for each line what resolving every host in full counts', () => {
    const models = [
      'EPYC-v1',
      'Haswell-v4',
      'kvm64-v1',
      'core2duo-v1',
      'Cascadelake-Server-v2',
      'host',
      'GraniteRapids',
    ];
    const ranked = rankChoices(hosts, { accel: 'kvm', machine, models, abiLevelOf: () => 0 });
    expect(ranked).toHaveLength(models.length);
    for (const { model, line, plain, proof } of ranked) {
      const { yes, no, unknown } = proof;
      expect([line.cpu, { yes, no, unknown }]).toEqual([line.cpu, safeInFull(line.cpu, hosts)]);
      const alone = hosts.map((host) => runnable({ accel: 'kvm', machine, cpu: model }, host).answer);
      expect([model, plain.yes]).toEqual([model, alone.filter((answer) => answer === 'yes').length]);
      expect([model, plain.no]).toEqual([model, alone.filter((answer) => answer === 'no').length]);
      expect(safe({ accel: 'kvm', machine, cpu: line.cpu }, hosts)).toEqual(proof);
    }
  });

  it('names the hosts that lose a feature, the first by id', () => {
    const [{ losses }] = rankChoices(hosts, { accel: 'kvm', machine, models: ['EPYC-v1'], abiLevelOf: () => 0 });
    const lacking = hosts.filter((host) => {
      const { obstacles } = runnable({ accel: 'kvm', machine, cpu: 'EPYC-v1' }, host);
      return isSeen(host) && obstacles.some(({ answer, name }) => answer === 'no' && name === 'avx2');
    });
    const loss = losses.find(({ feature }) => feature === 'avx2');
    expect(lacking.length).toBeGreaterThan(3);
    expect(loss?.hostCount).toBe(lacking.length);
    expect(loss?.firstHosts.map(({ id }) => id)).toEqual(lacking.slice(0, 3).map(({ id }) => id));
  });
});
