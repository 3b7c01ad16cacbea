import { AtlasError } from '../errors.ts';
import type { CpuidEntry } from '../snapshot/snapshot.ts';

/** The four registers of one CPUID answer as unsigned numbers. */
export interface CpuidRegisters {
  readonly EAX: number;
  readonly EBX: number;
  readonly ECX: number;
  readonly EDX: number;
}

/** A CPUID dump by leaf and subleaf. */
export class CpuidTable {
  readonly #entries = new Map<string, CpuidRegisters>();

  /** @throws SNAPSHOT_INVALID for a register that is not a 32-bit hex value */
  constructor(entries: readonly CpuidEntry[], where: string) {
    entries.forEach((entry, i) => {
      const { leaf, subleaf, registers } = readCpuidEntry(entry, where, i);
      this.#entries.set(`${leaf}/${subleaf}`, registers);
    });
  }

  get(leaf: number, subleaf = 0): CpuidRegisters | null {
    return this.#entries.get(`${leaf}/${subleaf}`) ?? null;
  }
}

/**
 * One answer of a CPUID dump. `where`, `index`: the dump and the place in it.
 * @throws SNAPSHOT_INVALID for a register that is not a 32-bit hex value
 */
export function readCpuidEntry(
  entry: CpuidEntry,
  where: string,
  index: number,
): { readonly leaf: number; readonly subleaf: number; readonly registers: CpuidRegisters } {
  // A fleet sends a hundred thousand registers in a second, so their places are written only where they are told.
  const read = (name: 'leaf' | 'eax' | 'ebx' | 'ecx' | 'edx'): number =>
    hex32Of(entry[name]) ?? parseHex32(entry[name], `${where}[${index}].${name}`);
  const registers = { EAX: read('eax'), EBX: read('ebx'), ECX: read('ecx'), EDX: read('edx') };
  return { leaf: read('leaf'), subleaf: entry.subleaf ?? 0, registers };
}

/** Reads a 32-bit register written in hex, with or without `0x`. @throws SNAPSHOT_INVALID */
export function parseHex32(text: string, where: string): number {
  const value = hex32Of(text);
  if (value === null) throw notHex(text, 32, where);
  return value;
}

function hex32Of(text: string): number | null {
  return /^(?:0x)?[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : null;
}

/** Reads a 64-bit MSR value written in hex. @throws SNAPSHOT_INVALID */
export function parseMsr(text: string, where: string): bigint {
  if (!/^(?:0x)?[0-9a-f]{1,16}$/i.test(text)) throw notHex(text, 64, where);
  return BigInt(`0x${text.replace(/^0x/i, '')}`);
}

function notHex(text: unknown, bits: number, where: string): AtlasError {
  return new AtlasError('SNAPSHOT_INVALID', `${JSON.stringify(text)?.slice(0, 40)} is not a ${bits}-bit hex value`, {
    where,
  });
}

const ascii = (word: number): string =>
  String.fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);

/** Vendor of leaf 0, e.g. `AuthenticAMD`. */
export function vendorOf(leaf0: CpuidRegisters): string {
  return ascii(leaf0.EBX) + ascii(leaf0.EDX) + ascii(leaf0.ECX);
}

/**
 * Family, model and stepping of leaf 1 EAX. The extended fields are 0 on families that do not use them.
 * Source: Intel SDM vol. 2A, CPUID, leaf 01H EAX; AMD APM vol. 3, Fn0000_0001_EAX
 */
export function signatureOf(eax: number): { family: number; model: number; stepping: number } {
  const family = ((eax >>> 8) & 0xf) + ((eax >>> 20) & 0xff);
  const model = ((eax >>> 4) & 0xf) | ((eax >>> 12) & 0xf0);
  return { family, model, stepping: eax & 0xf };
}

/** The brand string of leaves 80000002H to 80000004H, up to its first NUL. */
export function brandOf(table: CpuidTable): string | null {
  let brand = '';
  for (const leaf of [0x80000002, 0x80000003, 0x80000004]) {
    const regs = table.get(leaf);
    if (!regs) return null;
    brand += ascii(regs.EAX) + ascii(regs.EBX) + ascii(regs.ECX) + ascii(regs.EDX);
  }
  const end = brand.indexOf('\0');
  return end < 0 ? brand : brand.slice(0, end);
}
