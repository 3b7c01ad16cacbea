import type { DecodedFeature } from './decoding.ts';
import { featureOfBit } from './named-features.ts';

/**
 * The words of a Xen featureset in their order, as XenServer writes them with dashes between.
 * Source: Xen public header arch-x86/cpufeatureset.h, featureset words 0 to 18
 */
const cpuidWords = [
  ...['1.EDX', '1.ECX', '80000001.EDX', '80000001.ECX', 'd.1.EAX', '7.0.EBX', '7.0.ECX', '80000007.EDX'],
  ...['80000008.EBX', '7.0.EDX', '7.1.EAX', '80000021.EAX', '7.1.EBX', '7.2.EDX', '7.1.ECX', '7.1.EDX'],
] as const;

interface SetWord {
  readonly key: string;
  /** Number of the bit in the feature word that bit 0 stands for. */
  readonly firstBit: number;
}

const words: readonly SetWord[] = [
  ...cpuidWords.map((key) => ({ key, firstBit: 0 })),
  { key: 'msr.10a', firstBit: 0 },
  { key: 'msr.10a', firstBit: 32 },
  { key: '80000021.ECX', firstBit: 0 },
];

const setPattern = /(?<![0-9a-f-])(?:[0-9a-f]{8}-){3,31}[0-9a-f]{8}(?![0-9a-f-])/gi;

/** One featureset as 32-bit words. */
export type XenFeatureset = readonly number[];

/** All featuresets in a line. An UUID is none: its groups have other lengths. */
export function findFeaturesets(line: string): readonly XenFeatureset[] {
  return (line.match(setPattern) ?? []).map((text) => text.split('-').map((word) => Number.parseInt(word, 16)));
}

/** Features that `wanted` has and `given` has not. */
export function missingIn(wanted: XenFeatureset, given: XenFeatureset): readonly DecodedFeature[] {
  return listFeatures(
    wanted.map((word, at) => (word & ~(given[at] ?? 0)) >>> 0),
    'missing',
  );
}

/** All features of a set. */
export function listFeatures(set: XenFeatureset, role: DecodedFeature['role']): readonly DecodedFeature[] {
  return set.flatMap((word, at) => {
    const place = words[at];
    if (place === undefined) return [];
    return [...Array(32).keys()]
      .filter((bit) => ((word >>> bit) & 1) === 1)
      .map((bit) => featureOfBit(place.key, place.firstBit + bit, null, role));
  });
}
