import type { Register, WordSpec } from '../catalog/catalog.ts';

/**
 * How the feature words of one QEMU lie in a dense vector of 32-bit lanes: a CPUID word takes one lane, an MSR word two
 * (low half first). Lanes are in QEMU's word order, which is the order of `unavailable-features` and of the warnings.
 */
export interface WordLayout {
  readonly words: readonly WordSpec[];
  /** First lane of each word. */
  readonly laneOfWord: readonly number[];
  /** Word of each lane. */
  readonly wordOfLane: readonly number[];
  readonly laneCount: number;
  /** First lane of a word by its key, see {@link wordKeyOf}. */
  readonly laneOfKey: ReadonlyMap<string, number>;
}

/** Dense set of feature bits over a {@link WordLayout}. */
export type FeatureSet = Uint32Array;

const hex = (value: number): string => value.toString(16);

/** The short name of a word: `1.EDX`, `7.0.EBX`, `80000001.ECX`, `msr.10a`. */
export function wordKeyOf(word: WordSpec): string {
  if (word.kind === 'msr') return `msr.${hex(word.index)}`;
  const subleaf = word.subleaf === null ? '' : `.${hex(word.subleaf)}`;
  return `${hex(word.leaf)}${subleaf}.${word.register}`;
}

/** Reads a word key back; null when it is not one. */
export function parseWordKey(key: string): WordSpec | null {
  const msr = /^msr\.([0-9a-f]{1,8})$/.exec(key);
  if (msr) return { kind: 'msr', index: Number.parseInt(msr[1], 16) };
  const cpuid = /^([0-9a-f]{1,8})(?:\.([0-9a-f]{1,2}))?\.(EAX|EBX|ECX|EDX)$/.exec(key);
  if (!cpuid) return null;
  const subleaf = cpuid[2] === undefined ? null : Number.parseInt(cpuid[2], 16);
  return { kind: 'cpuid', leaf: Number.parseInt(cpuid[1], 16), subleaf, register: cpuid[3] as Register };
}

export function layoutWords(words: readonly WordSpec[]): WordLayout {
  const laneOfWord: number[] = [];
  const wordOfLane: number[] = [];
  const laneOfKey = new Map<string, number>();
  words.forEach((word, index) => {
    laneOfKey.set(wordKeyOf(word), wordOfLane.length);
    laneOfWord.push(wordOfLane.length);
    wordOfLane.push(index);
    if (word.kind === 'msr') wordOfLane.push(index);
  });
  return { words, laneOfWord, wordOfLane, laneCount: wordOfLane.length, laneOfKey };
}

/** The lane and mask of one bit of a word (bits 32 and up of an MSR lie in its second lane). */
export function locateBit(layout: WordLayout, word: number, bit: number): { lane: number; mask: number } {
  return { lane: layout.laneOfWord[word] + (bit >> 5), mask: (1 << (bit & 31)) >>> 0 };
}

/** `CPUID.07H.0:EBX[5]`, `MSR 48BH[3]`: how documents of the field write one bit. */
export function bitCoordinate(word: WordSpec, bit: number): string {
  const upper = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');
  if (word.kind === 'msr') return `MSR ${upper(word.index)}H[${bit}]`;
  const subleaf = word.subleaf === null ? '' : `.${word.subleaf}`;
  return `CPUID.${upper(word.leaf)}H${subleaf}:${word.register}[${bit}]`;
}
