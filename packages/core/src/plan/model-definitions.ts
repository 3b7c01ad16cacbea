import type { AcceleratorIndex, CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { compareNames, newestFirst } from '../matrix/model-families.ts';
import { kindOf } from '../resolve/locate-cell.ts';
import type { Accelerator } from '../resolve/resolution.ts';
import { differenceOf, definitionOf, type Definition, type DefinitionDifference } from './stability.ts';

/** Whether a model is a definition of QEMU; `host`, `max` and `base` are what the host or the accelerator makes them. */
export function isDefinedModel(model: string): boolean {
  return kindOf(model) === 'defined';
}

/** What a model asks for on a machine type, before anything is filtered. */
export interface ModelDefinition {
  /** The versioned model that the name stands for there; null: itself. */
  readonly aliasOf: string | null;
  /** Named features, in QEMU's order. */
  readonly features: readonly string[];
  /** Asked for, too, but QEMU clears them as long as what they depend on is not asked for: `vmx-*` without `vmx`. */
  readonly dormant: readonly string[];
  readonly properties: PropertyValues;
}

interface Located {
  readonly accelerator: AcceleratorIndex;
  readonly model: number;
}

function locate(index: CatalogIndex, accel: Accelerator, name: string): Located | null {
  const accelerator = index.accelerators[accel];
  const model = index.modelByName.get(name);
  return accelerator === null || model === undefined || !isDefinedModel(name) ? null : { accelerator, model };
}

/** null: that QEMU has no such definition on the machine type (a name or an alias). */
export function readDefinition(
  index: CatalogIndex,
  accel: Accelerator,
  { model: name, machine: machineName }: { readonly model: string; readonly machine: string },
): ModelDefinition | null {
  const located = locate(index, accel, name);
  const machine = index.machineByName.get(machineName);
  if (located === null || machine === undefined) return null;
  const { accelerator, model } = located;
  const definition = definitionOf(index, accelerator, machine, model);
  if (definition === null) return null;
  const alias = accelerator.source.aliases[accelerator.source.machineGroups[machine]][model];
  const features = namedFeatures(withoutDormant(definition));
  const awake = new Set(features);
  return {
    aliasOf: alias < 0 ? null : index.catalog.models[alias].name,
    features,
    dormant: namedFeatures(definition).filter((feature) => !awake.has(feature)),
    properties: definition.properties,
  };
}

/** A definition without the bits that QEMU's own dependencies clear, whatever the host has. */
export function withoutDormant(definition: Definition): Definition {
  const features = definition.features.slice();
  let hasChanged = true;
  while (hasChanged) {
    hasChanged = false;
    for (const { whenMissing, clears, lanes } of definition.index.dependencies) {
      if ((features[whenMissing.lane] & whenMissing.mask) !== 0) continue;
      for (const lane of lanes) {
        if ((features[lane] & clears[lane]) === 0) continue;
        features[lane] &= ~clears[lane];
        hasChanged = true;
      }
    }
  }
  return { ...definition, features };
}

function namedFeatures({ index, features }: Definition): string[] {
  return index.catalog.features.flatMap(({ name }) => {
    const location = index.features.get(name);
    if (location === undefined) return [];
    const { lane, mask, highMask } = location;
    const isOn = (features[lane] & mask) !== 0 || (highMask !== 0 && (features[lane + 1] & highMask) !== 0);
    return isOn ? [name] : [];
  });
}

/** A version of a model and in what it differs from the version before. */
export interface ModelVersion {
  /** `EPYC-Milan-v2`. */
  readonly name: string;
  /** The machine types of the catalog on which the unversioned name stands for this version, newest first. */
  readonly defaultOn: readonly string[];
  /** null: it is the first version, or equal to the one before. */
  readonly difference: DefinitionDifference | null;
  readonly deprecated: boolean;
}

/** `EPYC-Milan` of `EPYC-Milan-v2`. */
export function unversionedName(model: string): string {
  return model.replace(/-v\d+$/, '');
}

/** All versions of a model on one machine type, first version first. */
export function listVersions(
  index: CatalogIndex,
  accel: Accelerator,
  { model, machine: machineName }: { readonly model: string; readonly machine: string },
): ModelVersion[] {
  const base = unversionedName(model);
  const accelerator = index.accelerators[accel];
  const machine = index.machineByName.get(machineName);
  if (accelerator === null || machine === undefined) return [];
  const versions = index.catalog.models
    .map(({ name, deprecated }, at) => ({ name, deprecated, at }))
    .filter(({ name }) => name !== base && unversionedName(name) === base)
    .sort((a, b) => compareNames(a.name, b.name));
  let before: Definition | null = null;
  return versions.map(({ name, deprecated, at }): ModelVersion => {
    const definition = definitionOf(index, accelerator, machine, at);
    const difference = before === null || definition === null ? null : differenceOf(before, definition);
    before = definition ?? before;
    return { name, deprecated, difference, defaultOn: machinesAliasedTo(index, accelerator, { base, version: at }) };
  });
}

function machinesAliasedTo(
  index: CatalogIndex,
  { source }: AcceleratorIndex,
  { base, version }: { readonly base: string; readonly version: number },
): string[] {
  const alias = index.modelByName.get(base);
  if (alias === undefined) return [];
  return index.catalog.machines
    .filter((_, machine) => {
      const group = source.machineGroups[machine];
      return group >= 0 && source.aliases[group][alias] === version;
    })
    .map(({ name }) => name)
    .sort(newestFirst);
}

/** Machine types that offer a model, newest first, and those that do not. */
export interface ModelOffer {
  readonly offered: readonly string[];
  readonly notOffered: readonly string[];
}

/** On which machine types of a QEMU a model can be asked for. One that could not be harvested is in neither list. */
export function listMachinesOf(index: CatalogIndex, accel: Accelerator, model: string): ModelOffer {
  const accelerator = index.accelerators[accel];
  const at = index.modelByName.get(model);
  const offered: string[] = [];
  const notOffered: string[] = [];
  if (accelerator === null || at === undefined) return { offered, notOffered };
  const { machineGroups, groups } = accelerator.source;
  index.catalog.machines.forEach(({ name }, machine) => {
    const group = machineGroups[machine];
    if (group >= 0) (groups[group][at] >= 0 ? offered : notOffered).push(name);
  });
  return { offered: offered.sort(newestFirst), notOffered: notOffered.sort(newestFirst) };
}
