import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { compareNames, familyOf, newestFirst } from '../matrix/model-families.ts';
import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import { acceleratorOf, kindOf, machineOf } from '../resolve/locate-cell.ts';
import { AtlasError } from '../errors.ts';
import { Losses, tallyAnswers, type FeatureLoss, type HostTally, type StartRefusal } from './choices-losses.ts';
import { composeLine, type PoolLine } from './choices-line.ts';
import { CommonFeatures, Hindrances, Possibilities } from './choices-survey.ts';
import { ClassProber } from './class-prober.ts';
import { foldHosts, isAnswering, type HostClass, type PlanHost, type PlanRequest } from './fleet.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { compareInSteps, type ClassAnswer, type FleetVerdict } from './predicates-safe.ts';
import type { Launch } from './prepared-line.ts';

export type { FeatureLoss };

export { runSteps };

/** What is asked of a ranking. */
export interface ChoiceRequest extends PlanRequest {
  /** Features to add wherever every host has them, such as mitigation flags. */
  readonly wished?: readonly string[] | undefined;
  /** The x86-64 ABI level of a set of features, 0 below v1. */
  readonly abiLevelOf: (features: ReadonlySet<string>) => number;
  /** Models to rank; absent: all that any QEMU of the hosts knows. */
  readonly models?: readonly string[] | undefined;
  /** More `-cpu` arguments to rank beside them: custom models. */
  readonly lines?: readonly string[] | undefined;
}

/** One model (version) for a set of hosts. */
export interface RankedChoice {
  /** Its name; of `lines` the whole argument. */
  readonly model: string;
  readonly deprecated: boolean;
  /** False for `host` and `max`, which are what each host is. */
  readonly isDefined: boolean;
  /** The model's vendor is that of the hosts, or it has none. */
  readonly isOfVendor: boolean;
  /** The model as it is: on how many hosts it gets all that it asks for. */
  readonly plain: HostTally;
  /** What the model loses as it is, most hosts first. */
  readonly losses: readonly FeatureLoss[];
  /** Why some hosts do not start it at all, other than for features. */
  readonly refusals: readonly StartRefusal[];
  readonly line: PoolLine;
  /** The line under `enforce`, proven by resolving it on every host; the same guest CPU on all. */
  readonly proof: FleetVerdict;
  /** Features that the guest has on every host that starts the line. */
  readonly features: readonly string[];
  readonly abiLevel: number;
  /** Which of the wished-for features the guest has. */
  readonly wished: readonly string[];
}

/** Every name a model can have on a machine type, without those that only stand for another. */
export function modelsOn(index: CatalogIndex, request: PlanRequest): string[] {
  try {
    const { source } = acceleratorOf(index, request.accel);
    const group = source.machineGroups[machineOf(index, request.machine)];
    if (group < 0) return [];
    return index.catalog.models.flatMap(({ name }, model) =>
      source.groups[group][model] >= 0 && source.aliases[group][model] < 0 && kindOf(name) !== 'base' ? [name] : [],
    );
  } catch (error) {
    if (error instanceof AtlasError && (error.code === 'MACHINE_TYPE_UNKNOWN' || error.code === 'ACCELERATOR_UNKNOWN'))
      return [];
    throw error;
  }
}

/**
 * Ranks every model for a set of hosts, best first: on how many hosts its line starts; defined models before `host` and
 * `max`; of the hosts' own vendor; the ABI level of the guest; how many features it gets, less those that had to be taken
 * from the model; how many of the wished-for features; not deprecated; fewer changes to the model; the newer one. Yields between models, so that whoever runs it can do
 * something else in between.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* rankChoicesInSteps(
  hosts: readonly PlanHost[],
  request: ChoiceRequest,
): Steps<readonly RankedChoice[]> {
  const classes = foldHosts(hosts);
  const answering = classes.filter(({ sample }) => isAnswering(sample));
  const indexes = new Set(
    answering.flatMap(({ sample }) => ('unseen' in sample.context ? [] : [sample.context.index])),
  );
  const models = request.models ?? [...new Set([...indexes].flatMap((index) => modelsOn(index, request)))];
  const asked = [...new Set([...models, ...(request.lines ?? [])])];
  const prober = new ClassProber(launchOf(request));
  const choices: RankedChoice[] = [];
  for (const model of asked) {
    yield;
    choices.push(yield* weigh(model, { classes, indexes, request, prober }));
  }
  return choices.sort(compareChoices);
}

/** {@link rankChoicesInSteps} in one go. */
export function rankChoices(hosts: readonly PlanHost[], request: ChoiceRequest): readonly RankedChoice[] {
  return runSteps(rankChoicesInSteps(hosts, request));
}

function compareChoices(a: RankedChoice, b: RankedChoice): number {
  return (
    b.proof.yes - a.proof.yes ||
    Number(b.isDefined) - Number(a.isDefined) ||
    Number(b.isOfVendor) - Number(a.isOfVendor) ||
    b.abiLevel - a.abiLevel ||
    worthOf(b) - worthOf(a) ||
    b.wished.length - a.wished.length ||
    Number(a.deprecated) - Number(b.deprecated) ||
    changesOf(a) - changesOf(b) ||
    newestFirst(a.model, b.model) ||
    compareNames(a.model, b.model)
  );
}

/** What the guest gets, less what had to be taken from the model: a newer model cut down to an old one is worth little. */
const worthOf = ({ features, line }: RankedChoice): number => features.length - line.removed.length;
const changesOf = ({ line: { removed, added } }: RankedChoice): number => removed.length + added.length;

interface Field {
  readonly classes: readonly HostClass[];
  readonly indexes: ReadonlySet<CatalogIndex>;
  readonly request: ChoiceRequest;
  readonly prober: ClassProber;
}

function* weigh(model: string, { classes, indexes, request, prober }: Field): Steps<RankedChoice> {
  const { wished = [] } = request;
  const losses = new Losses();
  const bare = {
    ...{ model, hindrances: new Hindrances(), features: new CommonFeatures() },
    ...{ possibilities: new Possibilities(wished), answers: [] as ClassAnswer[] },
  };
  yield* prober.visit(classes, model, (probed) => {
    for (const survey of [losses, bare.hindrances, bare.features, bare.possibilities]) survey.look(probed);
    bare.answers.push({ members: probed.members, answer: probed.probe.answer });
  });
  const { line, features, answers } = yield* composeLine(bare, request, classes, prober);
  const proof = yield* compareInSteps({ ...launchOf(request), cpu: line.cpu }, answers, prober);
  const { model: base } = parseCpuArgument(model);
  const records = [...indexes].flatMap((index) => index.catalog.models.filter(({ name }) => name === base));
  return {
    model,
    deprecated: records.some(({ deprecated }) => deprecated),
    isDefined: kindOf(base) === 'defined',
    isOfVendor: isOfVendor(base, classes),
    plain: tallyAnswers(bare.answers),
    losses: losses.features(),
    refusals: losses.refusals(),
    line,
    proof,
    features,
    abiLevel: request.abiLevelOf(new Set(features)),
    wished: wished.filter((name) => features.includes(name)),
  };
}

/** What is asked of every line of a plan. */
export const launchOf = ({ accel, machine, kernelIrqchip }: PlanRequest): Launch => ({ accel, machine, kernelIrqchip });

/** Vendors by the signature that the CPU shows. Source: CPUID leaf 0 */
const vendorNames: Readonly<Record<string, string>> = {
  AuthenticAMD: 'AMD',
  GenuineIntel: 'Intel',
  HygonGenuine: 'Hygon',
  CentaurHauls: 'Zhaoxin',
  '  Shanghai  ': 'Zhaoxin',
};

function isOfVendor(model: string, classes: readonly HostClass[]): boolean {
  const { vendor } = familyOf(model);
  if (vendor === 'QEMU') return true;
  return classes.every(({ sample: { context } }) => {
    const own = 'unseen' in context ? null : context.facts.vendor;
    return own === null || vendorNames[own] === undefined || vendorNames[own] === vendor;
  });
}
