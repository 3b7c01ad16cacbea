import type { CpuidRegisters } from './cpuid-record.ts';

/** Gives the registers of a subleaf of one leaf, or `undefined` while they are not known. */
export type SubleafReader = (subleaf: number) => CpuidRegisters | undefined;

/** Which subleaves a leaf has, as far as the known ones tell; asked again when more are known. Subleaf 0 is always in. */
type SubleafRule = (at: SubleafReader) => readonly number[];

/** No leaf defined so far has more; a list without an end stops here. */
const maxSubleaf = 63;

/** Subleaves 0 … n, where subleaf 0 tells n. */
function upTo(last: (first: CpuidRegisters) => number): SubleafRule {
  return (at) => {
    const first = at(0);
    if (first === undefined) return [0];
    return Array.from({ length: Math.min(last(first) >>> 0, maxSubleaf) + 1 }, (_, subleaf) => subleaf);
  };
}

/** Subleaf 0 and those whose bit is set in a mask that subleaf 0 tells. */
function byMask(mask: (first: CpuidRegisters) => number): SubleafRule {
  return (at) => {
    const first = at(0);
    return first === undefined ? [0] : [0, ...bitsOf(mask(first)).filter((bit) => bit > 0)];
  };
}

/** Subleaves `from`, `from` + 1, … up to and including the first that is not valid, and all those before `from`. */
function untilInvalid(isValid: (registers: CpuidRegisters) => boolean, from = 0): SubleafRule {
  return (at) => {
    const subleaves = Array.from({ length: from + 1 }, (_, subleaf) => subleaf);
    for (let subleaf = from; subleaf < maxSubleaf; subleaf++) {
      const registers = at(subleaf);
      if (registers === undefined || !isValid(registers)) break;
      subleaves.push(subleaf + 1);
    }
    return subleaves;
  };
}

/** Leaf 0DH: subleaves 0 and 1, and one for each state component of XCR0 and IA32_XSS. */
const xsaveComponents: SubleafRule = (at) => {
  const user = at(0);
  const supervisor = at(1);
  if (user === undefined || supervisor === undefined) return [0, 1];
  const low = bitsOf(user.eax | supervisor.ecx).filter((bit) => bit > 1);
  const high = bitsOf(user.edx | supervisor.edx).map((bit) => bit + 32);
  return [0, 1, ...low, ...high].filter((subleaf) => subleaf <= maxSubleaf - 1);
};

/** Leaf 12H: 0 and 1 where SGX exists, then EPC sections while their type is not 0. */
const sgxSections: SubleafRule = (at) => {
  const first = at(0);
  if (first === undefined || first.eax === 0) return [0];
  return untilInvalid((section) => (section.eax & 0xf) !== 0, 2)(at);
};

const cacheLevels = untilInvalid((cache) => (cache.eax & 0x1f) !== 0);
const topologyLevels = untilInvalid((level) => (level.ecx & 0xff00) !== 0);

/**
 * The leaves with subleaves.
 *
 * Source: Intel SDM vol. 2A, CPUID (with the Architecture Instruction Set Extensions reference for 1EH, 24H, 27H to 29H);
 * AMD APM vol. 3 appendix E (8000001DH, 80000020H, 80000026H).
 */
const subleafRules: ReadonlyMap<number, SubleafRule> = new Map<number, SubleafRule>([
  [0x04, cacheLevels],
  [0x07, upTo((first) => first.eax)],
  [0x0b, topologyLevels],
  [0x0d, xsaveComponents],
  [0x0f, byMask((first) => first.edx)],
  [0x10, byMask((first) => first.ebx)],
  [0x12, sgxSections],
  [0x14, upTo((first) => first.eax)],
  [0x17, upTo((first) => first.eax)],
  [0x18, upTo((first) => first.eax)],
  [0x1b, untilInvalid((target) => (target.eax & 0xfff) !== 0)],
  [0x1d, upTo((first) => first.eax)],
  [0x1e, upTo((first) => first.eax)],
  [0x1f, topologyLevels],
  // The only one that tells how many there are, not which is the last.
  [0x20, upTo((first) => Math.max(first.eax, 1) - 1)],
  [0x23, byMask((first) => first.eax)],
  [0x24, upTo((first) => first.eax)],
  [0x27, byMask((first) => first.edx)],
  [0x28, byMask((first) => first.ebx)],
  [0x29, upTo((first) => first.eax)],
  [0x8000001d, cacheLevels],
  [0x80000020, byMask((first) => first.ebx)],
  [0x80000026, topologyLevels],
]);

/** Which subleaves of `leaf` to read, as far as those that are known tell. Call it until it adds none. */
export function listSubleaves(leaf: number, at: SubleafReader): readonly number[] {
  return subleafRules.get(leaf)?.(at) ?? [0];
}

function bitsOf(mask: number): readonly number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((mask >>> bit) & 1) === 1);
}
