import type { AcceleratorIndex, CatalogIndex } from '../catalog/catalog-index.ts';
import { releaseOf } from '../catalog/release.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { compareNames } from '../matrix/model-families.ts';
import { kindOf } from '../resolve/locate-cell.ts';
import type { Accelerator } from '../resolve/resolution.ts';
import { bitsOf } from '../x86/feature-set.ts';
import { featureAt } from '../x86/feature-table.ts';
import { bitCoordinate, parseWordKey, wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';

/** A feature bit by name (null: it has none) and coordinate, `CPUID.07H.0:EBX[5]`. */
export interface NamedBit {
  readonly name: string | null;
  readonly bit: string;
}

export interface PropertyChange {
  readonly name: string;
  readonly before: boolean | number | string;
  readonly after: boolean | number | string;
}

/** In what two definitions differ. */
export interface DefinitionDifference {
  readonly gained: readonly NamedBit[];
  readonly lost: readonly NamedBit[];
  readonly properties: readonly PropertyChange[];
}

/** Machine types and models whose definition is another one in a later release, although it must never change. */
export interface GuestAbiChange extends DefinitionDifference {
  readonly accel: Accelerator;
  /** Releases of QEMU. */
  readonly from: string;
  readonly to: string;
  /** Machine types with a version must keep their definitions; one without (`microvm`) promises nothing. */
  readonly isPromised: boolean;
  readonly cells: readonly { readonly model: string; readonly machines: readonly string[] }[];
}

/** A step in a model's history over the machine types of one family. */
export interface ModelStep extends DefinitionDifference {
  /** The first machine type on which the model is so, and the last one before. */
  readonly since: string;
  readonly before: string;
}

/** What a model is on a machine type, before anything is filtered. */
export interface Definition {
  readonly index: CatalogIndex;
  readonly features: FeatureSet;
  readonly properties: PropertyValues;
}

const accelerators = ['kvm', 'tcg'] as const;

/** null: the machine type does not offer the model, or could not be harvested. Indexes are those of the catalog. */
export function definitionOf(
  index: CatalogIndex,
  accelerator: AcceleratorIndex,
  machine: number,
  model: number,
): Definition | null {
  const group = accelerator.source.machineGroups[machine];
  const row = group < 0 ? -1 : accelerator.source.groups[group][model];
  if (row < 0) return null;
  const features = accelerator.features[accelerator.source.rows[row][0]];
  return { index, features, properties: accelerator.propertiesOf(group, row) };
}

/** Bits of a definition as `word/bit`, which mean the same in every catalog. */
export function bitKeys({ index: { layout }, features }: Definition): Set<string> {
  const keys = new Set<string>();
  for (let lane = 0; lane < features.length; lane++) {
    const word = layout.wordOfLane[lane];
    const key = wordKeyOf(layout.words[word]);
    const first = lane === layout.laneOfWord[word] ? 0 : 32;
    for (const bit of bitsOf(features[lane])) keys.add(`${key}/${bit + first}`);
  }
  return keys;
}

/** Names a bit that is written `word/bit`. */
export function nameBit(place: string): NamedBit {
  const [key, bit] = place.split('/');
  const word = parseWordKey(key);
  const number = Number(bit);
  return {
    name: featureAt(key, number)?.name ?? null,
    bit: word === null ? place : bitCoordinate(word, number),
  };
}

/** Properties of which a guest sees nothing. */
const hostOnly = new Set(['check', 'enforce']);

/** Properties that both catalogs know and of which the values differ. */
function changedProperties(before: Definition, after: Definition): PropertyChange[] {
  return Object.keys(before.properties)
    .filter((name) => name in after.properties && before.properties[name] !== after.properties[name])
    .filter((name) => !hostOnly.has(name))
    .sort(compareNames)
    .map((name) => ({ name, before: before.properties[name], after: after.properties[name] }));
}

/** null: equal. */
export function differenceOf(before: Definition, after: Definition): DefinitionDifference | null {
  const [old, now] = [bitKeys(before), bitKeys(after)];
  const gained = [...now].filter((key) => !old.has(key)).map(nameBit);
  const lost = [...old].filter((key) => !now.has(key)).map(nameBit);
  const properties = changedProperties(before, after);
  return gained.length + lost.length + properties.length === 0 ? null : { gained, lost, properties };
}

/** Oldest release first. */
export const byRelease = (a: CatalogIndex, b: CatalogIndex): number =>
  releaseOf(a.catalog.qemu.version) - releaseOf(b.catalog.qemu.version);

/**
 * Every machine type and model whose definition changed from one release to the next of the catalogs: model and machine
 * type (and vendor) must mean the same in every QEMU. `host`, `max` and `base` promise nothing and are left out.
 */
export function findAbiChanges(indexes: readonly CatalogIndex[]): GuestAbiChange[] {
  const ordered = [...indexes].sort(byRelease);
  return ordered.slice(1).flatMap((after, at) => {
    const before = ordered[at];
    return accelerators.flatMap((accel) => abiChangesBetween(before, after, accel));
  });
}

interface Collected {
  readonly difference: DefinitionDifference;
  readonly isPromised: boolean;
  readonly cells: Map<string, string[]>;
}

/** {@link findAbiChanges} for two releases, the older one first, under one accelerator. */
export function abiChangesBetween(before: CatalogIndex, after: CatalogIndex, accel: Accelerator): GuestAbiChange[] {
  const [old, now] = [before.accelerators[accel], after.accelerators[accel]];
  if (old === null || now === null) return [];
  const changes = new Map<string, Collected>();
  const seen = new Map<string, DefinitionDifference | null>();
  for (const machine of before.catalog.machines.map(({ name }) => name)) {
    const [m0, m1] = [before.machineByName.get(machine), after.machineByName.get(machine)];
    if (m0 === undefined || m1 === undefined) continue;
    for (const { name: model } of before.catalog.models) {
      const [c0, c1] = [before.modelByName.get(model), after.modelByName.get(model)];
      if (c0 === undefined || c1 === undefined || kindOf(model) !== 'defined') continue;
      const difference = once(seen, pairKey(old, now, [m0, m1], [c0, c1]), () => {
        const [a, b] = [definitionOf(before, old, m0, c0), definitionOf(after, now, m1, c1)];
        return a === null || b === null ? null : differenceOf(a, b);
      });
      if (difference === null) continue;
      const isPromised = machineVersion(machine) !== null;
      const key = JSON.stringify([isPromised, difference]);
      const change = changes.get(key) ?? { difference, isPromised, cells: new Map<string, string[]>() };
      change.cells.set(model, [...(change.cells.get(model) ?? []), machine]);
      changes.set(key, change);
    }
  }
  const releases = { accel, from: before.catalog.qemu.version, to: after.catalog.qemu.version };
  return [...changes.values()].map(({ difference, isPromised, cells }) => ({
    ...releases,
    ...difference,
    isPromised,
    cells: [...cells].map(([model, machines]) => ({ model, machines })),
  }));
}

/** Machine types of one group have one definition of a model. */
function pairKey(
  old: AcceleratorIndex,
  now: AcceleratorIndex,
  machines: readonly [number, number],
  models: readonly [number, number],
): string {
  const groups = [old.source.machineGroups[machines[0]], now.source.machineGroups[machines[1]]];
  return [...groups, ...models].join(' ');
}

function once<T>(known: Map<string, T>, key: string, compute: () => T): T {
  const value = known.get(key);
  if (value !== undefined) return value;
  const computed = compute();
  known.set(key, computed);
  return computed;
}

/** `pc-q35` and `10.0` of `pc-q35-10.0`; null for a machine type without a version. */
export function machineVersion(name: string): { readonly family: string; readonly version: string } | null {
  const match = /^(.*?)-((?:rhel)?\d+(?:\.\d+)+)$/.exec(name);
  return match === null ? null : { family: match[1], version: match[2] };
}

/** How a model changed over the machine types of a family, oldest first; unversioned machine types have no order. */
export function modelSteps(index: CatalogIndex, accel: Accelerator, model: string, family: string): ModelStep[] {
  const accelerator = index.accelerators[accel];
  const at = index.modelByName.get(model);
  if (accelerator === null || at === undefined) return [];
  const machines = index.catalog.machines
    .map(({ name }, machine) => ({ name, machine }))
    .filter(({ name }) => machineVersion(name)?.family === family)
    .sort((a, b) => compareNames(a.name, b.name));
  const steps: ModelStep[] = [];
  let last: { readonly name: string; readonly definition: Definition } | null = null;
  for (const { name, machine } of machines) {
    const definition = definitionOf(index, accelerator, machine, at);
    if (definition === null) continue;
    const difference = last === null ? null : differenceOf(last.definition, definition);
    if (last !== null && difference !== null) steps.push({ since: name, before: last.name, ...difference });
    last = { name, definition };
  }
  return steps;
}
