import { foldHosts, type HostClass, type PlanHost } from '../fleet.ts';
import { intersection, type ClassAbility } from './feature-space.ts';

/** What pools must look like. */
export interface PoolConstraints {
  /** Lists of host ids; the hosts of a list share a pool. */
  readonly together: readonly (readonly string[])[];
  /** Lists of host ids; no two hosts of a list share a pool. */
  readonly apart: readonly (readonly string[])[];
  readonly minHosts: number;
  /** Features that every pool must promise; hosts that lack one are left out, with their own list. */
  readonly required: readonly string[];
}

export const noConstraints: PoolConstraints = { together: [], apart: [], minHosts: 1, required: [] };

/** Hosts that the optimiser moves as one: of one ability, or kept together. */
export interface HostAtom {
  readonly abilities: readonly ClassAbility[];
  readonly hosts: readonly PlanHost[];
  readonly features: ClassAbility['features'];
  readonly vendor: string;
  readonly machine: string;
  readonly weight: number;
}

/** Constraints that contradict each other, in plain words. */
export interface Contradiction {
  readonly reason: string;
  readonly hosts: readonly PlanHost[];
}

export interface Atoms {
  readonly atoms: readonly HostAtom[];
  /** Pairs of `atoms` that must not share a pool. */
  readonly apart: readonly (readonly [number, number])[];
  readonly contradictions: readonly Contradiction[];
}

/** Folds hosts so that those named by a constraint can be told from their equals. */
export function foldForPools(hosts: readonly PlanHost[], { together, apart }: PoolConstraints): readonly HostClass[] {
  const marks = new Map<string, string[]>();
  const mark = (id: string, text: string): void => void marks.set(id, [...(marks.get(id) ?? []), text]);
  together.forEach((ids, group) => ids.forEach((id) => mark(id, `with ${group}`)));
  apart.forEach((ids) => ids.forEach((id) => mark(id, `alone ${id}`)));
  return foldHosts(hosts, ({ id }) => marks.get(id)?.join(' ') ?? '');
}

/** Vendor and machine type: what pools never mix. */
export const kindOfHosts = ({ vendor, machine }: Pick<ClassAbility, 'vendor' | 'machine'>): string =>
  `${vendor} on ${machine}`;

/**
 * Puts classes together that must share a pool, or that nothing can tell apart. `singles` have one host each, which is
 * moved by itself even if others are like it.
 */
export function makeAtoms(
  able: readonly ClassAbility[],
  constraints: PoolConstraints,
  singles: ReadonlySet<ClassAbility> = new Set(),
): Atoms {
  const constrained = new Set([...constraints.together, ...constraints.apart].flat());
  const groups = new Map<string, ClassAbility[]>();
  const rootOf = joinTogether(able, constraints.together);
  able.forEach((ability, at) => {
    const isFree = ability.members.hosts.every(({ id }) => !constrained.has(id));
    const own = singles.has(ability) ? ability.members.sample.id : '';
    const alike = `${ability.vendor}\n${ability.machine}\n${ability.features.join()}\n${own}`;
    const key = isFree ? alike : `atom ${rootOf(at)}`;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [ability]);
    else members.push(ability);
  });
  const atoms = [...groups.values()].map(joinAbilities);
  const { pairs, clashes } = findConflicts(atoms, constraints.apart);
  return { atoms, apart: pairs, contradictions: [...atoms.flatMap(mixtureOf), ...clashes] };
}

/**
 * Atoms in which no hosts of a kind are held together for being alike, where the kind has few. How many hosts a pool has,
 * and what is left without one of them, can make it better to part equal hosts.
 */
export function makeFineAtoms(able: readonly ClassAbility[], constraints: PoolConstraints, mostHosts: number): Atoms {
  const counts = new Map<string, number>();
  for (const ability of able) {
    const kind = kindOfHosts(ability);
    counts.set(kind, (counts.get(kind) ?? 0) + ability.members.hosts.length);
  }
  const singles = new Set<ClassAbility>();
  const parted = able.flatMap((ability) => {
    if ((counts.get(kindOfHosts(ability)) ?? 0) > mostHosts) return [ability];
    const own = ability.members.hosts.map((host) => ({ ...ability, members: { hosts: [host], sample: host } }));
    for (const single of own) singles.add(single);
    return own;
  });
  return makeAtoms(parted, constraints, singles);
}

/** Union–find over classes that share a list of hosts to be kept together. */
function joinTogether(able: readonly ClassAbility[], together: PoolConstraints['together']): (at: number) => number {
  const parents = able.map((_, at) => at);
  const rootOf = (at: number): number => (parents[at] === at ? at : (parents[at] = rootOf(parents[at])));
  const classOf = new Map(able.flatMap(({ members }, at) => members.hosts.map(({ id }) => [id, at] as const)));
  for (const ids of together) {
    const classes = ids.flatMap((id) => classOf.get(id) ?? []);
    for (const at of classes) {
      const [a, b] = [rootOf(classes[0]), rootOf(at)];
      parents[Math.max(a, b)] = Math.min(a, b);
    }
  }
  return rootOf;
}

function joinAbilities(abilities: readonly ClassAbility[]): HostAtom {
  const [first] = abilities;
  const hosts = abilities.flatMap(({ members }) => members.hosts);
  const features = intersection(
    abilities.map((ability) => ability.features),
    first.features.length,
  );
  return { abilities, hosts, features, vendor: first.vendor, machine: first.machine, weight: hosts.length };
}

function mixtureOf({ abilities, hosts }: HostAtom): Contradiction[] {
  const vendors = new Set(abilities.map(({ vendor }) => vendor));
  const machines = new Set(abilities.map(({ machine }) => machine));
  if (vendors.size > 1)
    return [{ hosts, reason: `hosts to be kept together are of several vendors: ${[...vendors].join(', ')}` }];
  if (machines.size < 2) return [];
  return [{ hosts, reason: `hosts to be kept together mean several machine types: ${[...machines].join(', ')}` }];
}

function findConflicts(
  atoms: readonly HostAtom[],
  apart: PoolConstraints['apart'],
): { readonly pairs: readonly (readonly [number, number])[]; readonly clashes: readonly Contradiction[] } {
  const atomOf = new Map(atoms.flatMap(({ hosts }, at) => hosts.map(({ id }) => [id, at] as const)));
  const pairs = new Map<string, readonly [number, number]>();
  const clashes: Contradiction[] = [];
  for (const ids of apart) {
    const members = [...new Set(ids)].flatMap((id) => atomOf.get(id) ?? []).sort((a, b) => a - b);
    members.forEach((a, i) => {
      for (const b of members.slice(i + 1)) {
        if (a !== b) pairs.set(`${a} ${b}`, [a, b]);
        else clashes.push({ hosts: atoms[a].hosts, reason: 'hosts are to be kept together and apart at once' });
      }
    });
  }
  return { pairs: [...pairs.values()], clashes };
}
