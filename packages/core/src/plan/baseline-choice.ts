import { resolveCell } from '../resolve/resolve.ts';
import { findFeatureBits } from '../x86/feature-table.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { BaselineRequest, BetterModel, OfferingClass } from './baseline-answer.ts';
import { featureNames, touchedNames, type HostOffer } from './baseline-features.ts';
import {
  byPreference,
  closestModel,
  cpuLine,
  listNamedModels,
  type EditedModel,
  type NamedModel,
} from './baseline-model.ts';
import { type Steps } from './fleet-steps.ts';
import { countHosts, type SeenHost } from './fleet.ts';

/** Hosts of one vendor, one of each kind, and what is wanted of them. */
export interface ChoiceInput {
  readonly vendor: string | null;
  /** At least one. */
  readonly classes: readonly OfferingClass[];
  readonly request: BaselineRequest;
}

/** The CPU that was chosen for some hosts. */
export interface ChosenCpu {
  readonly model: EditedModel | null;
  readonly features: ReadonlySet<string>;
  readonly better: readonly BetterModel[];
}

/** The features that all have, as the nearest model with changes; what does not come to life in a guest is dropped. */
export function* chooseEdited({ vendor, classes, request }: ChoiceInput, names: readonly string[]): Steps<ChosenCpu> {
  const [{ sample }] = classes;
  const models = modelsOfAll(classes, request, vendor);
  const common = (pick: (offer: HostOffer) => ReadonlySet<string>): Set<string> =>
    new Set(names.filter((name) => classes.every(({ offer }) => pick(offer).has(name))));
  const features = common(({ has }) => has);
  const keepable = common(({ onDemand }) => onDemand);
  const unwanted = new Set<string>();
  const order = sample.context.index.catalog.features.map(({ name }) => name);
  for (;;) {
    const model = closestModel(models, { features, keepable, unwanted, order });
    if (model === null) return { model, features, better: [] };
    const found = yield* whatComes(classes, cpuLine(model), request, features);
    for (const name of found.lost) features.delete(name);
    const woken = found.filtered.filter((name) => !features.has(name) && !unwanted.has(name));
    for (const name of woken) unwanted.add(name);
    if (found.lost.length === 0 && woken.length === 0) return { model, features, better: [] };
  }
}

/**
 * What becomes of a line on all hosts: features of a set that do not come to life in some guest, and features that some
 * host filters, or of which it does not tell. A model may ask for more than it seems: what depends on a feature wakes
 * when that is switched on.
 */
function* whatComes(
  classes: readonly OfferingClass[],
  cpu: string,
  { accel, machine, kernelIrqchip }: BaselineRequest,
  features: ReadonlySet<string>,
): Steps<{ readonly lost: readonly string[]; readonly filtered: readonly string[] }> {
  const lost = new Set<string>();
  const filtered = new Set<string>();
  for (const { sample } of classes) {
    yield;
    const { index } = sample.context;
    const { words } = resolveCell(sample.context, { accel, machine, kernelIrqchip, cpu });
    const given = new Set(featureNames(index, words.effective));
    for (const name of features) if (!given.has(name)) lost.add(name);
    for (const name of stateless(sample.context, words.filtered)) addWithDependents(lost, name, features);
    for (const set of [words.filtered, words.undecided])
      for (const name of touchedNames(index, set)) filtered.add(name);
  }
  return { lost: [...lost], filtered: [...filtered] };
}

/** Features whose XSAVE state is filtered: the CPU would have the instructions, but nowhere to keep their registers. */
function stateless({ components }: SeenHost['context'], filtered: FeatureSet): string[] {
  return components
    .filter(({ lane, mask }) => (filtered[lane] & mask) !== 0)
    .flatMap(({ parents }) => parents.map(({ name }) => name));
}

/** A feature, and those of a set that need it. */
function addWithDependents(lost: Set<string>, name: string, features: ReadonlySet<string>): void {
  if (lost.has(name)) return;
  lost.add(name);
  for (const other of features)
    if (findFeatureBits(other).some(({ requires }) => requires.some(({ feature }) => feature === name)))
      addWithDependents(lost, other, features);
}

/** Models that every host's QEMU has on the machine type, with what the first of them asks for. */
function modelsOfAll(
  classes: readonly OfferingClass[],
  request: BaselineRequest,
  vendor: string | null,
): readonly NamedModel[] {
  const lists = [...new Map(classes.map(({ sample }) => [sample.context.index, sample.context])).values()].map(
    (context) => listNamedModels(context, request, vendor),
  );
  const [first = [], ...others] = lists;
  return first.filter(({ name }) => others.every((list) => list.some((model) => model.name === name)));
}

/** How many better models an answer names. */
const namedBetter = 5;

/** The named model that gives most of those that run everywhere as they are. */
export function* choosePredefined({ vendor, classes, request }: ChoiceInput): Steps<ChosenCpu> {
  const models = [...modelsOfAll(classes, request, vendor)].sort(
    (a, b) => b.requested.size - a.requested.size || byPreference(a, b),
  );
  const better: BetterModel[] = [];
  for (const model of models) {
    const shortfall = yield* shortfallOf(classes, model, request);
    if (shortfall === null)
      return {
        model: { model: model.name, added: [], removed: [] },
        features: model.requested,
        better: nearest(better),
      };
    better.push(shortfall);
  }
  return { model: null, features: new Set(), better: nearest(better) };
}

/** Those that fail for the least. */
function nearest(models: readonly BetterModel[]): BetterModel[] {
  return [...models].sort((a, b) => a.lacks.length - b.lacks.length).slice(0, namedBetter);
}

/** Where a model does not run as defined; null: it runs everywhere. */
function* shortfallOf(
  classes: readonly OfferingClass[],
  { name }: NamedModel,
  { accel, machine, kernelIrqchip }: BaselineRequest,
): Steps<BetterModel | null> {
  let deciding: { host: string; lacks: readonly string[] } | null = null;
  let runsOn = 0;
  for (const { hosts, sample } of classes) {
    yield;
    const { resolution } = resolveCell(sample.context, { accel, machine, kernelIrqchip, cpu: `${name},enforce=on` });
    const lacks = [...resolution.unavailableFeatures, ...(resolution.status === 'unknown' ? resolution.unknowns : [])];
    const reason = resolution.refusal?.message ?? resolution.status;
    if (resolution.status === 'runnable') runsOn += hosts.length;
    else deciding ??= { host: sample.name, lacks: lacks.length > 0 ? lacks : [reason] };
  }
  if (deciding === null) return null;
  return { model: name, runsOn, of: countHosts(classes), decidingHost: deciding.host, lacks: deciding.lacks };
}
