import type { WordSpec } from '../catalog/catalog.ts';
import { featureBitsOf } from '../resolve/feature-msr.ts';
import { featureAt, featureRecords, findFeatureBits, wordRecords, type FeatureRecord } from '../x86/feature-table.ts';
import { bitCoordinate, wordKeyOf } from '../x86/word-layout.ts';
import type { DecodedFeature } from './decoding.ts';

type Role = DecodedFeature['role'];

const specs: ReadonlyMap<string, WordSpec> = new Map(wordRecords().map(({ key, spec }) => [key, spec]));
const otherNames: ReadonlyMap<string, FeatureRecord> = new Map(
  featureRecords().flatMap((record) =>
    [record.libvirt, record.linux].flatMap((name) => (name === null ? [] : [[fold(name), record] as const])),
  ),
);

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[._]/g, '-');
}

/** A feature by the name that QEMU, libvirt or Linux gives it. A name that nobody knows is kept as written. */
export function featureNamed(written: string, role: Role): DecodedFeature {
  const record = findFeatureBits(written)[0] ?? otherNames.get(fold(written));
  if (record === undefined) {
    return { name: written, writtenAs: null, bit: null, description: 'a name that Atlas does not know', role };
  }
  return { ...describe(record, role), writtenAs: record.name === written ? null : written };
}

/** The features of a list with commas, spaces or semicolons. */
export function featuresListed(list: string, role: Role): readonly DecodedFeature[] {
  const names = list
    .split(/[\s,;|]+/)
    .map((name) => name.replace(/^['"+]+|['".]+$/g, ''))
    .filter((name) => /^[A-Za-z][\w.-]*$/.test(name));
  return [...new Set(names)].map((name) => featureNamed(name, role));
}

/** A feature by its place, `wordKey` as `7.0.EBX` or `msr.48b`. */
export function featureOfBit(wordKey: string, bit: number, written: string | null, role: Role): DecodedFeature {
  const record = featureAt(wordKey, bit);
  if (record !== undefined) {
    const described = describe(record, role);
    return { ...described, writtenAs: written === null || written === described.name ? null : written };
  }
  const spec = specs.get(wordKey);
  return {
    name: written ?? `bit ${bit} of ${wordKey}`,
    writtenAs: null,
    bit: spec === undefined ? `${wordKey}[${bit}]` : bitCoordinate(spec, bit),
    description: 'a bit that Atlas does not know',
    role,
  };
}

/** The key under which the tables have a CPUID register; subleaf null: the message does not tell one. */
export function wordKeyAt(leaf: number, subleaf: number | null, register: string): string {
  const exact = wordRecords().find(
    ({ spec }) =>
      spec.kind === 'cpuid' &&
      spec.leaf === leaf &&
      spec.register === register &&
      (subleaf === null || (spec.subleaf ?? 0) === subleaf),
  );
  if (exact !== undefined) return exact.key;
  return `${leaf.toString(16)}${subleaf === null ? '' : `.${subleaf.toString(16)}`}.${register}`;
}

/** Features that are on in a 64-bit value of an MSR feature word. */
export function featuresInMsr(index: number, written: bigint, role: Role): readonly DecodedFeature[] {
  const key = wordKeyOf({ kind: 'msr', index });
  const value = featureBitsOf(index, written);
  return featureRecords()
    .filter(({ word, bit, name }) => word === key && name !== null && ((value >> BigInt(bit)) & 1n) === 1n)
    .map((record) => describe(record, role));
}

/** What an MSR feature word is about; null: not one. */
export function titleOfMsr(index: number): string | null {
  const key = wordKeyOf({ kind: 'msr', index });
  return wordRecords().find((word) => word.key === key)?.title ?? null;
}

function describe(record: FeatureRecord, role: Role): DecodedFeature {
  const spec = specs.get(record.word);
  return {
    name: record.name ?? record.component ?? `bit ${record.bit} of ${record.word}`,
    writtenAs: null,
    bit: spec === undefined ? null : bitCoordinate(spec, record.bit),
    description: record.description,
    role,
  };
}
