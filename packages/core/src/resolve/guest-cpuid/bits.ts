/** A register as far as it is known: bits that are 1, and bits that are not known. All others are 0. */
export interface Bits {
  readonly ones: number;
  readonly unknown: number;
}

const everyBit = 0xffffffff;

/** A register that is known. */
export function known(value: number): Bits {
  return { ones: value >>> 0, unknown: 0 };
}

/** A register, or some bits of one, of which nothing is known. */
export function notKnown(mask = everyBit): Bits {
  return { ones: 0, unknown: mask >>> 0 };
}

export const zero: Bits = known(0);

/** Bits of either. */
export function either(first: Bits, second: Bits): Bits {
  const ones = (first.ones | second.ones) >>> 0;
  return { ones, unknown: ((first.unknown | second.unknown) & ~ones) >>> 0 };
}

/** Only the bits that are 1 in both. */
export function both(first: Bits, second: Bits): Bits {
  const ones = (first.ones & second.ones) >>> 0;
  const maybe = (first.ones | first.unknown) & (second.ones | second.unknown);
  return { ones, unknown: (maybe & ~ones) >>> 0 };
}

/** Some bits of a register. */
export function only(bits: Bits, mask: number): Bits {
  return { ones: (bits.ones & mask) >>> 0, unknown: (bits.unknown & mask) >>> 0 };
}

/** What two answers agree on; the rest is unknown. */
export function agreed(first: Bits, second: Bits): Bits {
  const unknown = (first.unknown | second.unknown | (first.ones ^ second.ones)) >>> 0;
  return { ones: (first.ones & ~unknown) >>> 0, unknown };
}

/** Whether any bit of a mask is 1; null: not known. */
export function anyOf({ ones, unknown }: Bits, mask = everyBit): boolean | null {
  if ((ones & mask) !== 0) return true;
  return (unknown & mask) !== 0 ? null : false;
}

/** The answer of one leaf and subleaf. */
export interface Registers {
  readonly eax: Bits;
  readonly ebx: Bits;
  readonly ecx: Bits;
  readonly edx: Bits;
  /** Why bits are not known, in plain words. */
  readonly why?: string;
}

export const registerNames = ['eax', 'ebx', 'ecx', 'edx'] as const;
export type RegisterName = (typeof registerNames)[number];

/** A leaf of which every bit is known. */
export function registers(eax: number, ebx = 0, ecx = 0, edx = 0): Registers {
  return { eax: known(eax), ebx: known(ebx), ecx: known(ecx), edx: known(edx) };
}

/** A leaf that is there, or not, and of which nothing is known. */
export function unknownRegisters(why: string): Registers {
  return { eax: notKnown(), ebx: notKnown(), ecx: notKnown(), edx: notKnown(), why };
}

export const zeros: Registers = registers(0);

/** Whether anything is in a leaf; null: not known. */
export function isAnything({ eax, ebx, ecx, edx }: Registers): boolean | null {
  return anyOf([eax, ebx, ecx, edx].reduce(either));
}
