import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { compareNames, familyOf, newestFirst } from '../matrix/model-families.ts';
import { acceleratorOf, kindOf, machineOf } from '../resolve/locate-cell.ts';
import { AtlasError } from '../errors.ts';
import {
  countHosts,
  foldHosts,
  isAnswering,
  sortHosts,
  type HostClass,
  type PlanHost,
  type PlanRequest,
} from './fleet.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { composeLine, probeClasses, type PoolLine, type ProbedClass } from './choices-line.ts';
import { ProbeMemory } from './choices-probe.ts';
import { safeInSteps, type FleetVerdict } from './predicates.ts';
import type { Answer } from './predicates-obstacle.ts';

export { runSteps };

/** What is asked of a ranking. */
export interface ChoiceRequest extends PlanRequest {
  /** Features to add wherever every host has them, such as mitigation flags. */
  readonly wished?: readonly string[] | undefined;
  /** The x86-64 ABI level of a set of features, 0 below v1. */
  readonly abiLevelOf: (features: ReadonlySet<string>) => number;
  /** Models to rank; absent: all that any QEMU of the hosts knows. */
  readonly models?: readonly string[] | undefined;
}

/** A feature that a model asks for and some hosts do not give. */
export interface FeatureLoss {
  readonly feature: string;
  readonly hostCount: number;
  /** The first hosts, by id. */
  readonly firstHosts: readonly PlanHost[];
}

/** One model (version) for a set of hosts. */
export interface RankedChoice {
  readonly model: string;
  readonly deprecated: boolean;
  /** False for `host` and `max`, which are what each host is. */
  readonly isDefined: boolean;
  /** The model's vendor is that of the hosts, or it has none. */
  readonly isOfVendor: boolean;
  /** The model as it is: on how many hosts it gets all that it asks for. */
  readonly plain: {
    readonly answer: Answer;
    readonly yes: number;
    readonly no: number;
    readonly unknown: number;
    readonly total: number;
  };
  /** What the model loses as it is, most hosts first. */
  readonly losses: readonly FeatureLoss[];
  /** Why some hosts do not start it at all, other than for features. */
  readonly refusals: readonly {
    readonly reason: string;
    readonly hostCount: number;
    readonly firstHosts: readonly PlanHost[];
  }[];
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
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
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
  const memory = new ProbeMemory();
  const choices: RankedChoice[] = [];
  for (const model of models) {
    yield;
    choices.push(yield* weigh(model, { classes, indexes, request, memory }));
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
  readonly memory: ProbeMemory;
}

function* weigh(model: string, { classes, indexes, request, memory }: Field): Steps<RankedChoice> {
  const { accel, machine, kernelIrqchip, wished = [] } = request;
  const launch = { accel, machine, kernelIrqchip, cpu: model };
  const probed = yield* probeClasses(classes, launch, memory);
  const { line, started } = yield* composeLine(model, request, probed, wished, memory);
  const proof = yield* safeInSteps({ ...launch, cpu: line.cpu }, classes);
  const features = guestFeatures(started);
  const records = [...indexes].flatMap((index) => index.catalog.models.filter(({ name }) => name === model));
  return {
    model,
    deprecated: records.some(({ deprecated }) => deprecated),
    isDefined: kindOf(model) === 'defined',
    isOfVendor: isOfVendor(model, classes),
    plain: countAnswers(probed),
    losses: lossesOf(probed),
    refusals: refusalsOf(probed),
    line,
    proof,
    features,
    abiLevel: request.abiLevelOf(new Set(features)),
    wished: wished.filter((name) => features.includes(name)),
  };
}

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

function countAnswers(probed: readonly ProbedClass[]): RankedChoice['plain'] {
  const count = (answer: Answer): number =>
    countHosts(probed.filter(({ probe }) => probe.answer === answer).map(({ members }) => members));
  const [yes, no, unknown] = [count('yes'), count('no'), count('unknown')];
  const total = yes + no + unknown;
  return { answer: no > 0 ? 'no' : unknown > 0 || total === 0 ? 'unknown' : 'yes', yes, no, unknown, total };
}

interface Group {
  hostCount: number;
  firstHosts: PlanHost[];
}

/** Sums hosts up under texts, most hosts first. */
function groupHosts(entries: Iterable<readonly [text: string, members: HostClass]>): [string, Group][] {
  const groups = new Map<string, Group>();
  for (const [text, { hosts }] of entries) {
    const group = groups.get(text) ?? { hostCount: 0, firstHosts: [] };
    group.hostCount += hosts.length;
    group.firstHosts = sortHosts([...group.firstHosts, ...hosts.slice(0, 3)]).slice(0, 3);
    groups.set(text, group);
  }
  return [...groups].sort(([a, left], [b, right]) => right.hostCount - left.hostCount || compareNames(a, b));
}

function lossesOf(probed: readonly ProbedClass[]): FeatureLoss[] {
  const entries = probed.flatMap(({ members, probe }) =>
    probe.kind === 'none' ? [] : probe.filtered.map((name) => [name, members] as const),
  );
  return groupHosts(entries).map(([feature, group]) => ({ feature, ...group }));
}

function refusalsOf(probed: readonly ProbedClass[]): RankedChoice['refusals'] {
  const entries = probed.flatMap(({ members, probe }): readonly (readonly [string, HostClass])[] => {
    const reason = probe.kind === 'none' ? probe.reason : probe.refusal;
    return reason === null ? [] : [[reason, members]];
  });
  return groupHosts(entries).map(([reason, group]) => ({ reason, ...group }));
}

/** What a guest has on every class that starts the line. */
function guestFeatures(started: readonly ProbedClass[]): string[] {
  let common: string[] | null = null;
  for (const { probe } of started) {
    if (probe.kind === 'none' || probe.answer !== 'yes') continue;
    const { effective } = probe;
    const { index } = probe.context;
    const names = index.catalog.features.flatMap(({ name }) => {
      const location = index.features.get(name);
      return location !== undefined && (effective[location.lane] & location.mask) !== 0 ? [name] : [];
    });
    const own = new Set(names);
    common = common === null ? names : common.filter((name) => own.has(name));
  }
  return common ?? [];
}
