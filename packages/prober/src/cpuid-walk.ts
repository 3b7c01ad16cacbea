import type { CpuidAnswerMap, CpuidQuery, CpuidRecord, CpuidRegisters } from './cpuid-record.ts';
import { keyOf, spellSignature } from './cpuid-record.ts';
import { listSubleaves } from './cpuid-subleaves.ts';

/** What the known answers amount to. While `missing` is not empty, ask these and walk again. */
export interface CpuidWalk {
  /** The dump as far as it is known, by leaf and subleaf, ascending. */
  readonly records: readonly CpuidRecord[];
  readonly missing: readonly CpuidQuery[];
}

const basicBase = 0x0000_0000;
const hypervisorBase = 0x4000_0000;
const extendedBase = 0x8000_0000;
const centaurBase = 0xc000_0000;

/** Each range has up to 256 leaves; a CPU that claims more is not believed. */
const rangeLeaves = 0x100;
/** Hypervisors put further interfaces at multiples of 100H (Hyper-V's first, then their own). */
const maxHypervisorInterfaces = 16;
const hypervisorBit = 31;

/**
 * Walks all ranges of CPUID: basic, hypervisor (when leaf 1 says that there is one), extended and Centaur/Zhaoxin.
 * A range whose first leaf does not name a leaf of that range does not exist.
 *
 * Source: Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E; Linux Documentation/virt/kvm/x86/cpuid.rst.
 */
export function walkCpuid(answers: CpuidAnswerMap): CpuidWalk {
  const records: CpuidRecord[] = [];
  const missing = new Map<number, CpuidQuery>();
  const ask = (leaf: number, subleaf = 0): CpuidRegisters | undefined => {
    const key = keyOf({ leaf, subleaf });
    const known = answers.get(key);
    if (known === undefined) missing.set(key, { leaf, subleaf });
    return known;
  };
  const addRange = (base: number, last: number): void => {
    for (let leaf = base; leaf <= last; leaf++) {
      for (const subleaf of listSubleaves(leaf, (each) => answers.get(keyOf({ leaf, subleaf: each })))) {
        const registers = ask(leaf, subleaf);
        if (registers !== undefined) records.push({ leaf, subleaf, ...registers });
      }
    }
  };

  const basic = ask(basicBase);
  if (basic !== undefined) addRange(basicBase, Math.min(basic.eax, rangeLeaves - 1));
  for (const range of findHypervisorRanges(ask)) addRange(range.base, range.last);
  for (const base of [extendedBase, centaurBase]) {
    const last = lastLeaf(base, ask(base));
    if (last !== undefined) addRange(base, last);
  }
  return { records, missing: [...missing.values()] };
}

function lastLeaf(base: number, first: CpuidRegisters | undefined): number | undefined {
  return first !== undefined && first.eax >= base && first.eax < base + rangeLeaves ? first.eax : undefined;
}

function findHypervisorRanges(
  ask: (leaf: number) => CpuidRegisters | undefined,
): readonly { readonly base: number; readonly last: number }[] {
  const features = ask(1);
  if (features === undefined || ((features.ecx >>> hypervisorBit) & 1) === 0) return [];
  const ranges: { base: number; last: number }[] = [];
  for (let position = 0; position < maxHypervisorInterfaces; position++) {
    const base = hypervisorBase + position * rangeLeaves;
    const first = ask(base);
    if (first === undefined) break;
    const last = lastLeaf(base, first) ?? (position === 0 ? lastLeafUntold(first) : undefined);
    if (last === undefined) break;
    ranges.push({ base, last });
  }
  return ranges;
}

/** Old KVM leaves EAX at 0 and means 40000001H; from others only the signature is taken. */
function lastLeafUntold(first: CpuidRegisters): number {
  const isKvm = spellSignature([first.ebx, first.ecx, first.edx]) === 'KVMKVMKVM';
  return isKvm ? hypervisorBase + 1 : hypervisorBase;
}
