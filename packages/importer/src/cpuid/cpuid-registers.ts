import type { CpuidEntry, Hex32 } from '@cpu-atlas/core';

/** One CPUID answer, as unsigned numbers. */
export interface CpuidRow {
  readonly leaf: number;
  readonly subleaf: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

/** `0x` and eight lower-case hex digits. */
export function toHex32(value: number): Hex32 {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}

/** The form that a snapshot holds. */
export function toCpuidEntry({ leaf, subleaf, eax, ebx, ecx, edx }: CpuidRow): CpuidEntry {
  return {
    leaf: toHex32(leaf),
    subleaf,
    eax: toHex32(eax),
    ebx: toHex32(ebx),
    ecx: toHex32(ecx),
    edx: toHex32(edx),
  };
}

/** The row of a leaf and subleaf, if it is listed. */
export function findRow(rows: readonly CpuidRow[], leaf: number, subleaf = 0): CpuidRow | undefined {
  return rows.find((row) => row.leaf === leaf && row.subleaf === subleaf);
}

/** Registers as the characters that they spell, low byte first, up to the first NUL. */
export function spell(registers: readonly number[]): string {
  const bytes = registers.flatMap((word) => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24]);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.slice(0, end)));
}

/** The reverse of `spell`: `count` registers, filled up with NULs. Characters beyond Latin-1 become `?`. */
export function unspell(text: string, count: number): number[] {
  const byteAt = (position: number): number => {
    const code = text.charCodeAt(position);
    if (Number.isNaN(code)) return 0;
    return code > 255 ? 0x3f : code;
  };
  return Array.from({ length: count }, (_, word) => {
    const at = word * 4;
    return (byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16) | (byteAt(at + 3) << 24)) >>> 0;
  });
}
