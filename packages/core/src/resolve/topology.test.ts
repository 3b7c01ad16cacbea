import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { releaseOf } from '../catalog/release.ts';
import { placeOfCpu, resolveTopology, threadsPerPackage, type Topology } from './topology.ts';

const machine = (
  name: string,
  maxCpus = 288,
): { name: string; deprecated: false; isDefault: false; maxCpus: number } => ({
  name,
  deprecated: false,
  isDefault: false,
  maxCpus,
});
const shape = ({ cpus, sockets, dies, modules, cores, threads }: Topology): string =>
  `${cpus}: ${sockets}/${dies}/${modules}/${cores}/${threads}`;
const newest = releaseOf('11.1.3');

// Source: QEMU 7.2.22, 10.0.13 and 11.1.3, query-hotpluggable-cpus and error texts
describe('resolveTopology', () => {
  it.each([
    { smp: undefined, is: '1: 1/1/1/1/1', old: '1: 1/1/1/1/1' },
    { smp: {}, is: '1: 1/1/1/1/1', old: '1: 1/1/1/1/1' },
    { smp: { cpus: 4 }, is: '4: 1/1/1/4/1', old: '4: 4/1/1/1/1' },
    { smp: { cpus: 4, sockets: 2 }, is: '4: 2/1/1/2/1', old: '4: 2/1/1/2/1' },
    { smp: { cpus: 4, cores: 2 }, is: '4: 2/1/1/2/1', old: '4: 2/1/1/2/1' },
    { smp: { cpus: 4, threads: 2 }, is: '4: 1/1/1/2/2', old: '4: 2/1/1/1/2' },
    { smp: { cpus: 8, dies: 2 }, is: '8: 1/2/1/4/1', old: '8: 4/2/1/1/1' },
    { smp: { cpus: 8, sockets: 2, cores: 2 }, is: '8: 2/1/1/2/2', old: '8: 2/1/1/2/2' },
    { smp: { cores: 2, threads: 2 }, is: '4: 1/1/1/2/2', old: '4: 1/1/1/2/2' },
    { smp: { sockets: 3 }, is: '3: 3/1/1/1/1', old: '3: 3/1/1/1/1' },
    { smp: { cpus: 6, sockets: 1, cores: 3 }, is: '6: 1/1/1/3/2', old: '6: 1/1/1/3/2' },
  ])('$smp is $is, and $old on machine types up to 6.1', ({ smp, is, old }) => {
    expect(shape(resolveTopology(smp, machine('pc-q35-6.2'), newest).topology)).toBe(is);
    expect(shape(resolveTopology(smp, machine('pc-q35-6.1'), newest).topology)).toBe(old);
    expect(shape(resolveTopology(smp, machine('pc-i440fx-2.12'), newest).topology)).toBe(old);
    expect(shape(resolveTopology(smp, machine('isapc'), newest).topology)).toBe(is);
  });

  it('a machine type without a version goes with its QEMU', () => {
    expect(shape(resolveTopology({ cpus: 4 }, machine('isapc'), releaseOf('6.1.0')).topology)).toBe('4: 4/1/1/1/1');
    expect(shape(resolveTopology({ cpus: 4 }, machine('isapc'), releaseOf('6.2.0')).topology)).toBe('4: 1/1/1/4/1');
  });

  const mismatch = (levels: string, cpus: number): string =>
    `Invalid CPU topology: product of the hierarchy must match maxcpus: ${levels} != maxcpus (${cpus})`;

  it.each([
    {
      name: 'a product that is too small',
      smp: { cpus: 3, cores: 2 },
      message: mismatch('sockets (1) * dies (1) * modules (1) * cores (2) * threads (1)', 3),
    },
    {
      name: 'a level larger than the CPUs',
      smp: { cpus: 1, dies: 2 },
      message: mismatch('sockets (1) * dies (2) * modules (1) * cores (0) * threads (1)', 1),
    },
    {
      name: 'CPUs that do not divide',
      smp: { cpus: 255, threads: 4 },
      message: mismatch('sockets (1) * dies (1) * modules (1) * cores (63) * threads (4)', 255),
    },
    {
      name: 'clusters',
      smp: { cpus: 2, clusters: 2 },
      message: "clusters > 1 not supported by this machine's CPU topology",
    },
    {
      name: 'a zero',
      smp: { cpus: 2, cores: 0 },
      message: 'Invalid CPU topology: CPU topology parameters must be greater than zero',
    },
    {
      name: 'too many CPUs',
      smp: { cpus: 300 },
      message: "Invalid SMP CPUs 300. The max CPUs supported by machine 'pc-q35-10.0' is 288",
    },
  ])('refuses $name', ({ smp, message }) => {
    const { refusal, topology } = resolveTopology(smp, machine('pc-q35-10.0'), newest);
    expect(refusal).toMatchObject({ by: 'usage', message });
    expect(topology.cpus).toBe(1);
  });

  it.each([
    {
      name: 'dies on microvm',
      type: 'microvm',
      release: '10.0.13',
      smp: { cpus: 2, dies: 2 },
      message: "dies > 1 not supported by this machine's CPU topology",
    },
    {
      name: 'modules on microvm',
      type: 'microvm',
      release: '10.0.13',
      smp: { cpus: 2, modules: 2 },
      message: "modules > 1 not supported by this machine's CPU topology",
    },
    {
      name: 'a mismatch on microvm, without its levels',
      type: 'microvm',
      release: '10.0.13',
      smp: { cpus: 3, cores: 2 },
      message: mismatch('sockets (1) * cores (2) * threads (1)', 3),
    },
    {
      name: 'dies on microvm, in the words of 7.2',
      type: 'microvm',
      release: '7.2.22',
      smp: { cpus: 2, dies: 2 },
      message: "dies not supported by this machine's CPU topology",
    },
    {
      name: 'clusters, in the words of 7.2',
      type: 'pc-q35-7.2',
      release: '7.2.22',
      smp: { cpus: 2, clusters: 2 },
      message: "clusters not supported by this machine's CPU topology",
    },
    {
      name: 'modules, which 7.2 does not know',
      type: 'pc-q35-7.2',
      release: '7.2.22',
      smp: { cpus: 2, modules: 1 },
      message: "Parameter 'smp.modules' is unexpected",
    },
    {
      name: 'a mismatch, with the levels of 7.2',
      type: 'pc-q35-7.2',
      release: '7.2.22',
      smp: { cpus: 3, cores: 2 },
      message: mismatch('sockets (1) * dies (1) * cores (2) * threads (1)', 3),
    },
  ])('refuses $name', ({ type, release, smp, message }) => {
    expect(resolveTopology(smp, machine(type), releaseOf(release)).refusal?.message).toBe(message);
  });

  it('takes a zero for nothing before 9.0, with a warning', () => {
    const { topology, warnings, refusal } = resolveTopology(
      { cpus: 4, cores: 0 },
      machine('pc-q35-7.2'),
      releaseOf('7.2.22'),
    );
    expect(shape(topology)).toBe('4: 1/1/1/4/1');
    expect(refusal).toBeNull();
    expect(warnings).toEqual([
      'warning: Deprecated CPU topology (considered invalid): CPU topology parameters must be greater than zero',
    ]);
  });

  it('accepts clusters=1 and a level of 1 that the machine type does not have', () => {
    expect(
      resolveTopology({ cpus: 2, clusters: 1, dies: 1, modules: 1 }, machine('microvm'), newest).refusal,
    ).toBeNull();
  });
});

describe('placeOfCpu', () => {
  const topology = { cpus: 24, sockets: 2, dies: 2, modules: 1, cores: 3, threads: 2 };

  it.each([
    { cpu: 0, apicId: 0, place: [0, 0, 0, 0] },
    { cpu: 1, apicId: 1, place: [0, 0, 0, 1] },
    { cpu: 5, apicId: 5, place: [0, 0, 2, 1] },
    { cpu: 6, apicId: 8, place: [0, 1, 0, 0] },
    { cpu: 12, apicId: 16, place: [1, 0, 0, 0] },
    { cpu: 23, apicId: 29, place: [1, 1, 2, 1] },
  ])('CPU $cpu has APIC id $apicId', ({ cpu, apicId, place }) => {
    const found = placeOfCpu(topology, cpu);
    expect(found.apicId).toBe(apicId);
    expect([found.sockets, found.dies, found.cores, found.threads]).toEqual(place);
  });

  const anyTopology = fc
    .record({
      sockets: fc.integer({ min: 1, max: 4 }),
      dies: fc.integer({ min: 1, max: 4 }),
      modules: fc.integer({ min: 1, max: 3 }),
      cores: fc.integer({ min: 1, max: 9 }),
      threads: fc.integer({ min: 1, max: 4 }),
    })
    .map((levels) => ({
      ...levels,
      cpus: levels.sockets * levels.dies * levels.modules * levels.cores * levels.threads,
    }));

  it('gives every CPU an id of its own, rising with its number', () => {
    fc.assert(
      fc.property(anyTopology, (any) => {
        const ids = Array.from({ length: any.cpus }, (_, cpu) => placeOfCpu(any, cpu).apicId);
        expect([...new Set(ids)].sort((a, b) => a - b)).toEqual(ids);
      }),
    );
  });

  it('what is given whole is taken as it is, on every machine type', () => {
    fc.assert(
      fc.property(anyTopology, fc.constantFrom('pc-q35-6.1', 'pc-q35-10.0'), (any, name) => {
        const resolved = resolveTopology(any, machine(name, 4096), newest);
        expect(resolved.refusal).toBeNull();
        expect(resolved.topology).toEqual(any);
        expect(threadsPerPackage(resolved.topology) * any.sockets).toBe(any.cpus);
      }),
    );
  });

  it('leaving levels out either completes them to the number of CPUs or is refused', () => {
    const part = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
    const anySmp = fc.record({ cpus: part, sockets: part, dies: part, modules: part, cores: part, threads: part });
    fc.assert(
      fc.property(anySmp, fc.constantFrom('pc-q35-6.1', 'pc-q35-10.0', 'microvm'), (smp, name) => {
        const { topology, refusal } = resolveTopology(
          smp as Parameters<typeof resolveTopology>[0],
          machine(name, 4096),
          newest,
        );
        const product = topology.sockets * topology.dies * topology.modules * topology.cores * topology.threads;
        expect(product).toBe(topology.cpus);
        if (refusal === null && smp.cpus !== undefined) expect(topology.cpus).toBe(smp.cpus);
      }),
    );
  });
});
