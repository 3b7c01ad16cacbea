import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { compareNames, familyOf, newestFirst } from '../matrix/model-families.ts';
import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { locateCell } from '../resolve/locate-cell.ts';
import { settleCell } from '../resolve/settle-cell.ts';
import type { PlanRequest } from './fleet.ts';
import { featureNames } from './baseline-features.ts';

/** A named model on a machine type: what it asks for. */
export interface NamedModel {
  readonly name: string;
  readonly isDeprecated: boolean;
  readonly requested: ReadonlySet<string>;
}

/** A model changed by features to add and to remove. */
export interface EditedModel {
  readonly model: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

const vendorFamilies: Readonly<Record<string, string>> = {
  GenuineIntel: 'Intel',
  AuthenticAMD: 'AMD',
  HygonGenuine: 'Hygon',
  '  Shanghai  ': 'Zhaoxin',
  CentaurHauls: 'Zhaoxin',
};

/** Whether a model is of a vendor's CPUs, or of none (`qemu64`, `kvm64`). */
export function fitsVendor(model: string, vendor: string | null): boolean {
  const family = familyOf(model).vendor;
  return family === 'QEMU' || vendor === null || family === (vendorFamilies[vendor] ?? vendor);
}

/**
 * The models that a machine type offers, under the names that mean the same for ever: versions, not what stands for
 * one of them. `host`, `max` and `base` are no models in this sense.
 */
export function listNamedModels(context: ResolveContext, request: PlanRequest, vendor: string | null): NamedModel[] {
  const { index } = context;
  return index.catalog.models.flatMap(({ name, deprecated }): NamedModel[] => {
    if (!fitsVendor(name, vendor)) return [];
    const cell = locateCell(index, request.accel, request.machine, name);
    const isAlias = cell.row >= 0 && cell.accelerator.source.aliases[cell.group][cell.model] >= 0;
    if (cell.kind !== 'defined' || cell.row < 0 || isAlias) return [];
    const { accel, machine, kernelIrqchip } = request;
    const settled = settleCell(context, { accel, machine, kernelIrqchip, cpu: name }, cell, parseCpuArgument(name));
    return [{ name, isDeprecated: deprecated, requested: new Set(featureNames(index, settled.words.requested)) }];
  });
}

/** Newer and not deprecated models first, the vendor's own before those of no vendor. */
export function byPreference(a: NamedModel, b: NamedModel): number {
  const generic = ({ name }: NamedModel): number => (familyOf(name).vendor === 'QEMU' ? 1 : 0);
  return (
    generic(a) - generic(b) ||
    Number(a.isDeprecated) - Number(b.isDeprecated) ||
    newestFirst(a.name, b.name) ||
    compareNames(a.name, b.name)
  );
}

/** How much it takes to make a model of a set: each feature to take away weighs as much as two to add. */
const weightOfRemoval = 2;

/** What a model is to be changed into. */
export interface WantedCpu {
  readonly features: ReadonlySet<string>;
  /** Features that stay as the model has them. */
  readonly keepable: ReadonlySet<string>;
  /** Features that are named as off even where the model does not seem to have them: others wake them. */
  readonly unwanted: ReadonlySet<string>;
  /** All features that a command line may name, in QEMU's order. */
  readonly order: readonly string[];
}

/**
 * The model from which the fewest changes lead to a set of features: what it lacks is added, what it has too much is
 * removed.
 */
export function closestModel(
  models: readonly NamedModel[],
  { features, keepable, unwanted, order }: WantedCpu,
): EditedModel | null {
  let best: { readonly edited: EditedModel; readonly cost: number; readonly model: NamedModel } | null = null;
  for (const model of [...models].sort(byPreference)) {
    const added = order.filter((name) => features.has(name) && !model.requested.has(name));
    const isTooMuch = (name: string): boolean =>
      model.requested.has(name) && !features.has(name) && !keepable.has(name);
    const removed = order.filter((name) => unwanted.has(name) || isTooMuch(name));
    const cost = added.length + removed.length * weightOfRemoval;
    if (best === null || cost < best.cost) best = { edited: { model: model.name, added, removed }, cost, model };
  }
  return best?.edited ?? null;
}

/** `EPYC-Milan-v2,vaes=on,pku=off,enforce=on`. */
export function cpuLine({ model, added, removed }: EditedModel): string {
  return [model, ...added.map((name) => `${name}=on`), ...removed.map((name) => `${name}=off`), 'enforce=on'].join(',');
}

/** Features that every catalog knows, in the order of the first. */
export function commonFeatures(indexes: readonly CatalogIndex[]): string[] {
  const [first] = indexes;
  if (first === undefined) return [];
  return first.catalog.features
    .map(({ name }) => name)
    .filter((name) => indexes.every((index) => index.features.has(name)));
}

/** The newest versioned machine type of a family (`pc-q35`) that every catalog has; null: there is none. */
export function commonMachine(indexes: readonly CatalogIndex[], family = 'pc-q35'): string | null {
  const [first] = indexes;
  if (first === undefined) return null;
  const names = first.catalog.machines
    .filter(({ name, deprecated }) => name.startsWith(`${family}-`) && !deprecated)
    .map(({ name }) => name)
    .sort(newestFirst);
  return names.find((name) => indexes.every((index) => index.machineByName.has(name))) ?? null;
}
