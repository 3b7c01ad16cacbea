import { locateFeature, type CatalogIndex, type FeatureLocation } from '../catalog/catalog-index.ts';
import type { OtherProperty, PropertyValues } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { CpuArgument, CpuEdit } from './cpu-argument.ts';

/** A CPU as far as its properties are set, before QEMU expands it. */
export interface ConfiguredCpu {
  readonly features: FeatureSet;
  /** Bits that the user set, on or off. */
  readonly touched: FeatureSet;
  readonly properties: PropertyValues;
  /** Names of properties that the user set. */
  readonly named: ReadonlySet<string>;
  /** Names of features that the user switched on as `name=on`, which QEMU does earlier than `+name`. */
  readonly assignedOn: ReadonlySet<string>;
  /** Lines that QEMU prints about the argument itself. */
  readonly warnings: readonly string[];
}

type PropertyValue = boolean | number | string;

const booleans: Readonly<Record<string, boolean>> = {
  ...{ on: true, yes: true, true: true, y: true },
  ...{ off: false, no: false, false: false, n: false },
};

/** Largest values that QEMU takes. Source: QEMU 7.2 to 11.1, error texts of larger ones; CPUID.01H:EAX has no more room */
const limits: Readonly<Record<string, number>> = { family: 270, model: 255, stepping: 15 };

const maxOfType: Readonly<Record<string, bigint>> = {
  uint8: 0xffn,
  uint16: 0xffffn,
  uint32: 0xffffffffn,
  uint64: 0xffffffffffffffffn,
  int: 0x7fffffffffffffffn,
  int32: 0x7fffffffn,
};

function position(edit: CpuEdit): string {
  return `-cpu, character ${edit.at + 1}`;
}

function invalidValue(edit: CpuEdit, value: string, expected: string): AtlasError {
  return new AtlasError('CPU_PROPERTY_INVALID', `property "${edit.name}" does not take "${value.slice(0, 60)}"`, {
    where: position(edit),
    remedy: `give ${expected}`,
  });
}

function parseBoolean(edit: CpuEdit, value: string): boolean {
  const parsed = booleans[value];
  if (parsed === undefined) throw invalidValue(edit, value, 'on or off');
  return parsed;
}

function parseInteger(edit: CpuEdit, value: string, type: string): number {
  const text = value.trim();
  if (!/^[+-]?(?:0x[0-9a-f]+|\d+)$/i.test(text)) throw invalidValue(edit, value, 'a number, decimal or 0x hexadecimal');
  const negative = text.startsWith('-');
  const magnitude = BigInt(text.replace(/^[+-]/, '').replace(/^0(?=[0-7]+$)/, '0o'));
  const number = negative ? -magnitude : magnitude;
  const most = limits[edit.name] === undefined ? (maxOfType[type] ?? maxOfType.int) : BigInt(limits[edit.name]);
  const least = type.startsWith('int') && limits[edit.name] === undefined ? -most - 1n : 0n;
  if (number > most || number < least) throw invalidValue(edit, value, `a number from ${least} to ${most}`);
  return Number(number);
}

function parseSize(edit: CpuEdit, value: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)$/i.exec(value);
  if (!match) throw invalidValue(edit, value, 'a frequency such as 2500000000 or 2.5G');
  const factor = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }[match[2].toLowerCase()] ?? 1;
  return Math.floor(Number(match[1]) * factor);
}

function parseValue(edit: CpuEdit, value: string, { name, type }: OtherProperty): PropertyValue {
  if (name === 'tsc-frequency') return parseSize(edit, value);
  if (type === 'bool') return parseBoolean(edit, value);
  if (type === 'str' || type === 'string') return checkText(edit, value, name);
  if (type === 'OnOffAuto') {
    if (!['on', 'off', 'auto'].includes(value)) throw invalidValue(edit, value, 'on, off or auto');
    return value;
  }
  return parseInteger(edit, value, type);
}

function checkText(edit: CpuEdit, value: string, name: string): string {
  if (name === 'vendor' && value.length !== 12) throw invalidValue(edit, value, 'exactly 12 characters, such as GenuineIntel');
  // CPUID has room for 48 characters. Source: Intel SDM vol. 2A, CPUID, leaves 80000002H to 80000004H
  return name === 'model-id' ? value.slice(0, 48) : value;
}

function nearNames(index: CatalogIndex, name: string): string {
  const flat = (text: string): string => text.toLowerCase().replace(/[-_.]/g, '');
  const wanted = flat(name);
  const known = [...index.features.keys(), ...index.otherProperties.keys()];
  const near = known.filter((other) => flat(other) === wanted || (wanted.length > 3 && flat(other).startsWith(wanted)));
  return near.length > 0 ? `did you mean ${near.slice(0, 3).join(', ')}?` : `see the properties of ${index.catalog.qemu.version}: cpu-atlas harvest`;
}

/** Applies the parts of a `-cpu` argument in QEMU's order: assignments first, then all `+`, then all `-`. */
class CpuConfiguration {
  readonly features: FeatureSet;
  readonly touched: FeatureSet;
  readonly properties: Record<string, PropertyValue>;
  readonly named = new Set<string>();
  readonly assignedOn = new Set<string>();
  readonly #index: CatalogIndex;
  readonly #isMax: boolean;

  constructor(index: CatalogIndex, start: { features: FeatureSet; properties: PropertyValues }, isMax: boolean) {
    this.#index = index;
    this.#isMax = isMax;
    this.features = start.features.slice();
    this.touched = new Uint32Array(this.features.length);
    this.properties = { ...start.properties };
  }

  apply(edit: CpuEdit): void {
    const name = edit.kind === 'assign' && edit.name === 'tsc-freq' ? 'tsc-frequency' : edit.name;
    const value = edit.kind === 'assign' ? edit.value : edit.kind === 'plus' ? 'on' : 'off';
    const location = this.#index.features.get(name) ?? (name.includes('_') ? null : locateFeature(this.#index, name));
    if (location) {
      const on = parseBoolean(edit, value);
      if (on && edit.kind === 'assign') this.assignedOn.add(location.name);
      this.#switch(location, on);
      return;
    }
    const property = this.#index.otherProperties.get(name.replace(/^lbr_fmt$/, 'lbr-fmt'));
    if (!property || (property.maxOnly === true && !this.#isMax)) throw this.#unknown(edit);
    if (edit.kind !== 'assign' && property.type !== 'bool') throw invalidValue(edit, value, `${name}=VALUE`);
    this.properties[property.name] = parseValue(edit, value, property);
    this.named.add(property.name);
  }

  #switch({ lane, mask, highMask }: FeatureLocation, on: boolean): void {
    this.touched[lane] |= mask;
    this.features[lane] = on ? this.features[lane] | mask : this.features[lane] & ~mask;
    if (highMask === 0) return;
    this.touched[lane + 1] |= highMask;
    this.features[lane + 1] = on ? this.features[lane + 1] | highMask : this.features[lane + 1] & ~highMask;
  }

  #unknown(edit: CpuEdit): AtlasError {
    return new AtlasError('CPU_PROPERTY_UNKNOWN', `QEMU ${this.#index.catalog.qemu.version} has no CPU property "${edit.name.slice(0, 60)}"`, {
      where: position(edit),
      remedy: nearNames(this.#index, edit.name),
    });
  }
}

function ambiguityWarnings(edits: readonly CpuEdit[]): string[] {
  const plus = new Set<string>();
  const minus = new Set<string>();
  const warnings: string[] = [];
  for (const edit of edits) {
    if (edit.kind === 'plus') plus.add(edit.name);
    else if (edit.kind === 'minus') minus.add(edit.name);
    else
      for (const [sign, names] of [['+', plus], ['-', minus]] as const)
        if (names.has(edit.name))
          warnings.push(`warning: Ambiguous CPU model string. Don't mix both "${sign}${edit.name}" and "${edit.name}=${edit.value}"`);
  }
  if (warnings.length === 0) return [];
  return [...warnings, "warning: Compatibility of ambiguous CPU model strings won't be kept on future QEMU versions"];
}

/**
 * Sets the properties that a `-cpu` argument names on a CPU that starts as the machine type leaves it; `forced` are
 * those that the machine type sets afterwards.
 * @throws CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID
 */
export function configureCpu(
  index: CatalogIndex,
  start: { readonly features: FeatureSet; readonly properties: PropertyValues },
  { edits }: CpuArgument,
  isMax: boolean,
  forced: PropertyValues,
): ConfiguredCpu {
  const cpu = new CpuConfiguration(index, start, isMax);
  for (const kind of ['assign', 'plus', 'minus'] as const) for (const edit of edits) if (edit.kind === kind) cpu.apply(edit);
  const { features, touched, named, assignedOn } = cpu;
  return { features, touched, properties: { ...cpu.properties, ...forced }, named, assignedOn, warnings: ambiguityWarnings(edits) };
}
