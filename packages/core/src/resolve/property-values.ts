import type { OtherProperty } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import type { CpuEdit } from './cpu-argument.ts';

export type PropertyValue = boolean | number | string;

const booleans: Readonly<Record<string, boolean>> = {
  ...{ on: true, yes: true, true: true, y: true },
  ...{ off: false, no: false, false: false, n: false },
};

/** Where in the argument an edit stands, counted from 1. */
export function position(edit: CpuEdit): string {
  return `-cpu, character ${edit.at + 1}`;
}

export function invalidValue(edit: CpuEdit, value: string, expected: string): AtlasError {
  return new AtlasError(
    'CPU_PROPERTY_INVALID',
    `property "${edit.name.slice(0, 60)}" does not take "${value.slice(0, 60)}"`,
    {
      where: position(edit),
      remedy: `give ${expected}`,
    },
  );
}

/** @throws CPU_PROPERTY_INVALID */
export function parseBoolean(edit: CpuEdit, value: string): boolean {
  const parsed = Object.hasOwn(booleans, value) ? booleans[value] : undefined;
  if (parsed === undefined) throw invalidValue(edit, value, 'on or off');
  return parsed;
}

interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

const unsigned = (bits: bigint): Range => ({ least: 0n, most: (1n << bits) - 1n });

const rangesOfTypes: Readonly<Record<string, Range>> = {
  uint8: unsigned(8n),
  uint16: unsigned(16n),
  uint32: unsigned(32n),
  uint64: unsigned(64n),
  int32: { least: -(1n << 31n), most: (1n << 31n) - 1n },
  int: { least: 0n, most: (1n << 63n) - 1n },
};

/**
 * Properties that take less than their type does.
 * Source: QEMU 7.2 to 11.1, error texts of larger values; CPUID.01H:EAX and LBR_FMT have no more room
 */
const rangesOfNames: Readonly<Record<string, Range>> = {
  family: { least: 0n, most: 270n },
  model: { least: 0n, most: 255n },
  stepping: { least: 0n, most: 15n },
  'lbr-fmt': { least: 0n, most: 0x3fn },
};

/** A number as C reads it: hexadecimal with 0x, octal with a leading 0. */
const integer = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i;

/** Numbers without a sign are read as C does: a minus counts down from 2^64. */
const wholeRange = 1n << 64n;

function parseInteger(edit: CpuEdit, value: string, { type, range }: { type: string; range: Range }): number {
  const match = integer.exec(value);
  if (!match) throw invalidValue(edit, value, 'a number, decimal or 0x hexadecimal');
  const magnitude = BigInt(match[2].replace(/^0(?=[0-7])/, '0o'));
  const signed = match[1] === '-' ? -magnitude : magnitude;
  const number = signed < 0n && signed > -wholeRange && type.startsWith('uint') ? wholeRange + signed : signed;
  if (number > range.most || number < range.least)
    throw invalidValue(edit, value, `a number from ${range.least} to ${range.most}`);
  return Number(number);
}

/** `tsc-freq` takes a size: a number, with a fraction only where a unit follows. */
const frequency = /^\s*\+?(?:(\d+)|(\d+(?:\.\d*)?)([bkmgtpe]))$/i;
const units: Readonly<Record<string, number>> = { b: 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15, e: 1e18 };

function parseFrequency(edit: CpuEdit, value: string): number {
  const match = frequency.exec(value);
  if (!match) throw invalidValue(edit, value, 'a frequency in Hz such as 2500000000 or 2.5G');
  const hertz = match[1] === undefined ? Number(match[2]) * units[match[3].toLowerCase()] : Number(match[1]);
  if (hertz > 2 ** 63) throw invalidValue(edit, value, 'a frequency in Hz such as 2500000000 or 2.5G');
  return Math.floor(hertz);
}

/** QEMU keeps whole kilohertz. */
const toKilohertz = (hertz: number): number => Math.floor(hertz / 1000) * 1000;

/** Bytes of a text in UTF-8, which QEMU counts. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function parseText(edit: CpuEdit, value: string, name: string): string {
  if (name === 'memory') throw invalidValue(edit, value, 'nothing: only QEMU itself sets it');
  if (name === 'vendor' && utf8Length(value) !== 12)
    throw invalidValue(edit, value, 'exactly 12 characters, such as GenuineIntel');
  // CPUID has room for 48 characters. Source: Intel SDM vol. 2A, CPUID, leaves 80000002H to 80000004H
  return name === 'model-id' ? value.slice(0, 48) : value;
}

/**
 * The value of a property that is not a feature, read as QEMU reads it.
 * @throws CPU_PROPERTY_INVALID, also for a property that cannot be set
 */
export function parsePropertyValue(edit: CpuEdit, value: string, { name, type }: OtherProperty): PropertyValue {
  if (edit.name === 'tsc-freq') return toKilohertz(parseFrequency(edit, value));
  if (type === 'bool') return parseBoolean(edit, value);
  if (type === 'str' || type === 'string') return parseText(edit, value, name);
  if (type === 'OnOffAuto') {
    if (!['on', 'off', 'auto'].includes(value)) throw invalidValue(edit, value, 'on, off or auto');
    return value;
  }
  const range = rangesOfNames[name] ?? rangesOfTypes[type];
  if (range === undefined) throw invalidValue(edit, value, 'nothing: it can only be read');
  const number = parseInteger(edit, value, { type, range });
  return name === 'tsc-frequency' ? toKilohertz(number) : number;
}
