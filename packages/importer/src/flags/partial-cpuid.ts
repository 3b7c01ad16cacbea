import type { CpuidEntry, WordSpec } from '@cpu-atlas/core';
import { toCpuidEntry, unspell, type CpuidRow } from '../cpuid/cpuid-registers.ts';

type Register = 'eax' | 'ebx' | 'ecx' | 'edx';
type CpuidWord = Extract<WordSpec, { kind: 'cpuid' }>;

/** Family, model and stepping, in full (extended fields added in). */
export interface CpuSignature {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

/**
 * CPUID pieced together from names. Only what is put in is known: in the partial layer that comes of it a bit that is 0
 * and a leaf that is not listed are unknown, not absent.
 */
export class PartialCpuid {
  readonly #rows = new Map<string, { -readonly [key in keyof CpuidRow]: CpuidRow[key] }>();

  /** Leaf 0: the vendor and, where it is told, the highest basic leaf. */
  putVendor(vendor: string, lastLeaf: number | null): void {
    const [ebx = 0, edx = 0, ecx = 0] = unspell(vendor, 3);
    Object.assign(this.#row(0, 0), { eax: lastLeaf ?? 0, ebx, ecx, edx });
  }

  /**
   * Leaf 1 EAX.
   * Source: Intel SDM vol. 2A, CPUID, leaf 01H EAX; AMD APM vol. 3, Fn0000_0001_EAX
   */
  putSignature({ family, model, stepping }: CpuSignature): void {
    const base = Math.min(family, 15);
    const extended = family - base;
    this.#row(1, 0).eax =
      ((extended << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 0xf) << 4) | stepping) >>> 0;
  }

  /** Leaves 80000002H to 80000004H. Spaces at the ends, which the register may have, are not told by a text. */
  putBrand(brand: string): void {
    const words = unspell(brand.slice(0, 48), 12);
    for (const [index, leaf] of [0x8000_0002, 0x8000_0003, 0x8000_0004].entries()) {
      const [eax = 0, ebx = 0, ecx = 0, edx = 0] = words.slice(index * 4, index * 4 + 4);
      Object.assign(this.#row(leaf, 0), { eax, ebx, ecx, edx });
    }
  }

  putBit({ leaf, subleaf, register }: CpuidWord, bit: number): void {
    const row = this.#row(leaf, subleaf ?? 0);
    const key = register.toLowerCase() as Register;
    row[key] = (row[key] | (1 << bit)) >>> 0;
  }

  /** By leaf and subleaf, ascending. */
  toEntries(): readonly CpuidEntry[] {
    return [...this.#rows.values()].sort((a, b) => a.leaf - b.leaf || a.subleaf - b.subleaf).map(toCpuidEntry);
  }

  #row(leaf: number, subleaf: number): { -readonly [key in keyof CpuidRow]: CpuidRow[key] } {
    const key = `${leaf}/${subleaf}`;
    const row = this.#rows.get(key) ?? { leaf, subleaf, eax: 0, ebx: 0, ecx: 0, edx: 0 };
    this.#rows.set(key, row);
    return row;
  }
}

/** Whether family, model and stepping fit into leaf 1 EAX. */
export function isSignature({ family, model, stepping }: CpuSignature): boolean {
  return family >= 0 && family <= 270 && model >= 0 && model <= 255 && stepping >= 0 && stepping <= 15;
}
