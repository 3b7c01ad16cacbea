import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import { silentlyDropped } from './choices-probe.ts';
import { CommonFeatures, Hindrances, type Possibilities } from './choices-survey.ts';
import type { ClassProber } from './class-prober.ts';
import type { HostClass, PlanRequest } from './fleet.ts';
import type { Steps } from './fleet-steps.ts';
import type { ClassAnswer } from './predicates-safe.ts';

/** A `-cpu` argument made to start on every host that answers, and what was changed for that. */
export interface PoolLine {
  readonly cpu: string;
  /** Features that some host lacks. */
  readonly removed: readonly string[];
  /** Features that KVM drops in silence and no host can give; switched off so that the line means the same everywhere. */
  readonly pinned: readonly string[];
  /** Wished-for features that every host has. */
  readonly added: readonly string[];
}

/** Rounds of dropping what is filtered: a feature that goes can take others with it. */
const rounds = 4;

/** Puts a line together; a feature stands in it once. */
function write(model: string, { removed, pinned, added }: Omit<PoolLine, 'cpu'>): string {
  return [
    model,
    ...added.map((name) => `+${name}`),
    ...removed.map((name) => `-${name}`),
    ...pinned.map((name) => `-${name}`),
  ].join(',');
}

/** What hosts make of the bare model. */
export interface BareModel {
  readonly model: string;
  readonly hindrances: Hindrances;
  readonly possibilities: Possibilities;
  readonly features: CommonFeatures;
  readonly answers: readonly ClassAnswer[];
}

/** A line, and what all hosts make of it. */
export interface ComposedLine {
  readonly line: PoolLine;
  /** Features that the guest has on every host that starts the line. */
  readonly features: readonly string[];
  readonly answers: readonly ClassAnswer[];
}

/**
 * The line for a model: without what some host lacks, with the wished-for features that all have. Only hosts that
 * answer are looked at; whether the line holds is in `answers`.
 */
export function* composeLine(
  bare: BareModel,
  request: PlanRequest,
  classes: readonly HostClass[],
  prober: ClassProber,
): Steps<ComposedLine> {
  const { model, possibilities } = bare;
  const removed = new Set<string>();
  const added = new Set(possibilities.addable());
  const pinned = pinnedFeatures(model, request, possibilities);
  let tried: Trial = { ...bare, cpu: model };
  for (let round = 0; ; round++) {
    const inTheWay = round < rounds ? tried.hindrances.names() : new Set<string>();
    for (const name of inTheWay) if (!added.delete(name)) removed.add(name);
    const left = pinned.filter((name) => !removed.has(name) && !added.has(name));
    const parts = { removed: [...removed], pinned: left, added: [...added] };
    const cpu = write(model, parts);
    if (cpu === tried.cpu) return { line: { ...parts, cpu }, features: tried.features.names(), answers: tried.answers };
    tried = yield* tryLine(cpu, classes, prober);
  }
}

interface Trial {
  readonly cpu: string;
  readonly hindrances: Hindrances;
  readonly features: CommonFeatures;
  readonly answers: readonly ClassAnswer[];
}

function* tryLine(cpu: string, classes: readonly HostClass[], prober: ClassProber): Steps<Trial> {
  const hindrances = new Hindrances();
  const features = new CommonFeatures();
  const answers: ClassAnswer[] = [];
  yield* prober.visit(classes, cpu, (probed) => {
    hindrances.look(probed);
    features.look(probed);
    answers.push({ members: probed.members, answer: probed.probe.answer });
  });
  return { cpu, hindrances, features, answers };
}

function pinnedFeatures(model: string, request: PlanRequest, possibilities: Possibilities): string[] {
  if (request.accel !== 'kvm') return [];
  const { model: base, edits } = parseCpuArgument(model);
  const indexes = possibilities.indexes().filter(({ modelByName }) => modelByName.has(base));
  const dropped = new Set(indexes.flatMap((index) => silentlyDropped(index, request.machine, base)));
  const own = new Set(edits.map(({ name }) => name));
  return [...dropped].filter(
    (name) =>
      !own.has(name) && indexes.every(({ features }) => features.has(name)) && !possibilities.isGivenSomewhere(name),
  );
}
