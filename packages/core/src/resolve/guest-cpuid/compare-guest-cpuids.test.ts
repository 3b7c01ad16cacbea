import { describe, expect, it } from 'vitest';
import { compareGuestCpuids as compare, type GuestCpuidComparison } from './compare-guest-cpuids.ts';
import { describeDescriptor, noDescriptor } from './cache-descriptors.ts';
import { decodeGuestCpuid } from './decode-guest-cpuid.ts';
import type { GuestCpuidEntry } from './guest-cpuid.ts';

const why = 'the test says so';
const entry = (leaf: number, rest: Partial<GuestCpuidEntry> = {}): GuestCpuidEntry => ({
  ...{ leaf, subleaf: 0, flags: 0, eax: 0, ebx: 0, ecx: 0, edx: 0 },
  ...rest,
});
const indexed = (leaf: number, subleaf: number, rest: Partial<GuestCpuidEntry> = {}): GuestCpuidEntry =>
  entry(leaf, { subleaf, flags: 1, ...rest });

const compareGuestCpuids = (first: GuestCpuidEntry[], second: GuestCpuidEntry[]): GuestCpuidComparison =>
  compare({ entries: first, isComplete: true }, { entries: second, isComplete: true });

describe('comparing', () => {
  it('order, flags and entries of zeros are no difference', () => {
    const first = [entry(1, { edx: 5 }), entry(0x80000001), indexed(7, 0)];
    const second = [entry(7), entry(1, { edx: 5 })];
    expect(compareGuestCpuids(first, second)).toEqual({ verdict: 'equal', differences: [] });
  });

  it('the subleaf of an entry that has no significant index is no difference', () => {
    expect(compareGuestCpuids([entry(2, { subleaf: 3, eax: 1 })], [entry(2, { eax: 1 })]).verdict).toBe('equal');
  });

  it('names the fields that differ', () => {
    const [first, second] = [0x4000, 0x8000].map((eax) => [indexed(0x8000001d, 0, { eax })]);
    expect(compareGuestCpuids(first, second).differences).toEqual([
      {
        ...{ leaf: 0x8000001d, subleaf: 0, register: 'eax', kind: 'abi', bits: 0xc000, first: 0x4000, second: 0x8000 },
        fields: ['APIC ids that share the cache: 2, 3'],
      },
    ]);
  });

  it('what KVM computes anew is told, and no verdict', () => {
    const [first, second] = [576, 832].map((ebx) => [indexed(0xd, 0, { ebx })]);
    const { verdict, differences } = compareGuestCpuids(first, second);
    expect([verdict, differences.map(({ kind }) => kind)]).toEqual(['equal', ['recomputed']]);
  });

  const unknown = { eax: 0, ebx: 0, ecx: 0, edx: 0 };
  it.each<[string, GuestCpuidEntry[], GuestCpuidEntry[], string, number[]]>([
    [
      'a bit that is open',
      [entry(1, { unknown: { ...unknown, edx: 4, why } })],
      [entry(1, { edx: 4 })],
      'unknown',
      [4],
    ],
    [
      'a known bit beside it',
      [entry(1, { edx: 1, unknown: { ...unknown, edx: 4, why } })],
      [entry(1, { edx: 4 })],
      'different',
      [1, 4],
    ],
    ['an entry that may be missing', [entry(0x1f, { eax: 8, isUncertain: true })], [], 'unknown', [8]],
    ['the highest bit', [entry(1, { ecx: 0x80000000 })], [], 'different', [0x80000000]],
  ])('%s', (_, first, second, verdict, bits) => {
    const found = compareGuestCpuids(first, second);
    expect([found.verdict, found.differences.map((difference) => difference.bits)]).toEqual([verdict, bits]);
  });
});

it('an entry that is missing from a list that may lack some is not known', () => {
  const full = { entries: [entry(1, { edx: 5 }), indexed(0xd, 2, { eax: 256 })], isComplete: true };
  const part = { entries: [entry(1, { edx: 4 })], isComplete: false };
  expect(compare(full, part).differences.map(({ leaf, kind, bits }) => [leaf, kind, bits])).toEqual([
    [1, 'abi', 1],
    [0xd, 'unknown', 256],
  ]);
  expect(compare({ ...part, entries: [] }, full).verdict).toBe('unknown');
});

describe('decoding', () => {
  const caches = (...entries: GuestCpuidEntry[]): string[] => decodeGuestCpuid(entries).caches.map(({ text }) => text);
  const vendors = {
    intel: entry(0, { ebx: 0x756e6547, edx: 0x49656e69, ecx: 0x6c65746e }),
    amd: entry(0, { ebx: 0x68747541, edx: 0x69746e65, ecx: 0x444d4163 }),
  };
  const shape = { ebx: 0x03c0003f, ecx: 0x3fff };
  const [fourth, amdCache] = [
    indexed(4, 3, { eax: 0x1c163, ...shape }),
    indexed(0x8000001d, 3, { eax: 0x1c163, ...shape }),
  ];
  const oldest = entry(2, { eax: 1, ecx: 0x4d, edx: 0x2c307d });

  it('reads the caches where a guest of that vendor does', () => {
    expect(caches(vendors.intel, oldest, fourth)).toEqual(['L3 16 MiB, 16-way, shared by 8']);
    expect(caches(vendors.amd, oldest, amdCache)).toEqual(['L3 16 MiB, 16-way, shared by 8']);
    expect(caches(vendors.intel, oldest)).toEqual([
      'L1d 32 KiB, 8-way',
      'L1i 32 KiB, 8-way',
      'L2 2 MiB, 8-way',
      'L3 16 MiB, 16-way',
    ]);
  });

  it('says nothing of what is open', () => {
    const open = { eax: 0, ebx: 0xffffffff, ecx: 0, edx: 0, why };
    const decoded = decodeGuestCpuid([
      { ...vendors.intel, unknown: open },
      { ...fourth, unknown: open },
    ]);
    expect(decoded).toMatchObject({ vendor: null, caches: [], highestLeaves: { basic: 0 }, physBits: null });
    expect(decodeGuestCpuid([])).toMatchObject({
      vendor: null,
      brand: null,
      apicId: null,
      levels: [],
      hypervisors: [],
    });
  });
});

it('a descriptor stands for the cache that it is said to be', () => {
  for (let code = 0; code < 256; code++) {
    const cache = describeDescriptor(code);
    if (cache === null) continue;
    const sets = cache.sizeBytes / (cache.ways * cache.lineBytes);
    expect(Number.isInteger(sets), `${code}`).toBe(true);
  }
  expect(describeDescriptor(noDescriptor)).toBeNull();
});
