import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { CpuidEntry, HardwareLayer, HostSnapshot, KvmLayer } from '../snapshot/snapshot.ts';
import type { FeatureSet } from '../x86/word-layout.ts';

export type Registers = Partial<Record<'eax' | 'ebx' | 'ecx' | 'edx', number>>;

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** One CPUID answer; registers that are not given are 0. */
export function cpuid(leaf: number, registers: Registers, subleaf = 0): CpuidEntry {
  const { eax = 0, ebx = 0, ecx = 0, edx = 0 } = registers;
  return { leaf: hex(leaf), subleaf, eax: hex(eax), ebx: hex(ebx), ecx: hex(ecx), edx: hex(edx) };
}

const word = (text: string): number =>
  [...text].reduce((value, character, i) => value | (character.charCodeAt(0) << (8 * i)), 0) >>> 0;

/** Leaf 0 of a vendor. */
export function vendorLeaf(vendor: string): CpuidEntry {
  return cpuid(0, {
    eax: 0x20,
    ebx: word(vendor.slice(0, 4)),
    edx: word(vendor.slice(4, 8)),
    ecx: word(vendor.slice(8, 12)),
  });
}

/** What a made-up host has, beyond an ordinary KVM on an AMD CPU with 48 address bits. */
export interface HostTraits {
  readonly vendor?: string;
  readonly hardware?: HostSnapshot['hardware'];
  readonly kvm?: Partial<KvmLayer>;
}

/** Entries by leaf and subleaf, those of `more` merged over those of `entries`. */
function merge(entries: readonly CpuidEntry[], more: readonly CpuidEntry[]): CpuidEntry[] {
  const merged = new Map(entries.map((entry) => [`${entry.leaf}/${entry.subleaf}`, entry]));
  for (const entry of more)
    merged.set(`${entry.leaf}/${entry.subleaf}`, { ...merged.get(`${entry.leaf}/${entry.subleaf}`), ...entry });
  return [...merged.values()];
}

const identity = (vendor: string): CpuidEntry[] => [
  vendorLeaf(vendor),
  cpuid(0x80000000, { eax: 0x80000028 }),
  cpuid(0x80000002, { eax: word('Test'), ebx: word(' CPU') }),
  cpuid(0x80000003, {}),
  cpuid(0x80000004, {}),
];

/** Processor Trace as QEMU wants it. */
const trace: CpuidEntry[] = [
  cpuid(0x14, { eax: 1, ebx: 0xf, ecx: 0x7 }),
  cpuid(0x14, { eax: 0x02490002, ebx: 0x003f1fff }, 1),
];

/** Family 25, model 1, stepping 1. */
const signature = 0x00a00f11;

/** CPUID words of a set, as entries. */
function entriesOf({ layout }: CatalogIndex, set: FeatureSet): CpuidEntry[] {
  const byLeaf = new Map<string, CpuidEntry>();
  layout.words.forEach((spec, i) => {
    if (spec.kind !== 'cpuid') return;
    const subleaf = spec.subleaf ?? 0;
    const key = `${spec.leaf}/${subleaf}`;
    const known = byLeaf.get(key) ?? cpuid(spec.leaf, {}, subleaf);
    byLeaf.set(key, { ...known, [spec.register.toLowerCase()]: hex(set[layout.laneOfWord[i]]) });
  });
  return [...byLeaf.values()];
}

/** VMX control MSRs hold what may be 1 in their upper half. */
const controlMsrs = new Set([0x48b, 0x48d, 0x48e, 0x48f, 0x490]);

function msrsOf({ layout }: CatalogIndex, set: FeatureSet): { index: string; value: string }[] {
  return layout.words.flatMap((spec, i) => {
    if (spec.kind !== 'msr') return [];
    const lane = layout.laneOfWord[i];
    const low = BigInt(set[lane]);
    const value = controlMsrs.has(spec.index) ? low << 32n : (BigInt(set[lane + 1]) << 32n) | low;
    return [{ index: hex(spec.index), value: `0x${value.toString(16)}` }];
  });
}

/**
 * A host whose silicon has, and whose KVM offers, the features of a set: what a real host would have shown. State
 * components follow `set` as they are.
 */
export function hostWith(index: CatalogIndex, set: FeatureSet, traits: HostTraits = {}): HostSnapshot {
  const { vendor = 'AuthenticAMD', kvm = {} } = traits;
  const base = merge(
    [...identity(vendor), ...trace, ...entriesOf(index, set)],
    [{ ...cpuid(0x80000008, { eax: 0x3030 }), ...onlyRegisters(index, set, 0x80000008) }],
  );
  const entries = base.map((entry) => {
    if (entry.leaf === hex(1)) return { ...entry, eax: hex(signature) };
    const isTrace = entry.leaf === hex(0x14) && entry.subleaf === 0;
    return isTrace ? { ...trace[0], ecx: hex(Number(entry.ecx) | Number(trace[0].ecx)) } : entry;
  });
  const featureMsrs = msrsOf(index, set);
  const layer: KvmLayer = {
    apiVersion: 12,
    supportedCpuid: entries,
    featureMsrs,
    msrIndices: [...featureMsrs.map((msr) => msr.index), '0x3a', '0x40000000'],
    capabilities: { KVM_CAP_TSC_DEADLINE_TIMER: 1 },
    ...kvm,
  };
  const hardware: HardwareLayer = { cpus: [{ cpus: '0-3', cpuid: entries }] };
  return snapshotWith({ hardware: traits.hardware ?? hardware, kernel: { release: '6.12.0', kvm: layer } });
}

/** The feature registers of a leaf that has other registers, too. */
function onlyRegisters(index: CatalogIndex, set: FeatureSet, leaf: number): Partial<CpuidEntry> {
  const entry = entriesOf(index, set).find((candidate) => candidate.leaf === hex(leaf));
  return entry === undefined ? {} : { ebx: entry.ebx };
}

/** A snapshot with some layers. */
export function snapshotWith(layers: Pick<HostSnapshot, 'hardware' | 'kernel' | 'qemu'>): HostSnapshot {
  return {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: 'test', name: 'test' },
    collectedAt: '2026-11-01T00:00:00Z',
    collector: 'test',
    ...layers,
  };
}

/** A set of features by name. @throws Error for a name that the catalog does not have */
export function setOfFeatures(index: CatalogIndex, names: readonly string[]): FeatureSet {
  const set = new Uint32Array(index.layout.laneCount);
  for (const name of names) {
    const location = index.features.get(name);
    if (location === undefined) throw new Error(`no feature ${name}`);
    set[location.lane] |= location.mask;
    if (location.highMask !== 0) set[location.lane + 1] |= location.highMask;
  }
  return set;
}

/** What a model asks for under KVM on a PC machine type, from its catalog. */
export function everything(index: CatalogIndex): FeatureSet {
  return new Uint32Array(index.layout.laneCount).fill(0xffffffff);
}
