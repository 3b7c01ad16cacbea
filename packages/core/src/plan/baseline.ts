import { AtlasError } from '../errors.ts';
import { resolveCell } from '../resolve/resolve.ts';
import type {
  Baseline,
  BaselineRequest,
  LineVerdict,
  OfferingClass,
  SilentHost,
  VendorBaseline,
} from './baseline-answer.ts';
import { chooseEdited, choosePredefined, type ChoiceInput } from './baseline-choice.ts';
import { offerOf } from './baseline-features.ts';
import { explainLosses } from './baseline-losses.ts';
import { commonFeatures, cpuLine, type EditedModel } from './baseline-model.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { countHosts, foldHosts, isSeen, silenceOf, type PlanHost } from './fleet.ts';

interface Sorted {
  readonly offering: readonly OfferingClass[];
  readonly silent: readonly SilentHost[];
  /** Hosts that answer with a no: they lack the machine type. */
  readonly refusing: readonly { readonly hosts: readonly PlanHost[]; readonly reason: string }[];
}

const unoffered = new Set(['MACHINE_TYPE_UNKNOWN', 'CPU_MODEL_UNKNOWN', 'ACCELERATOR_UNKNOWN']);

const silence = (hosts: readonly PlanHost[], reason: string): SilentHost[] =>
  hosts.map(({ id, name }) => ({ id, name, reason }));

function* sortHosts(hosts: readonly PlanHost[], request: BaselineRequest): Steps<Sorted> {
  const offering: OfferingClass[] = [];
  const silent: SilentHost[] = [];
  const refusing: { hosts: readonly PlanHost[]; reason: string }[] = [];
  for (const { hosts: members, sample } of foldHosts(hosts)) {
    yield;
    const why = silenceOf(sample);
    if (why !== null || !isSeen(sample)) {
      silent.push(...silence(members, why ?? 'it was not seen'));
      continue;
    }
    try {
      const offer = offerOf(sample.context, request, request.mode, request.migratable);
      if (offer.silence === null && sample.context.facts.vendor !== null)
        offering.push({ hosts: members, sample, offer });
      else silent.push(...silence(members, offer.silence ?? 'the vendor of its CPU is not known'));
    } catch (error) {
      if (!(error instanceof AtlasError) || !unoffered.has(error.code)) throw error;
      const isStandIn = sample.assumption !== undefined;
      if (isStandIn || error.code === 'ACCELERATOR_UNKNOWN') silent.push(...silence(members, error.message));
      else refusing.push({ hosts: members, reason: error.message });
    }
  }
  return { offering, silent, refusing };
}

/**
 * The best CPU that runs on all of some hosts, none of which counts more than another. A host that does not answer
 * makes the outcome unknown, never wider; hosts of several vendors get a baseline for each vendor.
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function findBaseline(hosts: readonly PlanHost[], request: BaselineRequest): Baseline {
  return runSteps(findBaselineInSteps(hosts, request));
}

/** {@link findBaseline}, with a pause after each kind of host. */
export function* findBaselineInSteps(hosts: readonly PlanHost[], request: BaselineRequest): Steps<Baseline> {
  const { offering, silent, refusing } = yield* sortHosts(hosts, request);
  const byVendor = new Map<string, OfferingClass[]>();
  for (const each of offering) {
    const vendor = each.sample.context.facts.vendor ?? '';
    byVendor.set(vendor, [...(byVendor.get(vendor) ?? []), each]);
  }
  const groups: [string | null, readonly OfferingClass[]][] =
    byVendor.size === 0 ? [[null, []]] : [...byVendor].sort(([a], [b]) => (a < b ? -1 : 1));
  const vendors: VendorBaseline[] = [];
  for (const [vendor, classes] of groups)
    vendors.push(yield* vendorBaseline({ vendor, classes, silent, refusing, request }));
  return { ...request, vendors, ...overall(vendors) };
}

function overall(vendors: readonly VendorBaseline[]): Pick<Baseline, 'outcome' | 'reason'> {
  const [only] = vendors;
  if (vendors.length === 1) return { outcome: only.outcome, reason: only.reasons[0] ?? 'every host starts it' };
  const names = vendors.map(({ vendor }) => vendor ?? '').join(' and ');
  return { outcome: 'none', reason: `the hosts are of several vendors (${names}), between which no VM moves` };
}

interface VendorInput extends ChoiceInput {
  readonly silent: readonly SilentHost[];
  readonly refusing: Sorted['refusing'];
}

function* vendorBaseline(input: VendorInput): Steps<VendorBaseline> {
  const { vendor, classes, silent, refusing, request } = input;
  const known = {
    vendor,
    answering: countHosts(classes) + countHosts(refusing),
    hosts: countHosts(classes) + countHosts(refusing) + silent.length,
    silent,
  };
  if (classes.length === 0) return { ...known, ...withoutCpu(input, refusing.length > 0 ? 'none' : 'unknown') };
  const names = commonFeatures(classes.map(({ offer }) => offer.context.index));
  const isPredefined = request.mode === 'best-predefined-model';
  const chosen = isPredefined ? yield* choosePredefined(input) : yield* chooseEdited(input, names);
  const features = names.filter((name) => chosen.features.has(name));
  const losses = explainLosses(classes, new Set(features), request);
  // A feature that one host lacks is lost whatever an open one has; only what nobody is known to lack stays open.
  const open = openFeatures(classes, names);
  const outcome = refusing.length > 0 || chosen.model === null ? 'none' : silent.length > 0 ? 'unknown' : 'found';
  const cpu = chosen.model === null ? null : cpuLine(chosen.model);
  const verdicts = cpu === null ? [] : yield* verifyLine(classes, cpu, request);
  const proven = proveOutcome(outcome, verdicts);
  return {
    ...known,
    outcome: proven,
    cpu: proven === 'found' ? cpu : null,
    model: chosen.model,
    features,
    openFeatures: open,
    ...losses,
    verdicts,
    betterModels: chosen.better,
    reasons: [
      ...whyNot(input, chosen.model),
      ...verdicts.filter(({ verdict }) => verdict !== 'starts').flatMap(({ reasons }) => reasons),
    ],
  };
}

function withoutCpu(
  { silent, refusing }: VendorInput,
  outcome: 'none' | 'unknown',
): Omit<VendorBaseline, 'vendor' | 'answering' | 'hosts' | 'silent'> {
  const nothing = {
    features: [],
    openFeatures: [],
    dropped: [],
    accumulated: [],
    verdicts: [],
    betterModels: [],
    cpu: null,
    model: null,
  };
  const reasons = [...refusals(refusing), ...silent.map(({ name, reason }) => `${name}: ${reason}`)];
  return { ...nothing, outcome, reasons: reasons.length > 0 ? reasons : ['there is no host'] };
}

const refusals = (refusing: Sorted['refusing']): string[] =>
  refusing.flatMap(({ hosts, reason }) => hosts.map(({ name }) => `${name}: ${reason}`));

function whyNot({ silent, refusing }: VendorInput, model: EditedModel | null): string[] {
  return [
    ...refusals(refusing),
    ...silent.map(({ name, reason }) => `${name}: ${reason}`),
    ...(model === null ? ['no CPU model runs on all of these hosts'] : []),
  ];
}

/** Features that no host is known to lack, and of which some host does not tell. */
function openFeatures(classes: readonly OfferingClass[], names: readonly string[]): string[] {
  return names.filter(
    (name) =>
      classes.some(({ offer }) => offer.open.has(name)) &&
      classes.every(({ offer }) => offer.open.has(name) || offer.has.has(name)),
  );
}

/** The resolver has the last word: a line that it does not see start everywhere is not an answer. */
function proveOutcome(outcome: VendorBaseline['outcome'], verdicts: readonly LineVerdict[]): VendorBaseline['outcome'] {
  if (outcome === 'none' || verdicts.some(({ verdict }) => verdict === 'refuses')) return 'none';
  return verdicts.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : outcome;
}

function* verifyLine(classes: readonly OfferingClass[], cpu: string, request: BaselineRequest): Steps<LineVerdict[]> {
  const { accel, machine, kernelIrqchip } = request;
  const verdicts: LineVerdict[] = [];
  for (const { hosts, sample } of classes) {
    yield;
    const { resolution } = resolveCell(sample.context, { accel, machine, kernelIrqchip, cpu });
    const { status, refusal, unknowns } = resolution;
    const verdict = status === 'runnable' ? 'starts' : status === 'unknown' ? 'unknown' : 'refuses';
    const reasons = refusal
      ? [`${sample.name}: ${refusal.message}`]
      : unknowns.map((reason) => `${sample.name}: ${reason}`);
    verdicts.push({ hosts: hosts.map(({ id, name }) => ({ id, name })), verdict, reasons });
  }
  return verdicts;
}
