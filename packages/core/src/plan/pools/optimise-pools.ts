import type { FeatureSet } from '../../x86/word-layout.ts';
import { countFeatures } from '../../x86/feature-set.ts';
import { sortHosts, type PlanHost, type PlanRequest } from '../fleet.ts';
import { runSteps, type Steps } from '../fleet-steps.ts';
import type { Obstacle } from '../predicates-obstacle.ts';
import {
  foldForPools,
  kindOfHosts,
  makeAtoms,
  makeFineAtoms,
  noConstraints,
  type Atoms,
  type Contradiction,
  type HostAtom,
  type PoolConstraints,
} from './atoms.ts';
import { describePools, type AfterLoss, type DraftedPools, type Pool } from './describe-pools.ts';
import {
  countMissing,
  namesOf,
  packNames,
  readAbilityInSteps,
  without,
  type AbilityOptions,
  type ClassAbility,
  type FeatureSpace,
} from './feature-space.ts';
import { exactAtoms } from './exact-partition.ts';
import { survives, type Split } from './partition.ts';
import { findChoices, type PoolWishes } from './split-vendors.ts';

/** What the optimiser is asked for. */
export interface PoolRequest extends PlanRequest, AbilityOptions {
  readonly constraints?: Partial<PoolConstraints> | undefined;
  /** Choices with more pools, of all vendors together, are left out. */
  readonly maxPools?: number | undefined;
  /** How much a host can carry, by id, in any unit; hosts that are not named carry 1. */
  readonly capacity?: ReadonlyMap<string, number> | undefined;
  /** Part of a pool's capacity that is in use, 0 up to 1; the rest must be able to replace the largest host. */
  readonly load?: number | undefined;
}

/** One way to split the fleet, none of the others better in all respects. */
export interface PoolChoice {
  readonly pools: readonly Pool[];
  /** Features kept over features had, summed over all hosts; 0 to 1. */
  readonly keptShare: number;
  /** No split into that many pools, under these constraints, keeps more than this. */
  readonly keptShareBound: number;
  /** All splits were looked at: there is no better one. */
  readonly isBest: boolean;
  /** Every pool survives the loss of any one host. */
  readonly survivesLoss: boolean;
}

/** A host that is in no pool, and why. */
export interface UnplacedHost {
  readonly host: PlanHost;
  readonly obstacle: Obstacle;
}

export interface PoolPlan {
  readonly choices: readonly PoolChoice[];
  /** Hosts that are not known, or not known to be still so. They are never placed silently. */
  readonly unknown: readonly UnplacedHost[];
  /** Hosts that lack what every pool must have. */
  readonly unfit: readonly UnplacedHost[];
  /** Why there is no choice, or a constraint could not be kept. */
  readonly contradictions: readonly Contradiction[];
}

const defaultMaxPools = 8;

/**
 * Splits a fleet into pools: the choices between few pools, much capability and surviving the loss of a host, none of
 * which is worse than another in all of them. Vendors are never mixed. Deterministic whatever the order of the hosts.
 * Yields now and then, so that whoever runs it can do something else in between.
 * @throws CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function* optimisePoolsInSteps(hosts: readonly PlanHost[], request: PoolRequest): Steps<PoolPlan> {
  const constraints = { ...noConstraints, ...request.constraints };
  const { space, able, unable } = yield* readAbilityInSteps(foldForPools(hosts, constraints), request, request);
  const required = requirementsOf(space, constraints.required);
  const fit = able.filter(
    ({ features }) => countMissing(required.set, features) === 0 && required.missing.length === 0,
  );
  const lacking = able
    .filter((ability) => !fit.includes(ability))
    .flatMap(({ members, features, undecided }) =>
      members.hosts.map((host) => ({ host, obstacle: shortfall(space, required, features, undecided) })),
    );
  const silent = unable.flatMap(({ members, obstacle }) => members.hosts.map((host) => ({ host, obstacle })));
  const { large, tooFew } = dropTooFew(fit, constraints.minHosts);
  const unplaced = [...silent, ...lacking, ...tooFew];
  const atoms = makeAtoms(large, constraints);
  const fine = makeFineAtoms(large, constraints, exactAtoms);
  const choices =
    atoms.contradictions.length > 0 ? [] : yield* makeChoices(space, { atoms, fine }, request, constraints);
  return {
    choices,
    unknown: sortUnplaced(unplaced.filter(({ obstacle }) => obstacle.answer === 'unknown')),
    unfit: sortUnplaced(unplaced.filter(({ obstacle }) => obstacle.answer === 'no')),
    contradictions: choices.length === 0 && large.length > 0 ? whyNone(atoms, request) : atoms.contradictions,
  };
}

/** {@link optimisePoolsInSteps} in one go. */
export function optimisePools(hosts: readonly PlanHost[], request: PoolRequest): PoolPlan {
  return runSteps(optimisePoolsInSteps(hosts, request));
}

/** Hosts of a vendor and machine type that are fewer than the smallest pool. */
function dropTooFew(
  fit: readonly ClassAbility[],
  minHosts: number,
): { readonly large: readonly ClassAbility[]; readonly tooFew: readonly UnplacedHost[] } {
  const counts = new Map<string, number>();
  for (const ability of fit)
    counts.set(kindOfHosts(ability), (counts.get(kindOfHosts(ability)) ?? 0) + ability.members.hosts.length);
  const isLarge = (ability: ClassAbility): boolean => (counts.get(kindOfHosts(ability)) ?? 0) >= minHosts;
  const tooFew = fit
    .filter((ability) => !isLarge(ability))
    .flatMap((ability) =>
      ability.members.hosts.map((host): UnplacedHost => {
        const reason = `there are ${counts.get(kindOfHosts(ability)) ?? 0} hosts of ${kindOfHosts(ability)}, and a pool needs ${minHosts}`;
        return { host, obstacle: { answer: 'no', kind: 'vendor', name: ability.vendor, bit: null, reason } };
      }),
    );
  return { large: fit.filter(isLarge), tooFew };
}

function whyNone(
  { atoms, contradictions }: Atoms,
  { maxPools = defaultMaxPools }: PoolRequest,
): readonly Contradiction[] {
  if (contradictions.length > 0) return contradictions;
  const hosts = sortHosts(atoms.flatMap((atom) => atom.hosts));
  const kinds = [...new Set(atoms.map(kindOfHosts))];
  if (kinds.length > maxPools)
    return [
      {
        hosts,
        reason: `vendors and machine types are never mixed, which takes ${kinds.length} pools: ${kinds.join(', ')}`,
      },
    ];
  return [{ hosts, reason: 'no split into that many pools keeps hosts apart as asked and every pool large enough' }];
}

function sortUnplaced(unplaced: readonly UnplacedHost[]): UnplacedHost[] {
  const byId = new Map(unplaced.map((one) => [one.host.id, one]));
  return sortHosts(unplaced.map(({ host }) => host)).flatMap(({ id }) => byId.get(id) ?? []);
}

interface Requirements {
  readonly set: FeatureSet;
  /** Required features that no QEMU of the fleet knows, or that no pool can promise. */
  readonly missing: readonly string[];
}

function requirementsOf(space: FeatureSpace, names: readonly string[]): Requirements {
  return { set: packNames(space, names), missing: names.filter((name) => !space.numberOf.has(name)) };
}

function shortfall(
  space: FeatureSpace,
  { set, missing }: Requirements,
  features: FeatureSet,
  undecided: FeatureSet,
): Obstacle {
  const lacking = without(set, features);
  const known = without(lacking, undecided);
  const [name] = [...missing, ...namesOf(space, known), ...namesOf(space, lacking)];
  const number = space.numberOf.get(name);
  const bit = number === undefined ? null : space.bits[number];
  const isKnown = missing.length > 0 || countFeatures(known) > 0;
  const reason = isKnown
    ? `it lacks ${name}, which is required`
    : `whether it has ${name}, which is required, is not known`;
  return { answer: isKnown ? 'no' : 'unknown', kind: 'feature', name, bit, reason };
}

function* makeChoices(
  space: FeatureSpace,
  { atoms, fine }: { readonly atoms: Atoms; readonly fine: Atoms },
  request: PoolRequest,
  constraints: PoolConstraints,
): Steps<PoolChoice[]> {
  if (atoms.atoms.length === 0) return [];
  const had = atoms.atoms.reduce(
    (sum, { abilities }) =>
      sum + abilities.reduce((own, { features, members }) => own + countFeatures(features) * members.hosts.length, 0),
    0,
  );
  const joined = atoms.atoms.reduce((sum, { features, weight }) => sum + countFeatures(features) * weight, 0);
  const share = (loss: number): number => (had === 0 ? 1 : (joined - loss) / had);
  const maxPools = request.maxPools ?? defaultMaxPools;
  const { minHosts } = constraints;
  const draftsOf = function* (from: Atoms, wishes: PoolWishes): Steps<Draft[]> {
    const choices = yield* findChoices(from, wishes);
    return choices.map((choice) => draft(from, choice, request));
  };
  const plain = yield* draftsOf(minHosts > 1 ? fine : atoms, { minHosts, maxPools });
  // Only where some pool dies with a host are larger pools another choice.
  const isFragile = plain.some(({ survivesLoss }) => !survivesLoss);
  const survival = { load: request.load ?? 0, capacityOf: capacityIn(request) };
  const sturdy = isFragile ? yield* draftsOf(fine, { minHosts, maxPools, survival }) : [];
  const order = sortHosts(atoms.atoms.flatMap(({ hosts }) => hosts));
  const choices: PoolChoice[] = [];
  for (const one of keepUndominated([...plain, ...sturdy])) {
    yield;
    choices.push({
      pools: describePools(space, one, order),
      keptShare: share(one.loss),
      keptShareBound: share(one.bound),
      isBest: one.loss === one.bound,
      survivesLoss: one.survivesLoss,
    });
  }
  return choices;
}

function draft({ atoms }: Atoms, { pools, loss, bound }: Split, request: PoolRequest): Draft {
  const drafted = pools.map((members) => members.map((at) => atoms[at]));
  const afterLoss = drafted.map((pool) => withoutOne(pool, request));
  return { pools: drafted, loss, bound, afterLoss, survivesLoss: afterLoss.every(({ survives }) => survives) };
}

/** A choice before it is put into words. */
interface Draft extends DraftedPools {
  readonly loss: number;
  readonly bound: number;
  readonly survivesLoss: boolean;
}

const isAtLeastAsGood = (a: Draft, b: Draft): boolean =>
  a.pools.length <= b.pools.length && a.loss <= b.loss && Number(a.survivesLoss) >= Number(b.survivesLoss);

/** Choices that no other beats; of equals the first. */
function keepUndominated(found: readonly Draft[]): Draft[] {
  const kept = found.filter(
    (one, at) =>
      !found.some((other, i) => i !== at && isAtLeastAsGood(other, one) && (!isAtLeastAsGood(one, other) || i < at)),
  );
  return kept.sort((a, b) => a.pools.length - b.pools.length || a.loss - b.loss);
}

const capacityIn =
  ({ capacity }: PoolRequest) =>
  ({ id }: PlanHost): number =>
    capacity?.get(id) ?? 1;

function withoutOne(atoms: readonly HostAtom[], request: PoolRequest): AfterLoss {
  const capacityOf = capacityIn(request);
  let [worst] = atoms[0].hosts;
  let [total, count] = [0, 0];
  for (const { hosts } of atoms)
    for (const host of hosts) {
      const own = capacityOf(host);
      total += own;
      count += 1;
      if (own > capacityOf(worst) || (own === capacityOf(worst) && host.id < worst.id)) worst = host;
    }
  const largest = capacityOf(worst);
  const capacityLeft = total === 0 ? 0 : (total - largest) / total;
  return { survives: survives(count, { total, largest }, request.load ?? 0), worst, capacityLeft };
}
