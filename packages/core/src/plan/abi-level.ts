import { abiLevels } from './plan-facts.gen.ts';

/** One of the x86-64 ABI levels, `x86-64-v2`. */
export interface AbiLevelRecord {
  readonly level: number;
  readonly name: string;
  /** What it adds to the level before, in QEMU's names. */
  readonly adds: readonly string[];
}

/** How far a CPU reaches. */
export interface AbiReach {
  /** 0: not even v1. */
  readonly level: number;
  /** `x86-64-v3`; null below v1. */
  readonly name: string | null;
  /** For each level above, all features that are short of it, those of the levels between included. */
  readonly short: readonly { readonly name: string; readonly lacks: readonly string[] }[];
}

/** The levels, lowest first. Source: data/plan/abi-levels.json */
export function listAbiLevels(): readonly AbiLevelRecord[] {
  return abiLevels;
}

/** The ABI level of a CPU that has some features, and what each level above still wants. */
export function abiReach(has: (feature: string) => boolean): AbiReach {
  const missing: string[] = [];
  let reached: AbiLevelRecord | null = null;
  const short: { name: string; lacks: readonly string[] }[] = [];
  for (const record of abiLevels) {
    missing.push(...record.adds.filter((feature) => !has(feature)));
    if (missing.length === 0) reached = record;
    else short.push({ name: record.name, lacks: [...missing] });
  }
  return { level: reached?.level ?? 0, name: reached?.name ?? null, short };
}
