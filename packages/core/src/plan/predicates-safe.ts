import type { ResolutionRequest } from '../resolve/resolution.ts';
import { tallyAnswers, type HostTally } from './choices-losses.ts';
import { ClassProber } from './class-prober.ts';
import { foldHosts, isSeen, type HostClass, type PlanHost } from './fleet.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { cellObstacles, resolveOn } from './predicates-cell.ts';
import { findDifference } from './predicates-move.ts';
import { answerOf, type Answer, type Obstacle } from './predicates-obstacle.ts';

/** Classes that are looked at before somebody else gets a turn. */
const classesInOneGo = 16;

/** Whether a line runs as defined on a class of hosts. */
export interface ClassAnswer {
  readonly members: HostClass;
  readonly answer: Answer;
}

interface ClassGuest extends ClassAnswer {
  /** Equal for equal guests; null: the line does not run there as defined. */
  readonly guest: string | null;
}

/** An answer about several hosts, with what decided it. */
export interface FleetVerdict extends HostTally {
  /** What decided: a no before what is not known, of the host with the lowest id; null: the answer is yes. */
  readonly deciding: { readonly host: PlanHost; readonly obstacle: Obstacle } | null;
}

/**
 * Whether a `-cpu` argument is safe on all hosts: it runs as defined on each, and gives the same guest CPU on each. Any
 * known no makes it no; else any host that is not known, or not known to be still so, makes it unknown. Of no hosts at
 * all nothing is known.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function safe(launch: ResolutionRequest, hosts: readonly PlanHost[]): FleetVerdict {
  return runSteps(safeInSteps(launch, foldHosts(hosts)));
}

function* safeInSteps(launch: ResolutionRequest, classes: readonly HostClass[]): Steps<FleetVerdict> {
  const prober = new ClassProber(launch);
  const answers: ClassAnswer[] = [];
  yield* prober.visit(classes, launch.cpu, ({ members, probe }) => answers.push({ members, answer: probe.answer }));
  return yield* compareInSteps(launch, answers, prober);
}

/**
 * The verdict of {@link safe} for hosts of which it is known whether the line runs there: whether all guests are the
 * same. Only kinds of guests that differ, and the host that decides, are resolved in full.
 */
export function* compareInSteps(
  launch: ResolutionRequest,
  answers: readonly ClassAnswer[],
  prober: ClassProber,
): Steps<FleetVerdict> {
  const guests: ClassGuest[] = [];
  for (const [at, { members, answer }] of answers.entries()) {
    if (at % classesInOneGo === 0) yield;
    const { sample } = members;
    const guest = answer === 'yes' && isSeen(sample) ? prober.guestOf(sample, launch.cpu) : null;
    guests.push({ members, answer, guest });
  }
  const comparison = new Comparison(launch, chooseReference(guests));
  const compared: { readonly members: HostClass; readonly answer: Answer; readonly own: ClassGuest }[] = [];
  for (const own of guests) {
    if (comparison.isOther(own)) yield;
    compared.push({ members: own.members, own, answer: comparison.answerOf(own) });
  }
  const tally = tallyAnswers(compared);
  const deciding = compared.find(({ answer }) => tally.answer !== 'yes' && answer === tally.answer);
  if (deciding === undefined) return { ...tally, deciding: null };
  const obstacle = comparison.obstaclesOf(deciding.own).find(({ answer }) => answer === deciding.answer);
  const host = deciding.members.sample;
  return { ...tally, deciding: obstacle === undefined ? null : { host, obstacle } };
}

/** The guest CPU that most hosts give; where two are equally common, that of the host with the lowest id. */
function chooseReference(answered: readonly ClassGuest[]): ClassGuest | null {
  const byGuest = new Map<string, { readonly first: ClassGuest; count: number }>();
  for (const one of answered) {
    if (one.guest === null) continue;
    const known = byGuest.get(one.guest);
    if (known === undefined) byGuest.set(one.guest, { first: one, count: one.members.hosts.length });
    else known.count += one.members.hosts.length;
  }
  let best: { readonly first: ClassGuest; readonly count: number } | null = null;
  for (const candidate of byGuest.values()) if (best === null || candidate.count > best.count) best = candidate;
  return best?.first ?? null;
}

/** Compares the guests of one line with that of a reference, each kind of guest once. */
class Comparison {
  readonly #launch: ResolutionRequest;
  readonly #reference: ClassGuest | null;
  readonly #known = new Map<string, readonly Obstacle[]>();
  #wanted: ReturnType<typeof resolveOn> | null = null;

  constructor(launch: ResolutionRequest, reference: ClassGuest | null) {
    this.#launch = launch;
    this.#reference = reference;
  }

  /** Whether a class gives a guest, and another one than the reference. */
  isOther({ guest }: ClassGuest): boolean {
    return guest !== null && guest !== this.#reference?.guest;
  }

  answerOf(one: ClassGuest): Answer {
    return this.isOther(one) ? answerOf(this.#differences(one).map(({ answer }) => answer)) : one.answer;
  }

  /** What keeps a class from being yes. */
  obstaclesOf(one: ClassGuest): readonly Obstacle[] {
    if (this.isOther(one)) return this.#differences(one);
    const found = resolveOn(one.members.sample, this.#launch);
    return found.kind === 'none' ? found.obstacles : cellObstacles(found.host, this.#launch, found.cell);
  }

  #differences({ members, guest }: ClassGuest): readonly Obstacle[] {
    const known = guest === null ? undefined : this.#known.get(guest);
    if (known !== undefined || guest === null || this.#reference === null) return known ?? [];
    this.#wanted ??= resolveOn(this.#reference.members.sample, this.#launch);
    const given = resolveOn(members.sample, this.#launch);
    const found = this.#wanted.kind === 'none' || given.kind === 'none' ? [] : findDifference(this.#wanted, given);
    this.#known.set(guest, found);
    return found;
  }
}
