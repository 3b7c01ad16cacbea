import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { indexCatalog, type CatalogIndex } from '../../catalog/catalog-index.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { HostSnapshot } from '../../snapshot/snapshot.ts';
import { createContext } from '../context.ts';
import type { ResolutionRequest } from '../resolution.ts';
import { guestCpuid, type GuestCpuidEntry, type GuestCpuidOptions } from './guest-cpuid.ts';

const root = new URL('../../../../../data/', import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

function indexOf(version: string, runsAs?: string): CatalogIndex {
  return indexCatalog((readJson(`qemu/${version}/catalog.json`) as { catalog: Catalog }).catalog, runsAs);
}

/** An AMD host with an ordinary kvm_amd, recorded. */
const host = readJson('snapshots/lab-epyc-milan-6.1.json') as HostSnapshot;
function withHyperV(capability: number): HostSnapshot {
  const copy = structuredClone(host) as HostSnapshot & {
    kernel: { kvm: { capabilities: Record<string, number> } };
    hardware: { tscKhz: number };
  };
  copy.kernel.kvm.capabilities.KVM_CAP_HYPERV = capability;
  copy.hardware.tscKhz = 2_445_000;
  return copy;
}
const indexes = { '7.2': indexOf('7.2.22'), '10.0': indexOf('10.0.13'), '11.1': indexOf('11.1.3') } as const;
type Version = keyof typeof indexes;

interface Asked extends Partial<ResolutionRequest>, GuestCpuidOptions {
  readonly version?: Version;
  readonly on?: HostSnapshot | null;
}

function ask({ version = '10.0', on = host, modelCaches, vcpu, ...request }: Asked) {
  const full = { accel: 'kvm', machine: 'q35', cpu: 'EPYC', ...request } as const;
  return guestCpuid(createContext(indexes[version], on), full, { modelCaches, vcpu });
}

const find = (entries: readonly GuestCpuidEntry[], leaf: number, subleaf = 0): GuestCpuidEntry | undefined =>
  entries.find((entry) => entry.leaf === leaf && ((entry.flags & 1) === 0 || entry.subleaf === subleaf));

/** One register of a leaf in hex. */
function register(asked: Asked, leaf: number, name: 'eax' | 'ebx' | 'ecx' | 'edx', subleaf = 0): string {
  const entry = find(ask(asked).entries, leaf, subleaf);
  return entry === undefined ? 'no entry' : entry[name].toString(16);
}

const smp = { sockets: 2, dies: 2, cores: 3, threads: 2 } as const;

// Source: KVM_SET_CPUID2 of QEMU 7.2.22, 10.0.13 and 11.1.3, captured
describe('topology', () => {
  it.each<[string, Version, Asked, number, 'eax' | 'ebx' | 'ecx' | 'edx', number, string]>([
    ['leaf 1 counts the CPUs of a die on 7.2', '7.2', { smp }, 1, 'ebx', 0, '60800'],
    ['leaf 1 counts the CPUs of a package later', '10.0', { smp }, 1, 'ebx', 0, 'c0800'],
    ['leaf 1 of Intel counts addressable ids', '10.0', { smp, cpu: 'EPYC,vendor=GenuineIntel' }, 1, 'ebx', 0, '100800'],
    ['the APIC id of another vCPU', '10.0', { smp, vcpu: 7 }, 1, 'ebx', 0, '90c0800'],
    ['leaf 0BH ends with the package', '10.0', { smp }, 0xb, 'eax', 1, '4'],
    ['leaf 1FH has the die', '10.0', { smp, cpu: 'EPYC,vendor=GenuineIntel' }, 0x1f, 'ecx', 2, '502'],
    ['leaf 80000008H counts and says how wide', '10.0', { smp }, 0x80000008, 'ecx', 0, '400b'],
    ['leaf 8000001EH counts dies as nodes on 7.2', '7.2', { smp, vcpu: 7 }, 0x8000001e, 'ecx', 0, '101'],
    ['leaf 8000001EH counts packages later', '10.0', { smp, vcpu: 7 }, 0x8000001e, 'ecx', 0, '0'],
    ['-smp 1 has no such leaf', '10.0', {}, 0x1f, 'eax', 0, 'no entry'],
  ])('%s', (_, version, asked, leaf, name, subleaf, value) => {
    const extended = { xlevel: asked.cpu === undefined ? 'EPYC,xlevel=0x8000001e' : asked.cpu };
    expect(register({ version, cpu: extended.xlevel, ...asked }, leaf, name, subleaf)).toBe(value);
  });

  it('a vCPU that the topology does not have is refused', () => {
    expect(() => ask({ vcpu: 1 })).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});

describe('caches', () => {
  it('a name that stands for a version has its caches also where no machine type gives it one', () => {
    const asked = { machine: 'isapc', cpu: 'EPYC-IBPB' };
    expect(ask(asked).unknowns).toEqual([]);
    expect(register(asked, 0x8000001d, 'ecx', 3)).toBe('1fff');
  });

  const intel = 'vendor=GenuineIntel';
  it.each<[string, Version, string, number, 'eax' | 'ebx' | 'ecx' | 'edx', number, string]>([
    ['an AMD guest has nothing in leaf 4', '10.0', 'EPYC', 4, 'eax', 0, '0'],
    ['x-vendor-cpuid-only=off shows it all the same', '10.0', 'EPYC,x-vendor-cpuid-only=off', 4, 'eax', 0, '121'],
    ['leaf 2 of an old model', '7.2', `kvm64,${intel}`, 2, 'edx', 0, '2c307d'],
    ['leaf 2 points to leaf 4 in later releases', '11.1', `kvm64,${intel}`, 2, 'edx', 0, 'ff'],
    ['… unless there is no leaf 4', '11.1', `pentium2,${intel}`, 2, 'edx', 0, '2c307d'],
    ['l3-cache=off ends the list earlier', '10.0', `EPYC,l3-cache=off,${intel}`, 4, 'eax', 3, '0'],
    ['EPYC-Milan has 32 MiB', '10.0', 'EPYC-Milan', 0x80000006, 'edx', 0, '1008140'],
    ['legacy-cache=on makes it 16 MiB', '10.0', 'EPYC-Milan,legacy-cache=on', 0x80000006, 'edx', 0, '808140'],
    ['a corrected version differs', '11.1', 'EPYC-Milan-v3', 0x8000001d, 'edx', 2, '2'],
  ])('%s', (_, version, cpu, leaf, name, subleaf, value) => {
    expect(register({ version, cpu }, leaf, name, subleaf)).toBe(value);
  });

  const own = (cpu: string, machine: string): string => register({ version: '10.0', cpu, machine }, 0x80000006, 'edx');
  it('a machine type that does not know the later version keeps the caches of the first', () => {
    expect(own('EPYC', 'pc-q35-4.0')).toBe(own('EPYC-v1', 'q35'));
  });

  it('harvested caches win over those that Atlas knows', () => {
    const l3 = { ...ownL3, sets: 1024 };
    const modelCaches = new Map([['EPYC-Milan-v1', { l1d: ownL3, l1i: ownL3, l2: ownL3, l3 }]]);
    expect(register({ cpu: 'EPYC-Milan-v1', modelCaches }, 0x8000001d, 'ecx', 3)).toBe('3ff');
  });
});

const ownL3 = {
  ...{ type: 'unified', level: 3, lineBytes: 64, ways: 16, partitions: 1, sets: 2048, linesPerTag: 1, share: 'die' },
  ...{ isSelfInitializing: true, isNotInvalidated: false, isInclusive: false, isComplexIndexed: false },
} as const;

describe('levels and the list of entries', () => {
  const leaves = (asked: Asked): string[] =>
    ask(asked).entries.map(({ leaf, subleaf, flags }) => `${leaf.toString(16)}.${subleaf}/${flags}`);

  it.each<[string, Asked, readonly string[]]>([
    ['leaf 2 is stateful on 7.2', { version: '7.2', cpu: 'pentium2' }, ['2.0/6']],
    ['leaf 0DH ends with an empty subleaf on 7.2', { version: '7.2', cpu: 'EPYC' }, ['d.63/1']],
    ['a leaf takes over the subleaf of a slot that was given back', { cpu: 'EPYC' }, ['80000000.63/0']],
    ['Centaur leaves are listed though empty', { cpu: 'EPYC,xlevel2=0xc0000002' }, ['c0000002.0/0']],
    ['Hyper-V moves KVM away', { cpu: 'EPYC,hv-relaxed' }, ['40000000.0/0', '40000005.0/0', '40000100.0/0']],
    ['invtsc brings the frequencies', { cpu: 'EPYC,tsc-frequency=2445000000' }, ['40000010.0/0']],
  ])('%s', (_, asked, expected) => {
    expect(leaves({ ...asked, on: withHyperV(1) })).toEqual(expect.arrayContaining([...expected]));
  });

  it.each<[string, Asked, number]>([
    ['kvm=off hides KVM', { cpu: 'EPYC,kvm=off' }, 0x40000000],
    ['level cuts the basic leaves', { cpu: 'EPYC,level=6' }, 7],
    ['xlevel cuts the extended leaves', { cpu: 'EPYC,xlevel=0x80000004' }, 0x80000005],
    ['an empty leaf is left out', { cpu: 'EPYC' }, 9],
    ['without Hyper-V in KVM there is none', { cpu: 'EPYC,hv-relaxed', on: withHyperV(0) }, 0x40000100],
  ])('%s', (_, asked, leaf) => {
    expect(find(ask(asked).entries, leaf)).toBeUndefined();
  });

  it('more entries than KVM takes end QEMU', () => {
    expect(ask({ cpu: 'EPYC,xlevel2=0xc0000100' }).refusal).toMatchObject({ by: 'abort' });
  });
});

describe('what is not known', () => {
  const silent = { schema: host.schema, host: host.host, collectedAt: host.collectedAt, collector: host.collector };
  const nobody: HostSnapshot = silent;

  it('of a host that is not known, every bit that it decides on is unknown, with the reason', () => {
    const { entries, isComplete, unknowns } = ask({ cpu: 'host', on: nobody });
    const first = find(entries, 1);
    expect(first?.unknown).toMatchObject({ eax: 0xffffffff });
    expect(first?.unknown?.why).not.toBe('');
    expect(isComplete).toBe(false);
    expect(unknowns.length).toBeGreaterThan(0);
  });

  it('the vendor of the host decides on the caches of a named model', () => {
    const { entries } = ask({ cpu: 'EPYC', on: nobody });
    expect(find(entries, 0)?.unknown?.ebx).not.toBe(0);
    expect(find(entries, 4)?.unknown?.eax).not.toBe(0);
    // Of any vendor, 8 KiB times 1024 …: L3 lies in AMD's own leaf alone.
    expect(find(entries, 0x80000006)?.unknown).toBeUndefined();
  });

  it('a vendor that the user names is known', () => {
    expect(find(ask({ cpu: 'EPYC,vendor=AuthenticAMD', on: nobody }).entries, 4)?.unknown).toBeUndefined();
  });

  it('the caches of a model that nobody has seen are unknown', () => {
    const catalog = structuredClone(indexes['11.1'].catalog) as { models: { name: string }[] };
    for (const model of catalog.models) model.name = model.name.replace('EPYC-Turin', 'EPYC-Venice');
    const context = createContext(indexCatalog(catalog as unknown as Catalog), host);
    const request = { accel: 'kvm', machine: 'q35', cpu: 'EPYC-Venice-v1' } as const;
    const { entries, unknowns } = guestCpuid(context, request);
    expect(find(entries, 0x8000001d, 3)?.unknown).toMatchObject({ eax: 0xffffffff, ecx: 0xffffffff });
    expect(unknowns.join()).toContain('harvest');
  });

  it('a later version of a family that is known has the caches of the last, which is said', () => {
    const catalog = structuredClone(indexes['11.1'].catalog) as { models: { name: string }[] };
    for (const model of catalog.models) model.name = model.name.replace('EPYC-Turin-v2', 'EPYC-Turin-v9');
    const context = createContext(indexCatalog(catalog as unknown as Catalog), host);
    const { entries, assumptions } = guestCpuid(context, { accel: 'kvm', machine: 'q35', cpu: 'EPYC-Turin-v9' });
    expect(find(entries, 0x8000001d, 0)?.unknown).toBeUndefined();
    expect(assumptions.join()).toContain('EPYC-Turin-v2');
  });
});

describe('TCG', () => {
  it('has its own signature and no KVM', () => {
    const { entries } = ask({ accel: 'tcg', cpu: 'qemu64', on: null });
    expect(find(entries, 0x40000000)).toMatchObject({ eax: 0x40000001, ebx: 0x54474354 });
    expect(find(entries, 0x40000001)).toBeUndefined();
    expect(find(ask({ accel: 'tcg', cpu: 'qemu64,tcg-cpuid=off', on: null }).entries, 0x40000000)).toBeUndefined();
  });
});
