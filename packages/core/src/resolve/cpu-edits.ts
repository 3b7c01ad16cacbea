import { locateFeature, type CatalogIndex, type FeatureLocation } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { featuresOfAvx10, newestAvx10Version } from './avx10.ts';
import type { CpuArgument, CpuEdit } from './cpu-argument.ts';
import { invalidValue, parseBoolean, parsePropertyValue, position, type PropertyValue } from './property-values.ts';
import { holds } from './rules.ts';

/** A CPU as far as its properties are set, before QEMU expands it. Its sets may be shared, and are never written to. */
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

function nearNames(index: CatalogIndex, name: string): string {
  const flat = (text: string): string => text.toLowerCase().replace(/[-_.]/g, '');
  const wanted = flat(name);
  const known = [...index.features.keys(), ...index.otherProperties.keys()];
  const near = known.filter((other) => flat(other) === wanted || (wanted.length > 3 && flat(other).startsWith(wanted)));
  return near.length > 0
    ? `did you mean ${near.slice(0, 3).join(', ')}?`
    : `see the properties of ${index.catalog.qemu.version}: cpu-atlas harvest`;
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
    this.properties[property.name] = parsePropertyValue(edit, value, property);
    this.named.add(property.name);
    if (property.name === 'avx10-version') this.#raiseAvx10(edit, value);
  }

  /** Bits that come with a version count as the model's own: they are switched on, but not by the user. */
  #raiseAvx10(edit: CpuEdit, value: string): void {
    const version = this.properties['avx10-version'];
    if (typeof version !== 'number' || !holds('avx10VersionSetsFeatures', this.#index.release)) return;
    if (version > newestAvx10Version) throw invalidValue(edit, value, `a version up to ${newestAvx10Version}`);
    for (const name of featuresOfAvx10(version)) {
      const location = this.#index.features.get(name);
      if (location) this.features[location.lane] |= location.mask;
    }
  }

  #switch({ lane, mask, highMask }: FeatureLocation, on: boolean): void {
    this.touched[lane] |= mask;
    this.features[lane] = on ? this.features[lane] | mask : this.features[lane] & ~mask;
    if (highMask === 0) return;
    this.touched[lane + 1] |= highMask;
    this.features[lane + 1] = on ? this.features[lane + 1] | highMask : this.features[lane + 1] & ~highMask;
  }

  #unknown(edit: CpuEdit): AtlasError {
    return new AtlasError(
      'CPU_PROPERTY_UNKNOWN',
      `QEMU ${this.#index.catalog.qemu.version} has no CPU property "${edit.name.slice(0, 60)}"`,
      {
        where: position(edit),
        remedy: nearNames(this.#index, edit.name),
      },
    );
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
      for (const [sign, names] of [
        ['+', plus],
        ['-', minus],
      ] as const)
        if (names.has(edit.name))
          warnings.push(
            `warning: Ambiguous CPU model string. Don't mix both "${sign}${edit.name}" and "${edit.name}=${edit.value}"`,
          );
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
  forced: PropertyValues | null,
): ConfiguredCpu {
  if (edits.length === 0) return untouched(index, start, forced);
  const cpu = new CpuConfiguration(index, start, isMax);
  for (const kind of ['assign', 'plus', 'minus'] as const)
    for (const edit of edits) if (edit.kind === kind) cpu.apply(edit);
  const { features, touched, named, assignedOn } = cpu;
  return {
    features,
    touched,
    properties: { ...cpu.properties, ...forced },
    named,
    assignedOn,
    warnings: ambiguityWarnings(edits),
  };
}

const noNames: ReadonlySet<string> = new Set();

/** A model alone: nothing is copied. */
function untouched(
  { nothing }: CatalogIndex,
  { features, properties }: { readonly features: FeatureSet; readonly properties: PropertyValues },
  forced: PropertyValues | null,
): ConfiguredCpu {
  const all = forced === null ? properties : { ...properties, ...forced };
  return { features, touched: nothing, properties: all, named: noNames, assignedOn: noNames, warnings: [] };
}
