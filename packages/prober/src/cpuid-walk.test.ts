import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { CpuidEntry } from '@cpu-atlas/core';
import { groupCpus } from './cpu-groups.ts';
import type { CpuidQuery, CpuidRegisters } from './cpuid-record.ts';
import { keyOf, toCpuidEntry } from './cpuid-record.ts';
import { walkCpuid } from './cpuid-walk.ts';

type Dump = Readonly<Record<string, readonly [number, number, number, number]>>;

/** Asks a CPU that answers as `dump` says (keys `leaf` or `leaf.subleaf` in hex) and 0 elsewhere. */
function walkAll(dump: Dump): readonly string[] {
  const answers = new Map<number, CpuidRegisters>();
  for (let round = 0; round < 100; round++) {
    const { records, missing } = walkCpuid(answers);
    if (missing.length === 0) return records.map(nameOf);
    for (const query of missing) {
      const [eax, ebx, ecx, edx] = dump[nameOf(query)] ?? [0, 0, 0, 0];
      answers.set(keyOf(query), { eax, ebx, ecx, edx });
    }
  }
  throw new Error('the walk does not end');
}

function nameOf({ leaf, subleaf }: CpuidQuery): string {
  return subleaf === 0 ? leaf.toString(16) : `${leaf.toString(16)}.${subleaf}`;
}

const all = 0xffff_ffff;

describe('walkCpuid', () => {
  const cases: readonly { name: string; dump: Dump; leaves: string }[] = [
    { name: 'an empty CPU has leaf 0 only', dump: {}, leaves: '0' },
    {
      name: 'a range whose first leaf names none of it does not exist',
      dump: { '0': [1, 0, 0, 0], '80000000': [0x7, 1, 2, 3], c0000000: [0x7, 1, 2, 3] },
      leaves: '0 1',
    },
    {
      name: 'extended and Centaur ranges end where they say',
      dump: { '0': [1, 0, 0, 0], '80000000': [0x80000002, 0, 0, 0], c0000000: [0xc0000001, 0, 0, 0] },
      leaves: '0 1 80000000 80000001 80000002 c0000000 c0000001',
    },
    {
      name: 'caches are listed up to and including the one of type 0',
      dump: { '0': [4, 0, 0, 0], '4': [0x121, 0, 0, 0], '4.1': [0x122, 0, 0, 0] },
      leaves: '0 1 2 3 4 4.1 4.2',
    },
    {
      name: 'leaf 7 tells its last subleaf',
      dump: { '0': [7, 0, 0, 0], '7': [2, 0, 0, 0] },
      leaves: '0 1 2 3 4 5 6 7 7.1 7.2',
    },
    {
      name: 'leaf 0DH has the components of XCR0 and of IA32_XSS',
      dump: { '0': [0xd, 0, 0, 0], d: [0x7, 0, 0, 0x4000_0000], 'd.1': [0, 0, 0x1800, 0] },
      leaves: '0 1 2 3 4 5 6 7 8 9 a b c d d.1 d.2 d.11 d.12 d.62',
    },
    {
      name: 'resource directors list by mask, HRESET by count',
      dump: { '0': [0x20, 0, 0, 0], f: [0, 0, 0, 0b10], '10': [0, 0b1110, 0, 0], '20': [1, 0, 0, 0] },
      leaves:
        '0 1 2 3 4 5 6 7 8 9 a b c d d.1 e f f.1 10 10.1 10.2 10.3 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20',
    },
    {
      name: 'SGX has two subleaves and its sections',
      dump: { '0': [0x12, 0, 0, 0], '12': [1, 0, 0, 0], '12.2': [1, 0, 0, 0] },
      leaves: '0 1 2 3 4 5 6 7 8 9 a b c d d.1 e f 10 11 12 12.1 12.2 12.3',
    },
    {
      name: 'hypervisor leaves are not read where there is no hypervisor',
      dump: { '0': [1, 0, 0, 0], '40000000': [0x40000001, 0, 0, 0] },
      leaves: '0 1',
    },
    {
      name: 'a hypervisor may show two interfaces',
      dump: {
        '0': [1, 0, 0, 0],
        '1': [0, 0, 0x8000_0000, 0],
        '40000000': [0x40000001, 0, 0, 0],
        '40000100': [0x40000101, 0, 0, 0],
      },
      leaves: '0 1 40000000 40000001 40000100 40000101',
    },
    {
      name: 'old KVM with EAX 0 means 40000001H',
      dump: { '0': [1, 0, 0, 0], '1': [0, 0, 0x8000_0000, 0], '40000000': [0, 0x4b4d564b, 0x564b4d56, 0x4d] },
      leaves: '0 1 40000000 40000001',
    },
    {
      name: 'another hypervisor with EAX 0 has its signature only',
      dump: { '0': [1, 0, 0, 0], '1': [0, 0, 0x8000_0000, 0], '40000000': [0, 0x54474354, 0x43544743, 0x47435447] },
      leaves: '0 1 40000000',
    },
  ];
  it.each(cases)('$name', ({ dump, leaves }) => {
    expect(walkAll(dump).join(' ')).toBe(leaves);
  });

  it('a CPU that answers all ones everywhere is read to a bounded length', () => {
    const everything = new Proxy<Dump>({}, { get: () => [all, all, all, all] as const });
    expect(walkAll(everything).length).toBeLessThan(2_048);
  });
});

/** Recorded hosts lie beside the repository; a checkout alone does not have them. */
const recordedFolder = new URL('../../../../shared/oracle/kvm-hosts/', import.meta.url);
const recorded = existsSync(recordedFolder)
  ? readdirSync(recordedFolder).filter((name) => name.endsWith('.json.gz'))
  : [];
const skipNote = recorded.length > 0 ? '' : ' (skipped: no recorded hosts beside this checkout)';

interface RecordedHost {
  readonly probe: { readonly raw_cpuid: Readonly<Record<string, readonly CpuidEntry[]>> };
}

function readRecorded(name: string): RecordedHost {
  return JSON.parse(gunzipSync(readFileSync(new URL(name, recordedFolder))).toString('utf8')) as RecordedHost;
}

describe.skipIf(recorded.length === 0)(`recorded CPUID dumps${skipNote}`, () => {
  it.each(recorded.length > 0 ? recorded : ['none'])('%s walks to the same dump, in one group of CPUs', (name) => {
    const dumps = Object.entries(readRecorded(name).probe.raw_cpuid).map(([cpu, entries]) => {
      const answers = new Map(entries.map((entry) => [keyOf(toQuery(entry)), toRegisters(entry)]));
      const { records, missing } = walkCpuid(answers);
      // The records leave out ranges that do not exist and the ends of lists, which hold zeros.
      expect(missing.map(nameOf).filter((each) => !/^(40000100|c0000000|8000001d\.4)$/.test(each))).toEqual([]);
      expect(records.map(toCpuidEntry)).toEqual(entries);
      return { cpu: Number(cpu), records };
    });
    expect(groupCpus(dumps).map((group) => group.cpus)).toEqual(['0-1']);
  });
});

function toQuery(entry: CpuidEntry): CpuidQuery {
  return { leaf: Number(entry.leaf), subleaf: entry.subleaf };
}

function toRegisters(entry: CpuidEntry): CpuidRegisters {
  return { eax: Number(entry.eax), ebx: Number(entry.ebx), ecx: Number(entry.ecx), edx: Number(entry.edx) };
}
