import { AtlasError } from '../errors.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { launchOf, modelsOn } from './choices.ts';
import { ClassProber } from './class-prober.ts';
import { foldHosts, isAnswering, isSeen, type HostClass, type PlanHost, type PlanRequest } from './fleet.ts';
import { runSteps, type Steps } from './fleet-steps.ts';
import { readAbilityInSteps, type ClassAbility, type FleetAbility } from './pools/feature-space.ts';
import type { Answer } from './predicates-obstacle.ts';

/** On how many hosts a model gets all that it asks for. */
export interface ModelTally {
  readonly model: string;
  readonly answer: Answer;
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
  readonly total: number;
}

const answers = ['yes', 'no', 'unknown'] as const;

/** What each model comes to on a host, by the host's context: kept, so that only what changed is computed again. */
export class AnswerCache {
  readonly #known = new WeakMap<ResolveContext, Map<string, Map<string, number>>>();

  /**
   * For each class the answer of each model, as an index into `answers`. Goes model by model, as lines are prepared.
   * @throws CATALOG_INVALID, SNAPSHOT_INVALID
   */
  *codesInSteps(
    classes: readonly HostClass[],
    models: readonly string[],
    request: PlanRequest,
  ): Steps<readonly Uint8Array[]> {
    const prober = new ClassProber(launchOf(request));
    const rows = classes.map((members) => ({ members, known: this.#of(members, request) }));
    const codes = rows.map(() => new Uint8Array(models.length).fill(answers.indexOf('unknown')));
    for (const [at, model] of models.entries()) {
      yield;
      for (const [row, { members, known }] of rows.entries()) {
        if (known === null) continue;
        const code = known.get(model) ?? answers.indexOf(prober.probe(members, model).answer);
        known.set(model, code);
        codes[row][at] = code;
      }
    }
    return codes;
  }

  /** Answers of a class by model; null: it does not answer. */
  #of({ sample }: HostClass, { accel, machine, kernelIrqchip }: PlanRequest): Map<string, number> | null {
    if (!isAnswering(sample)) return null;
    const key = `${accel} ${machine} ${kernelIrqchip ?? ''} ${sample.assumption ?? ''}`;
    const byRequest = this.#known.get(sample.context) ?? new Map<string, Map<string, number>>();
    this.#known.set(sample.context, byRequest);
    const known = byRequest.get(key) ?? new Map<string, number>();
    byRequest.set(key, known);
    return known;
  }
}

/** What a board is made of. */
interface BoardParts {
  readonly classes: readonly HostClass[];
  readonly models: readonly string[];
  /** For each class the answer of each model, as an index into `answers`. */
  readonly codes: readonly Uint8Array[];
  readonly ability: FleetAbility;
}

/**
 * Makes a board, yielding now and then.
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* createBoardInSteps(
  hosts: readonly PlanHost[],
  request: PlanRequest,
  cache: AnswerCache = new AnswerCache(),
): Steps<FleetBoard> {
  const classes = foldHosts(hosts);
  const indexes = new Set(classes.flatMap(({ sample }) => (isSeen(sample) ? [sample.context.index] : [])));
  const models = [...new Set([...indexes].flatMap((index) => modelsOn(index, request)))];
  const ability = yield* readAbilityInSteps(classes, request);
  const codes = yield* cache.codesInSteps(classes, models, request);
  return new FleetBoard({ classes, models, codes, ability });
}

/** {@link createBoardInSteps} in one go. */
export function createBoard(hosts: readonly PlanHost[], request: PlanRequest, cache?: AnswerCache): FleetBoard {
  return runSteps(createBoardInSteps(hosts, request, cache));
}

/**
 * A fleet on which hosts can be taken out and put back, with what that changes: models by hosts, and what a pool of all
 * hosts promises. A change costs as much as there are models and features, not hosts.
 */
export class FleetBoard {
  readonly models: readonly string[];
  readonly classes: readonly HostClass[];
  readonly #codes: readonly Uint8Array[];
  readonly #classOf: ReadonlyMap<string, number>;
  readonly #out = new Set<string>();
  /** Hosts by model and answer. */
  readonly #counts: Uint32Array;
  readonly #ability: FleetAbility;
  readonly #abilityOf: ReadonlyMap<HostClass, ClassAbility>;
  /** Hosts that lack a feature, by its number; hosts that tell nothing lack all. */
  readonly #lacking: Uint32Array;
  #total = 0;

  constructor({ classes, models, codes, ability }: BoardParts) {
    this.classes = classes;
    this.models = models;
    this.#codes = codes;
    this.#classOf = new Map(classes.flatMap(({ hosts: own }, at) => own.map(({ id }) => [id, at] as const)));
    this.#counts = new Uint32Array(models.length * answers.length);
    this.#ability = ability;
    this.#abilityOf = new Map(ability.able.map((one) => [one.members, one]));
    this.#lacking = new Uint32Array(ability.space.names.length);
    classes.forEach(({ hosts: own }, at) => this.#count(at, own.length));
  }

  /** Takes a host out, or puts it back; nothing happens when it is where it should be. @throws HOST_NOT_FOUND */
  include(hostId: string, isIncluded: boolean): void {
    const at = this.#classOf.get(hostId);
    if (at === undefined) throw new AtlasError('HOST_NOT_FOUND', 'the fleet has no such host', { where: hostId });
    if (this.#out.has(hostId) !== isIncluded) return;
    if (isIncluded) this.#out.delete(hostId);
    else this.#out.add(hostId);
    this.#count(at, isIncluded ? 1 : -1);
  }

  #count(at: number, hosts: number): void {
    this.#total += hosts;
    this.#codes[at].forEach((code, model) => (this.#counts[model * answers.length + code] += hosts));
    const ability = this.#abilityOf.get(this.classes[at]);
    for (let number = 0; number < this.#lacking.length; number++) {
      const isThere = ability !== undefined && ((ability.features[number >> 5] >>> (number & 31)) & 1) === 1;
      if (!isThere) this.#lacking[number] += hosts;
    }
  }

  /** Every model with its hosts, in the order of `models`. */
  tally(): ModelTally[] {
    return this.models.map((model, at) => {
      const [yes, no, unknown] = answers.map((_, code) => this.#counts[at * answers.length + code]);
      const answer = no > 0 ? 'no' : unknown > 0 || this.#total === 0 ? 'unknown' : 'yes';
      return { model, answer, yes, no, unknown, total: this.#total };
    });
  }

  /** Features that every host has; a host that tells nothing promises none. */
  promised(): string[] {
    if (this.#total === 0) return [];
    return this.#ability.space.names.filter((_, number) => this.#lacking[number] === 0);
  }

  /** `CPUID.07H.0:EBX[5]` of a feature. */
  bitOf(feature: string): string {
    const { space } = this.#ability;
    return space.bits[space.numberOf.get(feature) ?? -1] ?? '';
  }

  /** The first class that gives that answer for a model; null: none does. */
  classWith(model: string, answer: Answer): HostClass | null {
    const at = this.models.indexOf(model);
    const code = answers.indexOf(answer);
    return (
      this.classes.find(({ hosts }, i) => this.#codes[i][at] === code && hosts.some(({ id }) => !this.#out.has(id))) ??
      null
    );
  }
}
