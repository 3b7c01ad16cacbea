import type { RegisterName } from './bits.ts';

/** How a field is read: as it stands, one more than it stands, or as a size. */
export type FieldForm =
  | 'number'
  | 'plusOne'
  | 'hex'
  | 'kilobytes'
  | 'halfMegabytes'
  | 'eightBytes'
  | 'bytes'
  | 'flag'
  | 'cacheType'
  | 'levelType';

/** A named part of a register. */
export interface CpuidField {
  readonly register: RegisterName;
  readonly high: number;
  readonly low: number;
  readonly name: string;
  readonly form: FieldForm;
}

const field = (register: RegisterName, high: number, low: number, name: string, form: FieldForm): CpuidField => ({
  register,
  high,
  low,
  name,
  form,
});

const vendorFields = (highest: string): CpuidField[] => [
  field('eax', 31, 0, highest, 'hex'),
  field('ebx', 31, 0, 'vendor, characters 1 to 4', 'hex'),
  field('edx', 31, 0, 'vendor, characters 5 to 8', 'hex'),
  field('ecx', 31, 0, 'vendor, characters 9 to 12', 'hex'),
];

const signatureFields: readonly CpuidField[] = [
  field('eax', 3, 0, 'stepping', 'number'),
  field('eax', 7, 4, 'model', 'number'),
  field('eax', 11, 8, 'family', 'number'),
  field('eax', 19, 16, 'extended model', 'number'),
  field('eax', 27, 20, 'extended family', 'number'),
];

/** What leaves 4 and 8000001DH have in common. */
const cacheFields: readonly CpuidField[] = [
  field('eax', 4, 0, 'type', 'cacheType'),
  field('eax', 7, 5, 'level', 'number'),
  field('eax', 8, 8, 'self-initializing', 'flag'),
  field('eax', 25, 14, 'APIC ids that share the cache', 'plusOne'),
  field('ebx', 11, 0, 'line size in bytes', 'plusOne'),
  field('ebx', 21, 12, 'partitions', 'plusOne'),
  field('ebx', 31, 22, 'ways', 'plusOne'),
  field('ecx', 31, 0, 'sets', 'plusOne'),
  field('edx', 0, 0, 'write-back does not reach lower levels', 'flag'),
  field('edx', 1, 1, 'inclusive', 'flag'),
];

const topologyFields: readonly CpuidField[] = [
  field('eax', 4, 0, 'APIC id bits below the next level', 'number'),
  field('ebx', 15, 0, 'CPUs at this level', 'number'),
  field('ecx', 7, 0, 'subleaf', 'number'),
  field('ecx', 15, 8, 'type', 'levelType'),
  field('edx', 31, 0, 'x2APIC id', 'number'),
];

/** Fields of the leaves that hold more than feature bits. Source: Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E */
const fields: Readonly<Record<number, readonly CpuidField[]>> = {
  0x0: vendorFields('highest basic leaf'),
  0x1: [
    ...signatureFields,
    field('ebx', 15, 8, 'line size of CLFLUSH', 'eightBytes'),
    field('ebx', 23, 16, 'CPUs of the package', 'number'),
    field('ebx', 31, 24, 'initial APIC id', 'number'),
  ],
  0x2: [
    field('eax', 7, 0, 'times to read', 'number'),
    field('edx', 7, 0, 'descriptor of the L2 cache', 'hex'),
    field('edx', 15, 8, 'descriptor of the L1 instruction cache', 'hex'),
    field('edx', 23, 16, 'descriptor of the L1 data cache', 'hex'),
    field('ecx', 7, 0, 'descriptor of the L3 cache', 'hex'),
  ],
  0x4: [
    ...cacheFields,
    field('eax', 31, 26, 'ids of cores in the package', 'plusOne'),
    field('edx', 2, 2, 'complex indexing', 'flag'),
  ],
  0x5: [
    field('eax', 15, 0, 'smallest line of MONITOR in bytes', 'number'),
    field('ebx', 15, 0, 'largest line of MONITOR in bytes', 'number'),
    field('ecx', 0, 0, 'extensions of MWAIT', 'flag'),
    field('ecx', 1, 1, 'interrupts end MWAIT', 'flag'),
  ],
  0x7: [field('eax', 31, 0, 'highest subleaf', 'number')],
  0xa: [
    field('eax', 7, 0, 'version of the performance counters', 'number'),
    field('eax', 15, 8, 'counters', 'number'),
    field('eax', 23, 16, 'width of counters in bits', 'number'),
    field('edx', 4, 0, 'fixed counters', 'number'),
    field('edx', 12, 5, 'width of fixed counters in bits', 'number'),
  ],
  0xb: topologyFields,
  0x1f: topologyFields,
  0xd: [
    field('eax', 31, 0, 'size of the component in bytes', 'bytes'),
    field('ebx', 31, 0, 'offset of the component', 'number'),
    field('ecx', 0, 0, 'supervisor state', 'flag'),
    field('ecx', 1, 1, 'aligned to 64 bytes when compacted', 'flag'),
    field('ecx', 2, 2, 'can be disabled (XFD)', 'flag'),
  ],
  0x24: [field('eax', 31, 0, 'highest subleaf', 'number'), field('ebx', 7, 0, 'version of AVX10', 'number')],
  0x40000010: [
    field('eax', 31, 0, 'TSC frequency in kHz', 'number'),
    field('ebx', 31, 0, 'APIC bus frequency in kHz', 'number'),
  ],
  0x80000000: vendorFields('highest extended leaf'),
  0x80000001: signatureFields,
  0x80000005: [
    field('ecx', 31, 24, 'size of the L1 data cache', 'kilobytes'),
    field('ecx', 23, 16, 'ways of the L1 data cache', 'number'),
    field('ecx', 7, 0, 'line of the L1 data cache in bytes', 'number'),
    field('edx', 31, 24, 'size of the L1 instruction cache', 'kilobytes'),
    field('edx', 23, 16, 'ways of the L1 instruction cache', 'number'),
    field('edx', 7, 0, 'line of the L1 instruction cache in bytes', 'number'),
  ],
  0x80000006: [
    field('ecx', 31, 16, 'size of the L2 cache', 'kilobytes'),
    field('ecx', 15, 12, 'ways of the L2 cache, as a code', 'hex'),
    field('ecx', 7, 0, 'line of the L2 cache in bytes', 'number'),
    field('edx', 31, 18, 'size of the L3 cache', 'halfMegabytes'),
    field('edx', 15, 12, 'ways of the L3 cache, as a code', 'hex'),
    field('edx', 7, 0, 'line of the L3 cache in bytes', 'number'),
  ],
  0x80000008: [
    field('eax', 7, 0, 'physical address bits', 'number'),
    field('eax', 15, 8, 'linear address bits', 'number'),
    field('eax', 23, 16, 'guest physical address bits', 'number'),
    field('ecx', 7, 0, 'CPUs of the package', 'plusOne'),
    field('ecx', 15, 12, 'APIC id bits of the package', 'number'),
  ],
  0x8000000a: [field('eax', 7, 0, 'revision of SVM', 'number'), field('ebx', 31, 0, 'address space ids', 'number')],
  0x8000001d: cacheFields,
  0x8000001e: [
    field('eax', 31, 0, 'extended APIC id', 'number'),
    field('ebx', 7, 0, 'core id', 'number'),
    field('ebx', 15, 8, 'threads of a core', 'plusOne'),
    field('ecx', 7, 0, 'node id', 'number'),
    field('ecx', 10, 8, 'nodes of the package', 'plusOne'),
  ],
  0xc0000000: [field('eax', 31, 0, 'highest Centaur leaf', 'hex')],
};

const stateSummary: readonly CpuidField[] = [
  field('ebx', 31, 0, 'size of the XSAVE area for what is enabled', 'bytes'),
  field('ecx', 31, 0, 'size of the XSAVE area for all that can be', 'bytes'),
];

/** Fields of a leaf and subleaf that are no single feature bits; none where all of it is feature bits. */
export function fieldsOf(leaf: number, subleaf: number): readonly CpuidField[] {
  if (leaf === 0xd && subleaf < 2) return subleaf === 0 ? stateSummary : stateSummary.slice(0, 1);
  if ((leaf === 0x7 || leaf === 0x24) && subleaf > 0) return [];
  return Object.hasOwn(fields, leaf) ? fields[leaf] : [];
}

/** Bits of a field within its register. */
export function maskOf({ high, low }: CpuidField): number {
  return high - low === 31 ? 0xffffffff : (((1 << (high - low + 1)) - 1) << low) >>> 0;
}

/** Words for the types of caches and of levels. Source: Intel SDM vol. 2A, CPUID, leaves 04H and 1FH */
const words = {
  cacheType: ['none', 'data', 'instruction', 'unified'],
  levelType: ['none', 'thread', 'core', 'module', 'tile', 'die', 'group of dies'],
} as const;

const unitBytes = { kilobytes: 1024, halfMegabytes: 512 * 1024, eightBytes: 8, bytes: 1 } as const;

/** The value of a field as a person reads it. */
export function showField(cpuidField: CpuidField, register: number): string {
  const value = (register & maskOf(cpuidField)) >>> cpuidField.low;
  switch (cpuidField.form) {
    case 'number':
      return String(value);
    case 'plusOne':
      return String(value + 1);
    case 'hex':
      return `0x${value.toString(16)}`;
    case 'flag':
      return value === 0 ? 'no' : 'yes';
    case 'cacheType':
    case 'levelType':
      return words[cpuidField.form].at(value) ?? String(value);
    default:
      return showSize(value * unitBytes[cpuidField.form]);
  }
}

/** `16 MiB`, `48 KiB`, `2696 bytes`. */
export function showSize(bytes: number): string {
  const units = [
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ] as const;
  const unit = units.find(([size]) => bytes >= size && bytes % size === 0);
  return unit === undefined ? `${bytes} bytes` : `${bytes / unit[0]} ${unit[1]}`;
}
