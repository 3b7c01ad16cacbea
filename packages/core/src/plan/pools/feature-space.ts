import type { CatalogIndex, FeatureLocation } from '../../catalog/catalog-index.ts';
import { effectiveIrqchip, isPcMachine, locateCell } from '../../resolve/locate-cell.ts';
import type { HostSupport } from '../../resolve/host-support.ts';
import { bitsOf, popcount } from '../../x86/feature-set.ts';
import { findFeatureBits } from '../../x86/feature-table.ts';
import { bitCoordinate, wordKeyOf, type FeatureSet } from '../../x86/word-layout.ts';
import { AtlasError } from '../../errors.ts';
import { byText, isSeen, type HostClass, type PlanRequest, type SeenHost } from '../fleet.ts';
import type { Steps } from '../fleet-steps.ts';
import { silence } from '../predicates-cell.ts';
import { isNestedBit, type Obstacle } from '../predicates-obstacle.ts';

/** Features by name, numbered; sets over them are packed, 32 a lane, whatever catalog they come from. */
export interface FeatureSpace {
  readonly names: readonly string[];
  /** `CPUID.07H.0:EBX[5]` by number. */
  readonly bits: readonly string[];
  readonly numberOf: ReadonlyMap<string, number>;
  readonly laneCount: number;
}

/** What the hosts of a class can give to a guest. */
export interface ClassAbility {
  readonly members: HostClass;
  readonly vendor: string;
  /** Machine type by its canonical name. */
  readonly machine: string;
  readonly features: FeatureSet;
  /** Features of which it is not known whether they are there. Disjoint from `features`. */
  readonly undecided: FeatureSet;
}

/** What all classes can give, and those that tell nothing or have no such machine type. */
export interface FleetAbility {
  readonly space: FeatureSpace;
  readonly able: readonly ClassAbility[];
  readonly unable: readonly { readonly members: HostClass; readonly obstacle: Obstacle }[];
}

/** Which features count. */
export interface AbilityOptions {
  /** Also what only nested virtualisation needs, which is left out otherwise. */
  readonly countsNested?: boolean | undefined;
}

type Sighting =
  | {
      readonly kind: 'seen';
      readonly machine: string;
      readonly vendor: string;
      readonly support: HostSupport;
      readonly index: CatalogIndex;
    }
  | { readonly kind: 'obstacle'; readonly obstacle: Obstacle };

const hindered = (answer: Obstacle['answer'], kind: Obstacle['kind'], name: string, reason: string): Sighting => ({
  kind: 'obstacle',
  obstacle: { answer, kind, name, bit: null, reason },
});

/** What a host supports on a machine type; an obstacle where that is not known or there is none. */
function sightHost({ sample }: HostClass, request: PlanRequest): Sighting {
  const silent = silence(sample);
  if (silent !== null || 'unseen' in sample.context)
    return { kind: 'obstacle', obstacle: silent ?? unseen(sample.name) };
  const { index, facts } = sample.context;
  const isKvmUnseen = request.accel === 'kvm' && facts.kvm === null && facts.observed.kvm === null;
  if (isKvmUnseen || (request.accel === 'kvm' && facts.vendor === null)) {
    const reason = facts.kvmUnknown?.reason ?? facts.hardwareUnknown?.reason ?? 'its KVM was not observed';
    return hindered('unknown', 'silence', sample.name, reason);
  }
  try {
    const cell = locateCell(index, request.accel, request.machine, index.catalog.models[0].name);
    const machine = index.catalog.machines[cell.machine].name;
    const support = sample.context.support(
      request.accel,
      effectiveIrqchip(cell, request.kernelIrqchip),
      isPcMachine(machine),
    );
    return { kind: 'seen', machine, vendor: facts.vendor ?? '', support, index };
  } catch (error) {
    if (error instanceof AtlasError && isSeen(sample)) return unoffered(sample, request, error);
    throw error;
  }
}

const unseen = (name: string): Obstacle => ({
  answer: 'unknown',
  kind: 'silence',
  name,
  bit: null,
  reason: 'it was not seen',
});

function unoffered(host: SeenHost, request: PlanRequest, error: AtlasError): Sighting {
  const isKnown = error.code === 'MACHINE_TYPE_UNKNOWN' && !host.context.index.machineByName.has(request.machine);
  if (error.code !== 'MACHINE_TYPE_UNKNOWN' && error.code !== 'ACCELERATOR_UNKNOWN') throw error;
  if (host.assumption !== undefined)
    return hindered('unknown', 'machine', request.machine, `${error.message}, and ${host.assumption}`);
  return hindered(isKnown ? 'no' : 'unknown', 'machine', request.machine, error.message);
}

/** Whether a pool may promise a feature: every host must have it, and it must be able to move. */
function counts(index: CatalogIndex, name: string, word: number, { countsNested = false }: AbilityOptions): boolean {
  if (!countsNested && isNestedBit(wordKeyOf(index.layout.words[word]), name)) return false;
  return findFeatureBits(name).every(({ pool, migratable }) => pool === 'intersect' && migratable);
}

function numberFeatures(indexes: ReadonlySet<CatalogIndex>, options: AbilityOptions): FeatureSpace {
  const bits = new Map<string, string>();
  for (const index of indexes)
    for (const { name, word, bits: numbers } of index.catalog.features)
      if (!bits.has(name) && counts(index, name, word, options))
        bits.set(name, bitCoordinate(index.layout.words[word], numbers[0]));
  const names = [...bits.keys()].sort(byText);
  return {
    names,
    bits: names.map((name) => bits.get(name) ?? ''),
    numberOf: new Map(names.map((name, number) => [name, number])),
    laneCount: Math.ceil(names.length / 32),
  };
}

const covers = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

/** Where each feature of the space lies in one catalog; null: that QEMU does not know it. */
type Places = readonly (FeatureLocation | null)[];

function placesIn(space: FeatureSpace, index: CatalogIndex): Places {
  const own = new Set(index.catalog.features.map(({ name }) => name));
  return space.names.map((name) => (own.has(name) ? (index.features.get(name) ?? null) : null));
}

function pack(
  space: FeatureSpace,
  places: Places,
  { supported, unknown }: HostSupport,
): Pick<ClassAbility, 'features' | 'undecided'> {
  const features = new Uint32Array(space.laneCount);
  const undecided = new Uint32Array(space.laneCount);
  places.forEach((place, number) => {
    if (place === null) return;
    const isThere = covers(supported, place);
    const isOpen =
      !isThere &&
      ((unknown[place.lane] & place.mask) !== 0 ||
        (place.highMask !== 0 && (unknown[place.lane + 1] & place.highMask) !== 0));
    if (isThere) features[number >> 5] |= 1 << (number & 31);
    if (isOpen) undecided[number >> 5] |= 1 << (number & 31);
  });
  return { features, undecided };
}

/** Classes that are looked at before somebody else gets a turn. */
const classesInOneGo = 8;

/** Reads what each class can give on a machine type. Yields now and then. */
export function* readAbilityInSteps(
  classes: readonly HostClass[],
  request: PlanRequest,
  options: AbilityOptions = {},
): Steps<FleetAbility> {
  const sightings: { readonly members: HostClass; readonly sighting: Sighting }[] = [];
  for (const members of classes) {
    if (sightings.length % classesInOneGo === 0) yield;
    sightings.push({ members, sighting: sightHost(members, request) });
  }
  const indexes = new Set(sightings.flatMap(({ sighting }) => (sighting.kind === 'seen' ? [sighting.index] : [])));
  const space = numberFeatures(indexes, options);
  const places = new Map([...indexes].map((index) => [index, placesIn(space, index)]));
  const able: ClassAbility[] = [];
  const unable: { members: HostClass; obstacle: Obstacle }[] = [];
  for (const { members, sighting } of sightings) {
    if (sighting.kind === 'obstacle') unable.push({ members, obstacle: sighting.obstacle });
    else {
      const { machine, vendor, support, index } = sighting;
      if (able.length % classesInOneGo === 0) yield;
      able.push({ members, vendor, machine, ...pack(space, places.get(index) ?? [], support) });
    }
  }
  return { space, able, unable };
}

/** Names of a packed set, in the order of the space. */
export function namesOf({ names }: FeatureSpace, set: FeatureSet): string[] {
  const found: string[] = [];
  for (let lane = 0; lane < set.length; lane++) for (const bit of bitsOf(set[lane])) found.push(names[lane * 32 + bit]);
  return found;
}

/** A packed set of names; those that the space does not have are left out. */
export function packNames({ numberOf, laneCount }: FeatureSpace, names: Iterable<string>): FeatureSet {
  const set = new Uint32Array(laneCount);
  for (const name of names) {
    const number = numberOf.get(name);
    if (number !== undefined) set[number >> 5] |= 1 << (number & 31);
  }
  return set;
}

export function intersection(sets: readonly FeatureSet[], laneCount: number): FeatureSet {
  const common = new Uint32Array(laneCount).fill(0xffffffff);
  for (const set of sets) for (let lane = 0; lane < laneCount; lane++) common[lane] &= set[lane];
  return sets.length === 0 ? new Uint32Array(laneCount) : common;
}

/** Number of features of `set` that `other` lacks. */
export function countMissing(set: FeatureSet, other: FeatureSet): number {
  let count = 0;
  for (let lane = 0; lane < set.length; lane++) count += popcount(set[lane] & ~other[lane]);
  return count;
}

/** Features of `set` that `other` lacks. */
export function without(set: FeatureSet, other: FeatureSet): FeatureSet {
  return set.map((lane, at) => lane & ~other[at]);
}

/** `avx512*, sha-ni`: three and more names of one stem are put together. */
export function abbreviate(names: readonly string[], most = 8): string {
  const stems = new Map<string, string[]>();
  for (const name of names) {
    const stem = /^(?:[a-z]+-|[a-z]+\d{3})/.exec(name)?.[0] ?? name;
    const members = stems.get(stem);
    if (members === undefined) stems.set(stem, [name]);
    else members.push(name);
  }
  const parts = [...stems].flatMap(([stem, members]) => (members.length >= 3 ? [`${stem}*`] : members));
  return parts.length > most ? `${parts.slice(0, most).join(', ')} and ${parts.length - most} more` : parts.join(', ');
}
