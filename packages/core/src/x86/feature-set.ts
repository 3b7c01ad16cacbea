import type { SparseWords } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import type { FeatureSet, WordLayout } from './word-layout.ts';

/** Number of set bits of one unsigned 32-bit lane. */
export function popcount(lane: number): number {
  let value = lane - ((lane >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return (((value + (value >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Number of features in a set. */
export function countFeatures(set: FeatureSet): number {
  let count = 0;
  for (let lane = 0; lane < set.length; lane++) count += popcount(set[lane]);
  return count;
}

export function isEmpty(set: FeatureSet): boolean {
  for (let lane = 0; lane < set.length; lane++) if (set[lane] !== 0) return false;
  return true;
}

/** Numbers of the set bits of a lane, lowest first. */
export function bitsOf(lane: number): number[] {
  const bits: number[] = [];
  for (let rest = lane >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) bits.push(31 - Math.clz32(rest & -rest));
  return bits;
}

/** A register or MSR value in hex (with or without `0x`, any case) as two lanes. @throws CATALOG_INVALID */
export function parseHex64(text: string): { low: number; high: number } {
  const match = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text);
  if (!match) throw new AtlasError('CATALOG_INVALID', `"${text.slice(0, 40)}" is not a hex value of up to 64 bits`);
  const digits = match[1].padStart(16, '0');
  return { low: Number.parseInt(digits.slice(8), 16), high: Number.parseInt(digits.slice(0, 8), 16) };
}

/** 64 bits as hex without `0x` and without leading zeros. */
export function formatHex64(low: number, high: number): string {
  if (high === 0) return (low >>> 0).toString(16);
  return (high >>> 0).toString(16) + (low >>> 0).toString(16).padStart(8, '0');
}

/** Spreads sparse words over the lanes of a layout. @throws CATALOG_INVALID for an index outside it. */
export function fromSparse(layout: WordLayout, sparse: SparseWords): FeatureSet {
  const set = new Uint32Array(layout.laneCount);
  for (const [key, value] of Object.entries(sparse)) {
    const word = Number(key);
    const lane = layout.laneOfWord[word];
    if (lane === undefined) throw new AtlasError('CATALOG_INVALID', `feature word ${key} does not exist`);
    const { low, high } = parseHex64(value);
    set[lane] = low;
    if (layout.words[word].kind === 'msr') set[lane + 1] = high;
    else if (high !== 0) throw new AtlasError('CATALOG_INVALID', `feature word ${key} holds more than 32 bits`);
  }
  return set;
}

/** The inverse of {@link fromSparse}. */
export function toSparse(layout: WordLayout, set: FeatureSet): Record<string, string> {
  const sparse: Record<string, string> = {};
  layout.words.forEach((word, index) => {
    const lane = layout.laneOfWord[index];
    const high = word.kind === 'msr' ? set[lane + 1] : 0;
    if (set[lane] !== 0 || high !== 0) sparse[index] = formatHex64(set[lane], high);
  });
  return sparse;
}
