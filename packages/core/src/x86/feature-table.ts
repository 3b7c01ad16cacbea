/**
 * What is known of each feature bit, looked up by name or by word and bit. The facts are in `data/x86` (one JSON file a
 * feature word); `scripts/generate-x86.mjs` packs them into `features.gen.ts`, and this file unpacks them once.
 *
 * The table describes bits; it decides nothing. Which bits a given QEMU knows, and in which order, is in its catalog.
 */

import type { WordSpec } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import { packedDependencies, packedFeatures, packedTexts, packedWords } from './features.gen.ts';
import { parseWordKey } from './word-layout.ts';

export { wordKeyOf } from './word-layout.ts';

/** A feature word that some QEMU from 7.2 to 11.1 knows. */
export interface FeatureWordRecord {
  /** `7.0.EBX`, `80000001.ECX`, `msr.10a`: leaf, subleaf where QEMU gives one, register; all numbers in hex. */
  readonly key: string;
  readonly spec: WordSpec;
  readonly title: string;
  /** Earliest QEMU release that was seen to have the word; null: 7.2 has it. */
  readonly since: string | null;
  readonly source: string;
}

/** `feature` must be there for the bit to mean anything. */
export interface FeatureRequirement {
  readonly feature: string;
  readonly why: string;
  /** `qemu`: QEMU clears the bit when `feature` is missing. `architecture`: the vendor's manual says so, QEMU does not care. */
  readonly enforcedBy: 'qemu' | 'architecture';
  /** Earliest release that was seen to enforce it; null: every release that has the bit, from 7.2 on. */
  readonly since: string | null;
}

/** One bit of a feature word. */
export interface FeatureRecord {
  /** Key of the word. */
  readonly word: string;
  readonly bit: number;
  /** Property name in QEMU; null: QEMU has no name for the bit. Two bits may share a name (`kvmclock`). */
  readonly name: string | null;
  /** What a nameless bit is; null for named ones. */
  readonly component: string | null;
  /** The features that make QEMU turn a nameless bit on. */
  readonly followsFeatures: readonly string[];
  /** Other names that QEMU accepts. */
  readonly aliases: readonly string[];
  /** Name in `/proc/cpuinfo` (VMX capabilities: in its line `vmx flags`); null: Linux shows none. */
  readonly linux: string | null;
  /** Name in libvirt's CPU map; null: it has none. */
  readonly libvirt: string | null;
  readonly description: string;
  readonly requires: readonly FeatureRequirement[];
  /** False: `host` and `max` leave the bit out unless `migratable=off`. */
  readonly migratable: boolean;
  /** False: `host` and `max` never turn the bit on by themselves. */
  readonly autoenabled: boolean;
  /** How a pool of hosts combines the bit: every host must have it, or one is enough (a weakness or a duty). */
  readonly pool: 'intersect' | 'accumulate';
  /** Earliest QEMU release that was seen to have the name; null: 7.2 has it. */
  readonly since: string | null;
  readonly source: string;
}

/** QEMU clears `mask` of `word` when all of `whenMissing` are missing. In the order in which QEMU applies them. */
export interface DependencyRecord {
  readonly whenMissing: readonly string[];
  readonly word: string;
  readonly mask: bigint;
  readonly since: string | null;
  readonly reason: string;
}

/** Key in hex: leaf, subleaf, register. Text fields are indices into `packedTexts`. */
export type PackedWord = readonly [key: string, title: string, since: string, source: number];

/** `[feature, why, enforced by QEMU, since]`; `why` is an index into `packedTexts`. */
export type PackedRequirement = readonly [feature: string, why: number, byQemu: 0 | 1, since?: string];

/** What is left out has its usual value; `linux` and `libvirt` are usually the name (null for a nameless bit). */
export interface PackedFeature {
  readonly word: number;
  readonly bit: number;
  readonly name?: string;
  readonly component?: string;
  readonly follows?: readonly string[];
  readonly aliases?: readonly string[];
  readonly linux?: string | null;
  readonly libvirt?: string | null;
  readonly text: string;
  readonly requires?: readonly PackedRequirement[];
  readonly unmigratable?: true;
  readonly manual?: true;
  readonly accumulate?: true;
  readonly since?: string;
  readonly source: number;
}

/** `mask` is hex digits, or `all`. */
export type PackedDependency = readonly [
  whenMissing: readonly string[],
  word: number,
  mask: string,
  since: string,
  reason: number,
];

const words: readonly FeatureWordRecord[] = packedWords.map(([key, title, since, source]) => ({
  key,
  spec: specOf(key),
  title,
  since: since === '' ? null : since,
  source: textAt(source),
}));

const features: readonly FeatureRecord[] = packedFeatures.map(unpackFeature);

const dependencies: readonly DependencyRecord[] = packedDependencies.map(
  ([whenMissing, word, mask, since, reason]) => ({
    whenMissing,
    word: wordAt(word).key,
    mask: mask === 'all' ? 0xffff_ffff_ffff_ffffn : BigInt(`0x${mask}`),
    since: since === '' ? null : since,
    reason: textAt(reason),
  }),
);

const byBit: ReadonlyMap<string, FeatureRecord> = new Map(features.map((f) => [`${f.word}/${f.bit}`, f]));
const byName: ReadonlyMap<string, readonly FeatureRecord[]> = indexNames();

/** All feature words, in QEMU's order: the order of `unavailable-features` and of the warnings of `check`. */
export function wordRecords(): readonly FeatureWordRecord[] {
  return words;
}

/** All bits, by word in QEMU's order, then by bit. */
export function featureRecords(): readonly FeatureRecord[] {
  return features;
}

/** QEMU's own dependencies among feature bits, in the order in which it applies them. */
export function dependencyRecords(): readonly DependencyRecord[] {
  return dependencies;
}

/**
 * The bits that a feature name stands for: usually one, two for `kvmclock`. Accepts QEMU's names and aliases, with `_`,
 * `.` and `-` taken as equal (`sse4_1`, `sse4.1`, `sse4-1`). Empty when there is no such name.
 */
export function findFeatureBits(name: string): readonly FeatureRecord[] {
  return byName.get(normalise(name)) ?? [];
}

/** The first bit that a feature name stands for; see `findFeatureBits`. */
export function findFeature(name: string): FeatureRecord | undefined {
  return findFeatureBits(name)[0];
}

/** The record of one bit, `featureAt('7.0.EBX', 5)` for avx2; undefined where nothing is known of the bit. */
export function featureAt(wordKey: string, bit: number): FeatureRecord | undefined {
  return byBit.get(`${wordKey}/${bit}`);
}

function unpackFeature(packed: PackedFeature): FeatureRecord {
  const name = packed.name ?? null;
  return {
    word: wordAt(packed.word).key,
    bit: packed.bit,
    name,
    component: packed.component ?? null,
    followsFeatures: packed.follows ?? [],
    aliases: packed.aliases ?? [],
    linux: packed.linux === undefined ? name : packed.linux,
    libvirt: packed.libvirt === undefined ? name : packed.libvirt,
    description: packed.text,
    requires: (packed.requires ?? []).map(([feature, why, byQemu, since]) => ({
      feature,
      why: textAt(why),
      enforcedBy: byQemu === 1 ? 'qemu' : 'architecture',
      since: since ?? null,
    })),
    migratable: packed.unmigratable !== true,
    autoenabled: packed.manual !== true,
    pool: packed.accumulate === true ? 'accumulate' : 'intersect',
    since: packed.since ?? null,
    source: textAt(packed.source),
  };
}

function indexNames(): ReadonlyMap<string, readonly FeatureRecord[]> {
  const index = new Map<string, FeatureRecord[]>();
  for (const feature of features) {
    if (feature.name === null) continue;
    for (const name of new Set([feature.name, ...feature.aliases].map(normalise))) {
      const bits = index.get(name);
      if (bits === undefined) index.set(name, [feature]);
      else bits.push(feature);
    }
  }
  return index;
}

function normalise(name: string): string {
  return name.replaceAll(/[._]/g, '-');
}

function specOf(key: string): WordSpec {
  const spec = parseWordKey(key);
  if (spec === null) throw new AtlasError('INTERNAL', `no word key ${key}`, { where: 'features.gen.ts' });
  return spec;
}

function wordAt(index: number): FeatureWordRecord {
  const word = words[index];
  if (word === undefined) throw new AtlasError('INTERNAL', `no feature word ${index}`, { where: 'features.gen.ts' });
  return word;
}

function textAt(index: number): string {
  const text = packedTexts[index];
  if (text === undefined) throw new AtlasError('INTERNAL', `no text ${index}`, { where: 'features.gen.ts' });
  return text;
}
