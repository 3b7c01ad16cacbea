import { featureRecords, wordRecords, type FeatureRecord, type FeatureWordRecord } from '../x86/feature-table.ts';
import { parseHex32, parseMsr } from '../x86/registers.ts';
import { isUnknown, type CpuidEntry, type FeatureMsr, type HostSnapshot } from '../snapshot/snapshot.ts';
import { featureBitsOf } from './feature-msr.ts';

type CpuidWord = Extract<FeatureWordRecord['spec'], { kind: 'cpuid' }>;
type Register = CpuidWord['register'];

/** Who says what a register holds: one kind of CPU of the host, or KVM. */
export type RegisterSource =
  | { readonly kind: 'cpu'; readonly cpus: string }
  | { readonly kind: 'kvm-supported' }
  | { readonly kind: 'kvm-emulated' };

export type Presence = 'present' | 'absent' | 'unknown';

/** One bit of a register that means a feature. `presence` is in the order of the view's sources. */
export interface BitView {
  readonly bit: number;
  /** Name in QEMU; null where it has none. */
  readonly name: string | null;
  readonly description: string;
  readonly presence: readonly Presence[];
}

/** One register: a CPUID leaf, subleaf and register, or a feature MSR. */
export interface RegisterView {
  /** `7.0.EBX`, `80000008.0.EAX`, `msr.10a`. */
  readonly key: string;
  readonly kind: 'cpuid' | 'msr';
  readonly leaf: number;
  readonly subleaf: number;
  /** What the feature word is about; null: no feature word. */
  readonly title: string | null;
  /** Hex, `0x` and 8 or 16 digits, in the order of the view's sources; null: this source does not tell. */
  readonly values: readonly (string | null)[];
  /** The bits that mean features; empty where the register holds numbers. */
  readonly bits: readonly BitView[];
}

export interface RegistersView {
  readonly sources: readonly RegisterSource[];
  readonly registers: readonly RegisterView[];
}

interface Table {
  readonly source: RegisterSource;
  readonly entries: ReadonlyMap<string, CpuidEntry>;
  readonly msrs: ReadonlyMap<number, string>;
  /** A leaf that is not listed, and a bit that is not set, are not known to be absent. */
  readonly isPartial: boolean;
}

const registerNames = ['EAX', 'EBX', 'ECX', 'EDX'] as const satisfies readonly Register[];
const fieldOf = { EAX: 'eax', EBX: 'ebx', ECX: 'ecx', EDX: 'edx' } as const satisfies Record<Register, string>;

/**
 * All registers of a snapshot side by side, silicon and KVM, with the feature bits in them. For the screen; nothing is
 * decided here. @throws SNAPSHOT_INVALID
 */
export function viewRegisters(snapshot: HostSnapshot): RegistersView {
  const tables = tablesOf(snapshot);
  const words = wordsByRegister();
  return { sources: tables.map(({ source }) => source), registers: [...viewCpuid(tables, words), ...viewMsrs(tables)] };
}

function tablesOf({ hardware, kernel }: HostSnapshot): readonly Table[] {
  const silicon = hardware === undefined || isUnknown(hardware) ? null : hardware;
  const kvm = kernel === undefined || isUnknown(kernel) || isUnknown(kernel.kvm) ? null : kernel.kvm;
  return [
    ...(silicon?.cpus ?? []).map(({ cpus, cpuid }): Table => ({
      source: { kind: 'cpu', cpus },
      entries: byLeaf(cpuid),
      msrs: byIndex(silicon?.msrs ?? []),
      isPartial: silicon?.partial === true,
    })),
    ...(kvm === null
      ? []
      : [
          {
            source: { kind: 'kvm-supported' },
            entries: byLeaf(kvm.supportedCpuid),
            msrs: byIndex(kvm.featureMsrs),
            isPartial: false,
          } as const,
        ]),
    ...(kvm?.emulatedCpuid === undefined
      ? []
      : [
          {
            source: { kind: 'kvm-emulated' },
            entries: byLeaf(kvm.emulatedCpuid),
            msrs: byIndex([]),
            isPartial: false,
          } as const,
        ]),
  ];
}

function byIndex(msrs: readonly FeatureMsr[]): ReadonlyMap<number, string> {
  return new Map(msrs.map(({ index, value }) => [parseHex32(index, 'msrs.index'), value]));
}

function byLeaf(entries: readonly CpuidEntry[]): ReadonlyMap<string, CpuidEntry> {
  return new Map(entries.map((entry) => [`${parseHex32(entry.leaf, 'cpuid.leaf')}/${entry.subleaf}`, entry]));
}

/** Feature words and the bits in them, by `leaf/subleaf/register`. */
function wordsByRegister(): ReadonlyMap<string, { readonly title: string; readonly bits: readonly FeatureRecord[] }> {
  const bits = groupByWord();
  return new Map(
    wordRecords().flatMap(({ key, title, spec }) =>
      spec.kind === 'cpuid' ? [[registerKey(spec), { title, bits: bits.get(key) ?? [] }] as const] : [],
    ),
  );
}

function groupByWord(): ReadonlyMap<string, FeatureRecord[]> {
  const groups = new Map<string, FeatureRecord[]>();
  for (const record of featureRecords()) {
    const group = groups.get(record.word);
    if (group === undefined) groups.set(record.word, [record]);
    else group.push(record);
  }
  return groups;
}

function registerKey({ leaf, subleaf, register }: CpuidWord): string {
  return `${leaf}/${subleaf ?? 0}/${register}`;
}

function viewCpuid(tables: readonly Table[], words: ReturnType<typeof wordsByRegister>): RegisterView[] {
  const keys = new Set(tables.flatMap(({ entries }) => [...entries.keys()]));
  const places = [...keys].map((key) => {
    const [leaf = 0, subleaf = 0] = key.split('/').map(Number);
    return { key, leaf, subleaf };
  });
  places.sort((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf);
  return places.flatMap(({ key, leaf, subleaf }) =>
    registerNames.map((register): RegisterView => {
      const word = words.get(`${leaf}/${subleaf}/${register}`);
      const values = tables.map(({ entries }) => entries.get(key)?.[fieldOf[register]] ?? null);
      return {
        key: `${leaf.toString(16)}.${subleaf.toString(16)}.${register}`,
        kind: 'cpuid',
        leaf,
        subleaf,
        title: word?.title ?? null,
        values: values.map((value) => (value === null ? null : padHex(value, 8))),
        bits: (word?.bits ?? []).map((record) =>
          viewBit(
            record,
            tables.map(({ isPartial }, at) => presenceOf(values[at], record.bit, isPartial)),
          ),
        ),
      };
    }),
  );
}

function viewMsrs(tables: readonly Table[]): RegisterView[] {
  const indexes = [...new Set(tables.flatMap(({ msrs }) => [...msrs.keys()]))].sort((a, b) => a - b);
  const bits = groupByWord();
  const titles = new Map(wordRecords().map(({ key, title }) => [key, title]));
  return indexes.map((index): RegisterView => {
    const key = `msr.${index.toString(16)}`;
    const values = tables.map(({ msrs }) => msrs.get(index) ?? null);
    return {
      key,
      kind: 'msr',
      leaf: index,
      subleaf: 0,
      title: titles.get(key) ?? null,
      values: values.map((value) => (value === null ? null : padHex(value, 16))),
      bits: (bits.get(key) ?? []).map((record) =>
        viewBit(
          record,
          // What no source has read is not known.
          values.map((value) => (value === null ? 'unknown' : presenceOf(featureHex(index, value), record.bit, false))),
        ),
      ),
    };
  });
}

/** The feature bits that a value stands for: of VMX controls, what may be 1 and need not. */
function featureHex(index: number, value: string): string {
  return `0x${featureBitsOf(index, parseMsr(value, 'msrs.value')).toString(16)}`;
}

function viewBit({ bit, name, component, description }: FeatureRecord, presence: readonly Presence[]): BitView {
  return { bit, name: name ?? component, description, presence };
}

function presenceOf(value: string | null | undefined, bit: number, isPartial: boolean): Presence {
  if (value === null || value === undefined) return isPartial ? 'unknown' : 'absent';
  const isSet = ((parseMsr(value, 'value') >> BigInt(bit)) & 1n) === 1n;
  if (isSet) return 'present';
  return isPartial ? 'unknown' : 'absent';
}

function padHex(text: string, digits: number): string {
  return `0x${text.replace(/^0x/i, '').toLowerCase().padStart(digits, '0')}`;
}
