import type { CpuidEntry, Hex32, Hex64 } from '@cpu-atlas/core';

/** What CPUID answers to one query: unsigned 32-bit numbers. */
export interface CpuidRegisters {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export interface CpuidQuery {
  readonly leaf: number;
  readonly subleaf: number;
}

/** One leaf and subleaf with its registers, as numbers. */
export interface CpuidRecord extends CpuidQuery, CpuidRegisters {}

/** Answers by leaf and subleaf. */
export type CpuidAnswerMap = ReadonlyMap<number, CpuidRegisters>;

/** The key of a query in a {@link CpuidAnswerMap}. Subleaves are below 256. */
export function keyOf(query: CpuidQuery): number {
  return query.leaf * 0x100 + query.subleaf;
}

/** `0x` and eight lower-case hex digits. */
export function toHex32(value: number): Hex32 {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** `0x` and lower-case hex digits without leading zeros. */
export function toHex64(value: bigint): Hex64 {
  return `0x${value.toString(16)}`;
}

/** The form that a snapshot holds. */
export function toCpuidEntry(record: CpuidRecord): CpuidEntry {
  return {
    leaf: toHex32(record.leaf),
    subleaf: record.subleaf,
    eax: toHex32(record.eax),
    ebx: toHex32(record.ebx),
    ecx: toHex32(record.ecx),
    edx: toHex32(record.edx),
  };
}

/** Three registers as the twelve characters that they spell, without NULs at the end. */
export function spellSignature(registers: readonly [number, number, number]): string {
  const bytes = Buffer.alloc(12);
  registers.forEach((register, position) => bytes.writeUInt32LE(register >>> 0, position * 4));
  return bytes.toString('latin1').replace(/\0+$/, '');
}
