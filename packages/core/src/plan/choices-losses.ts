import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { compareNames } from '../matrix/model-families.ts';
import { forEachBit } from './choices-survey.ts';
import type { ProbedClass } from './class-prober.ts';
import { countHosts, type HostClass, type PlanHost } from './fleet.ts';
import { nameOfBit, type Answer } from './predicates-obstacle.ts';

/** Hosts to which the same happens. */
export interface HostGroup {
  readonly hostCount: number;
  /** The first hosts, by id. */
  readonly firstHosts: readonly PlanHost[];
}

/** A feature that a model asks for and some hosts do not give. */
export interface FeatureLoss extends HostGroup {
  readonly feature: string;
}

/** Why some hosts do not start a model at all, other than for features. */
export interface StartRefusal extends HostGroup {
  readonly reason: string;
}

/** On how many hosts something holds. Any known no: no; else anything unknown: unknown. */
export interface HostTally {
  readonly answer: Answer;
  readonly yes: number;
  readonly no: number;
  readonly unknown: number;
  readonly total: number;
}

/** Sums answers of classes up. Of no hosts at all nothing is known. */
export function tallyAnswers(answered: readonly { readonly members: HostClass; readonly answer: Answer }[]): HostTally {
  const count = (wanted: Answer): number =>
    countHosts(answered.filter(({ answer }) => answer === wanted).map(({ members }) => members));
  const [yes, no, unknown] = [count('yes'), count('no'), count('unknown')];
  const total = yes + no + unknown;
  return { answer: no > 0 ? 'no' : unknown > 0 || total === 0 ? 'unknown' : 'yes', yes, no, unknown, total };
}

/** Hosts that a group names. */
const namedHosts = 3;

class GrowingGroup implements HostGroup {
  hostCount = 0;
  readonly firstHosts: PlanHost[] = [];
  #last: HostClass | null = null;

  /** Adds a class; one that comes again before another does is counted once. */
  add(members: HostClass): void {
    if (this.#last === members) return;
    this.#last = members;
    this.hostCount += members.hosts.length;
    for (const host of members.hosts.slice(0, namedHosts)) {
      const isFull = this.firstHosts.length === namedHosts;
      if (isFull && host.id > this.firstHosts[namedHosts - 1].id) return;
      const at = this.firstHosts.findIndex(({ id }) => id > host.id);
      this.firstHosts.splice(at < 0 ? this.firstHosts.length : at, 0, host);
      if (isFull) this.firstHosts.pop();
    }
  }
}

/** Hosts by text. */
class HostGroups {
  readonly #groups = new Map<string, GrowingGroup>();

  of(text: string): GrowingGroup {
    const group = this.#groups.get(text) ?? new GrowingGroup();
    this.#groups.set(text, group);
    return group;
  }

  /** Most hosts first. */
  list(): (readonly [text: string, group: HostGroup])[] {
    return [...this.#groups]
      .sort(([a, left], [b, right]) => right.hostCount - left.hostCount || compareNames(a, b))
      .map(([text, { hostCount, firstHosts }]) => [text, { hostCount, firstHosts }]);
  }
}

/** What hosts do not give of a model, and why they do not start it. */
export class Losses {
  readonly #losses = new HostGroups();
  readonly #refusals = new HostGroups();
  /** The group of each bit; two bits may share one. */
  readonly #groupOf = new Map<CatalogIndex, (GrowingGroup | undefined)[]>();

  look({ members, probe }: ProbedClass): void {
    const reason = probe.kind === 'none' ? probe.reason : probe.refusal;
    if (reason !== null) this.#refusals.of(reason).add(members);
    if (probe.kind === 'none' || probe.answer === 'yes') return;
    const { context, filtered } = probe;
    const groups = this.#groupOf.get(context.index) ?? [];
    this.#groupOf.set(context.index, groups);
    forEachBit(filtered, (at) => (groups[at] ??= this.#losses.of(nameOfBit(context, at))).add(members));
  }

  /** Most hosts first. */
  features(): FeatureLoss[] {
    return this.#losses.list().map(([feature, group]) => ({ feature, ...group }));
  }

  /** Most hosts first. */
  refusals(): StartRefusal[] {
    return this.#refusals.list().map(([reason, group]) => ({ reason, ...group }));
  }
}
