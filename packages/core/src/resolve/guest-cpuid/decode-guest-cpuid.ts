import { signatureOf } from '../../x86/registers.ts';
import { describeDescriptor } from './cache-descriptors.ts';
import { showSize } from './cpuid-fields.ts';
import type { GuestCpuidEntry } from './guest-cpuid.ts';

/** One cache as a guest understands it. */
export interface DecodedCache {
  readonly level: number;
  readonly type: 'data' | 'instruction' | 'unified';
  readonly sizeBytes: number;
  readonly ways: number;
  readonly lineBytes: number;
  /** APIC ids that share it; null: the leaf does not say. */
  readonly sharedBy: number | null;
  /** The leaf that said so. */
  readonly source: string;
  /** `L3 16 MiB, 16-way, shared by 4`. */
  readonly text: string;
}

export interface DecodedLevel {
  readonly level: 'thread' | 'core' | 'module' | 'die' | 'other';
  /** CPUs in one of the next level. */
  readonly cpus: number;
  /** Bits of the APIC id below the next level. */
  readonly apicIdBits: number;
}

export interface DecodedState {
  readonly component: number;
  readonly sizeBytes: number;
  /** null: in the compacted form only, as supervisor state is. */
  readonly offset: number | null;
}

/** A CPUID as a guest understands it; what the entries leave open is null, or missing. */
export interface DecodedGuestCpuid {
  readonly vendor: string | null;
  readonly brand: string | null;
  readonly signature: { readonly family: number; readonly model: number; readonly stepping: number } | null;
  readonly highestLeaves: { readonly basic: number | null; readonly extended: number | null };
  readonly apicId: number | null;
  readonly cpusOfPackage: number | null;
  readonly levels: readonly DecodedLevel[];
  readonly caches: readonly DecodedCache[];
  readonly physBits: number | null;
  readonly linearBits: number | null;
  readonly guestPhysBits: number | null;
  readonly states: readonly DecodedState[];
  /** For all that can be enabled. */
  readonly xsaveBytes: number | null;
  /** `KVMKVMKVM`, `Microsoft Hv`; in the order of their leaves. */
  readonly hypervisors: readonly { readonly leaf: number; readonly signature: string }[];
}

type Entries = readonly GuestCpuidEntry[];
type Name = 'eax' | 'ebx' | 'ecx' | 'edx';

function find(entries: Entries, leaf: number, subleaf = 0): GuestCpuidEntry | null {
  const isThat = (entry: GuestCpuidEntry): boolean =>
    entry.leaf === leaf && ((entry.flags & 1) === 0 || entry.subleaf === subleaf);
  return entries.find((entry) => isThat(entry) && entry.isUncertain !== true) ?? null;
}

/** A field of a register; null where any bit of it is not known. */
function read(entry: GuestCpuidEntry | null, name: Name, high = 31, low = 0): number | null {
  if (entry === null) return null;
  const mask = high - low === 31 ? 0xffffffff : (1 << (high - low + 1)) - 1;
  if (((entry.unknown?.[name] ?? 0) >>> low) & mask) return null;
  return ((entry[name] >>> low) & mask) >>> 0;
}

const characters = (word: number): string =>
  String.fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);

function text(entry: GuestCpuidEntry | null, names: readonly Name[]): string | null {
  const words = names.map((name) => read(entry, name));
  return words.some((word) => word === null) ? null : words.map((word) => characters(word ?? 0)).join('');
}

function brandOf(entries: Entries): string | null {
  const leaves = [0x80000002, 0x80000003, 0x80000004].map((leaf) => find(entries, leaf));
  if (leaves[0] === null) return null;
  // An empty leaf is left out of the list.
  const parts = leaves.map((leaf) => (leaf === null ? '' : text(leaf, ['eax', 'ebx', 'ecx', 'edx'])));
  if (parts.includes(null)) return null;
  return parts.join('').replace(/\0.*$/s, '');
}

const levelNames: Readonly<Record<number, DecodedLevel['level']>> = { 1: 'thread', 2: 'core', 3: 'module', 5: 'die' };

function levelsOf(entries: Entries): DecodedLevel[] {
  const leaf = find(entries, 0x1f) === null ? 0xb : 0x1f;
  return entries.flatMap((entry): DecodedLevel[] => {
    const type = read(entry, 'ecx', 15, 8);
    if (entry.leaf !== leaf || type === null || type === 0) return [];
    return [{ level: levelNames[type] ?? 'other', cpus: entry.ebx & 0xffff, apicIdBits: entry.eax & 0x1f }];
  });
}

const cacheTypes: Readonly<Record<number, DecodedCache['type']>> = { 1: 'data', 2: 'instruction', 3: 'unified' };
const cacheLetters = { data: 'd', instruction: 'i', unified: '' } as const;

function describeCache(cache: Omit<DecodedCache, 'text'>): DecodedCache {
  const { level, type, sizeBytes, ways, sharedBy } = cache;
  const shared = sharedBy === null ? '' : sharedBy > 1 ? `, shared by ${sharedBy}` : ', not shared';
  return { ...cache, text: `L${level}${cacheLetters[type]} ${showSize(sizeBytes)}, ${ways}-way${shared}` };
}

function listedCaches(entries: Entries, leaf: number): DecodedCache[] {
  return entries.flatMap((entry): DecodedCache[] => {
    const { eax, ebx, ecx, unknown } = entry;
    const type = Object.hasOwn(cacheTypes, eax & 0x1f) ? cacheTypes[eax & 0x1f] : undefined;
    if (entry.leaf !== leaf || type === undefined || unknown !== undefined) return [];
    const [lineBytes, partitions, ways] = [(ebx & 0xfff) + 1, ((ebx >>> 12) & 0x3ff) + 1, (ebx >>> 22) + 1];
    const sizeBytes = lineBytes * partitions * ways * (ecx + 1);
    const sharedBy = ((eax >>> 14) & 0xfff) + 1;
    const source = `CPUID.${leaf.toString(16).toUpperCase().padStart(2, '0')}H.${entry.subleaf}`;
    return [describeCache({ level: (eax >>> 5) & 7, type, sizeBytes, ways, lineBytes, sharedBy, source })];
  });
}

/** Caches of leaf 2, where no other leaf has any. */
function oldCaches(entries: Entries): DecodedCache[] {
  const entry = find(entries, 2);
  if (entry === null || entry.unknown !== undefined) return [];
  const codes = [entry.edx >>> 16, entry.edx >>> 8, entry.edx, entry.ecx].map((word) => word & 0xff);
  return codes.flatMap((code) => {
    const cache = describeDescriptor(code);
    return cache === null ? [] : [describeCache({ ...cache, sharedBy: null, source: 'CPUID.02H' })];
  });
}

/** The caches that a guest of that vendor looks at: AMD's leaf where it has any, else Intel's, else the old ones. */
function cachesOf(entries: Entries): DecodedCache[] {
  const lists = [listedCaches(entries, 0x8000001d), listedCaches(entries, 4), oldCaches(entries)];
  const vendor = text(find(entries, 0), ['ebx', 'edx', 'ecx']);
  const isAmdLike = vendor === 'AuthenticAMD' || vendor === 'HygonGenuine';
  const preferred = isAmdLike ? lists : [lists[1], lists[2], lists[0]];
  return preferred.find((list) => list.length > 0) ?? [];
}

function statesOf(entries: Entries): DecodedState[] {
  return entries.flatMap((entry): DecodedState[] => {
    const sizeBytes = read(entry, 'eax');
    const offset = read(entry, 'ebx');
    if (entry.leaf !== 0xd || entry.subleaf < 2 || sizeBytes === null || sizeBytes === 0 || offset === null) return [];
    return [{ component: entry.subleaf, sizeBytes, offset: (entry.ecx & 1) !== 0 ? null : offset }];
  });
}

const hypervisorLeaves = [0x40000000, 0x40000100] as const;

/** Decodes a CPUID, computed or captured. */
export function decodeGuestCpuid(entries: Entries): DecodedGuestCpuid {
  const [basic, extended, addresses] = [0, 0x80000000, 0x80000008].map((leaf) => find(entries, leaf));
  const first = find(entries, 1);
  const signature = read(first, 'eax');
  const count = read(first, 'ebx', 23, 16);
  return {
    vendor: text(basic, ['ebx', 'edx', 'ecx']),
    brand: brandOf(entries),
    signature: signature === null ? null : signatureOf(signature),
    highestLeaves: { basic: read(basic, 'eax'), extended: read(extended, 'eax') },
    apicId: read(find(entries, 0xb), 'edx') ?? read(first, 'ebx', 31, 24),
    cpusOfPackage: count === 0 ? 1 : count,
    levels: levelsOf(entries),
    caches: cachesOf(entries),
    physBits: read(addresses, 'eax', 7, 0),
    linearBits: read(addresses, 'eax', 15, 8),
    guestPhysBits: read(addresses, 'eax', 23, 16),
    states: statesOf(entries),
    xsaveBytes: read(find(entries, 0xd), 'ecx'),
    hypervisors: hypervisorLeaves.flatMap((leaf) => {
      const name = text(find(entries, leaf), ['ebx', 'ecx', 'edx']);
      return name === null ? [] : [{ leaf, signature: name.replace(/\0+$/, '') }];
    }),
  };
}
