import { wordRecords, parseWordKey, wordKeyOf, type Register, type WordSpec } from '@cpu-atlas/core';

/** Where a `check` warning of QEMU says that a named feature lies. */
export interface WarnedBit {
  readonly name: string;
  readonly word: WordSpec;
  readonly bit: number;
  /** True when the warning does not tell the subleaf (releases before 11.0 leave it out). */
  readonly subleafUnknown: boolean;
}

const colonStyle = /CPUID\.([0-9A-F]{2,8})H:(E[A-D]X)\.(\S+) \[bit (\d{1,2})\]/;
const bracketStyle =
  /CPUID\[eax=([0-9a-fA-F]{2,8})h(?:,ecx=([0-9a-fA-F]{2,8})h)?\]\.(E[A-D]X)\.(\S+) \[bit (\d{1,2})\]/;
const msrStyle = /MSR\(([0-9A-Fa-f]{2,8})[Hh]\)\.(\S+) \[bit (\d{1,2})\]/;

/** Reads the word and bit out of one warning line; null for any other line. */
export function readWarnedBit(line: string): WarnedBit | null {
  const msr = msrStyle.exec(line);
  if (msr) {
    const word: WordSpec = { kind: 'msr', index: Number.parseInt(msr[1], 16) };
    return { name: msr[2], word, bit: Number(msr[3]), subleafUnknown: false };
  }
  const bracket = bracketStyle.exec(line);
  if (bracket) {
    const subleaf = bracket[2] === undefined ? null : Number.parseInt(bracket[2], 16);
    const word: WordSpec = {
      kind: 'cpuid',
      leaf: Number.parseInt(bracket[1], 16),
      subleaf,
      register: bracket[3] as Register,
    };
    return { name: bracket[4], word, bit: Number(bracket[5]), subleafUnknown: false };
  }
  const colon = colonStyle.exec(line);
  if (!colon) return null;
  const word: WordSpec = {
    kind: 'cpuid',
    leaf: Number.parseInt(colon[1], 16),
    subleaf: null,
    register: colon[2] as Register,
  };
  return { name: colon[3], word, bit: Number(colon[4]), subleafUnknown: true };
}

/** The style in which a binary writes the registers of its warnings; colon when it wrote none. */
export function warningStyleOf(stderr: string): 'colon' | 'brackets' {
  return /CPUID\[eax=/.test(stderr) ? 'brackets' : 'colon';
}

/**
 * Orders words as QEMU does: the CPUID words as its `feature-words` lists them (in reverse), the MSR words, which QMP
 * does not list, where the curated order has them.
 */
export function orderWords(cpuidWords: readonly WordSpec[], msrIndexes: ReadonlySet<number>): WordSpec[] {
  const ordered = [...cpuidWords];
  const keys = new Set(ordered.map(wordKeyOf));
  let previous: string | null = null;
  for (const { key } of wordRecords()) {
    const word = parseWordKey(key);
    if (word?.kind === 'msr' && msrIndexes.has(word.index)) {
      const after = previous === null ? 0 : ordered.findIndex((w) => wordKeyOf(w) === previous) + 1;
      ordered.splice(after, 0, word);
      keys.add(key);
    }
    if (keys.has(key)) previous = key;
  }
  for (const index of msrIndexes)
    if (!keys.has(wordKeyOf({ kind: 'msr', index }))) ordered.push({ kind: 'msr', index });
  return ordered;
}
