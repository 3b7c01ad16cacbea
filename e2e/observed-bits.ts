import { wordKeyOf } from '../packages/core/src/x86/feature-table.ts';
import { askQemu, getCpuProperty } from './paused-qemu.ts';

/** Words that QEMU computes from features; no name switches their bits. */
const computedWords = new Set(['d.0.EAX', 'd.0.EDX', 'd.1.ECX', 'd.1.EDX']);

/** An entry of the CPU properties `feature-words` and `filtered-features`. */
export interface FeatureWord {
  readonly 'cpuid-input-eax': number;
  readonly 'cpuid-input-ecx'?: number;
  readonly 'cpuid-register': 'EAX' | 'EBX' | 'ECX' | 'EDX';
  readonly features: number;
}

/** What to switch on, and where. */
export interface Observation {
  readonly binary: string;
  readonly accel?: 'tcg' | 'kvm';
  readonly names: readonly string[];
  /** Properties that are the same in each launch. */
  readonly fixed?: readonly string[];
}

/**
 * Which name switches which bit, told from few launches: each name has a number, launch i switches on the names whose
 * number has bit i, and a feature bit that is on in just those launches belongs to that name. What QEMU filters counts
 * as on: it was asked for. Bits that are on in all launches belong to no name and are left out.
 */
export async function observe({ binary, accel = 'tcg', names, fixed = [] }: Observation): Promise<Map<string, string>> {
  const launches = Math.ceil(Math.log2(names.length + 2));
  const always = 2 ** launches - 1;
  const codes = new Map<string, number>();
  for (let launch = 0; launch < launches; launch++) {
    const switches = names.map((name, index) => `${name}=${((index + 1) >> launch) & 1 ? 'on' : 'off'}`);
    const cpu = ['base', ...fixed, ...switches].join(',');
    const words = ['feature-words', 'filtered-features'].map(getCpuProperty);
    const { returns, stderr } = await askQemu({ binary, accel, cpu }, words);
    const on = new Set([...(returns as readonly (readonly FeatureWord[])[]).flatMap(bitsOf), ...msrBitsOf(stderr)]);
    for (const bit of on) codes.set(bit, (codes.get(bit) ?? 0) | (1 << launch));
  }
  const switched = [...codes].filter(([, code]) => code !== always);
  return new Map(switched.map(([bit, code]) => [bit, names[code - 1] ?? `no name (code ${code})`]));
}

/** The bits that each name switches, computed words left out. */
export async function observeEach(observation: Observation): Promise<Map<string, readonly string[]>> {
  const result = new Map<string, readonly string[]>(observation.names.map((name) => [name, []]));
  for (const [bit, name] of await observe({ ...observation, fixed: ['vendor=GenuineIntel', 'pmu=on'] })) {
    if (computedWords.has(wordOf(bit))) continue;
    result.set(name, [...(result.get(name) ?? []), bit]);
  }
  return sortBits(result);
}

/** The same map with the bits of each name in one order. */
export function sortBits(bits: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  return new Map([...bits].map(([name, own]) => [name, [...own].sort()]));
}

/** `MSR(48BH).vmx-ept [bit 1]` in a warning of `check`: QEMU was asked for the bit and does not give it. */
function msrBitsOf(stderr: string): readonly string[] {
  return [...stderr.matchAll(/MSR\(([0-9A-F]+)h\)\.\S+ \[bit (\d+)\]/gi)].map(
    ([, index, bit]) => `${wordKeyOf({ kind: 'msr', index: Number.parseInt(index, 16) })}/${bit}`,
  );
}

function bitsOf(words: readonly FeatureWord[]): readonly string[] {
  return words.flatMap((word) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => (word.features >>> bit) & 1)
      .map((bit) => `${keyOfWord(word)}/${bit}`),
  );
}

/** `7.0.EBX` for leaf 7, subleaf 0, EBX. */
export function keyOfWord(word: FeatureWord): string {
  const subleaf = word['cpuid-input-ecx'] ?? null;
  return wordKeyOf({ kind: 'cpuid', leaf: word['cpuid-input-eax'], subleaf, register: word['cpuid-register'] });
}

function wordOf(bit: string): string {
  return bit.slice(0, bit.indexOf('/'));
}
