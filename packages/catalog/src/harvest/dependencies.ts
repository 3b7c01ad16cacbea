import {
  dependencyRecords,
  type FeatureDependency,
  type FeatureExclusion,
  type FeatureProperty,
  type PropertyValues,
} from '@cpu-atlas/core';
import type { Expand } from './cpu-properties.ts';

/** How the features of a binary hang together, as it showed when single features were switched off. */
export interface FeatureRelations {
  readonly dependencies: readonly FeatureDependency[];
  readonly exclusions: readonly FeatureExclusion[];
  readonly pmuFeatures: readonly string[];
}

type Names = readonly string[];

const allOn = (names: Names): Record<string, boolean> => Object.fromEntries(names.map((name) => [name, true]));

const offIn = (values: PropertyValues, names: Names): Set<string> =>
  new Set(names.filter((name) => values[name] !== true));

/** Words that lose every bit they have a name for, when the missing feature lies elsewhere. */
function wholeWords(whenMissing: string, clears: Names, features: readonly FeatureProperty[]): number[] {
  const cleared = new Set(clears);
  const byWord = new Map<number, FeatureProperty[]>();
  for (const feature of features) byWord.set(feature.word, [...(byWord.get(feature.word) ?? []), feature]);
  return [...byWord]
    .filter(([, members]) => members.every(({ name }) => cleared.has(name) && name !== whenMissing))
    .map(([word]) => word);
}

/**
 * Learns dependencies by asking: with everything on, a feature is switched off, and what goes with it depends on it.
 * Works because every dependency of QEMU hangs on one feature being there.
 * Source: QEMU, query-cpu-model-expansion (which applies dependencies, but filters nothing)
 */
export async function learnRelations(
  expand: Expand,
  features: readonly FeatureProperty[],
  hasPmu: boolean,
): Promise<FeatureRelations> {
  const names = features.map(({ name }) => name);
  const everything: Record<string, boolean> = { ...allOn(names), ...(hasPmu ? { pmu: true } : {}) };
  const baseline = offIn(await expand('base', everything), names);
  const exclusions = await learnExclusions(expand, everything, baseline);
  const excluded = exclusions.map(({ features: [first] }) => first);
  const dependencies: FeatureDependency[] = [];
  // Twice where features exclude each other: once without the first of each pair, once without the others.
  const settings = [excluded, exclusions.flatMap(({ features: [, ...others] }) => others)];
  for (const withheld of exclusions.length === 0 ? [[]] : settings) {
    const props = { ...everything, ...Object.fromEntries(withheld.map((name) => [name, false])) };
    const reference = offIn(await expand('base', props), names);
    const clearedWithout = async (missing: Names): Promise<string[]> => {
      const off = Object.fromEntries(missing.map((name) => [name, false]));
      const without = offIn(await expand('base', { ...props, ...off }), names);
      return [...without].filter((name) => !missing.includes(name) && !reference.has(name));
    };
    const parents = await findParents(names, clearedWithout);
    const cleared = await Promise.all(parents.map((name) => clearedWithout([name])));
    parents.forEach((name, i) => mergeDependency(dependencies, name, cleared[i], features));
  }
  const order = dependencyRecords().flatMap(({ whenMissing }) => whenMissing);
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  dependencies.sort((a, b) => rank(a.whenMissing) - rank(b.whenMissing));
  return { dependencies, exclusions, pmuFeatures: await learnPmuFeatures(expand, everything, names, hasPmu) };
}

/**
 * Features that others may depend on. Those that the curated data know are taken as they are; the rest is switched off in
 * groups, in two partitions in which no two features share both groups, so that a parent cannot hide among its
 * dependents. Only members of a group that shows an effect are looked at one by one.
 */
async function findParents(names: Names, clearedWithout: (missing: Names) => Promise<string[]>): Promise<string[]> {
  const curated = new Set(dependencyRecords().flatMap(({ whenMissing }) => whenMissing));
  const others = names.filter((name) => !curated.has(name));
  const size = Math.ceil(Math.sqrt(others.length));
  const groups = Array.from({ length: size }, (_, g) => [
    others.slice(g * size, (g + 1) * size),
    others.filter((_name, i) => i % size === g),
  ]).flat();
  const effects = await Promise.all(groups.map((group) => (group.length === 0 ? [] : clearedWithout(group))));
  const suspects = new Set(groups.flatMap((group, i) => (effects[i].length > 0 ? group : [])));
  return names.filter((name) => curated.has(name) || suspects.has(name));
}

function mergeDependency(
  into: FeatureDependency[],
  whenMissing: string,
  found: Names,
  features: readonly FeatureProperty[],
): void {
  if (found.length === 0) return;
  const at = into.findIndex((dependency) => dependency.whenMissing === whenMissing);
  const clears = [...new Set([...(at < 0 ? [] : into[at].clears), ...found])].sort();
  const clearsWords = wholeWords(whenMissing, clears, features);
  const merged = clearsWords.length === 0 ? { whenMissing, clears } : { whenMissing, clears, clearsWords };
  if (at < 0) into.push(merged);
  else into[at] = merged;
}

/** Finds features that are off although all was asked for, and which other one has to go for them to come. */
async function learnExclusions(
  expand: Expand,
  everything: PropertyValues,
  baseline: ReadonlySet<string>,
): Promise<FeatureExclusion[]> {
  const exclusions: FeatureExclusion[] = [];
  for (const suspect of baseline) {
    if (exclusions.some(({ features }) => features.includes(suspect))) continue;
    const others = [...baseline].filter((other) => other !== suspect);
    const replies = await Promise.all(others.map((other) => expand('base', { ...everything, [other]: false })));
    const rivals = others.filter((_, i) => replies[i][suspect] === true);
    if (rivals.length > 0)
      exclusions.push({ features: [suspect, ...rivals].sort(), clears: [suspect, ...rivals].sort() });
  }
  return exclusions;
}

async function learnPmuFeatures(
  expand: Expand,
  everything: PropertyValues,
  names: Names,
  hasPmu: boolean,
): Promise<string[]> {
  if (!hasPmu) return [];
  const on = offIn(await expand('base', everything), names);
  const off = offIn(await expand('base', { ...everything, pmu: false }), names);
  return [...off].filter((name) => !on.has(name)).sort();
}

/** One forced expansion: `force` is switched on, then `reads` show what the definition really says of them. */
export interface Reading {
  readonly force: Readonly<Record<string, boolean>>;
  readonly reads: readonly string[];
}

/**
 * A definition hides the features whose parents are off. The plan switches parents on, in as few expansions as possible,
 * so that each feature is read once with all its ancestors there and itself untouched.
 */
export function planReadings(names: Names, relations: FeatureRelations): Reading[] {
  const ancestors = new Map<string, Set<string>>(names.map((name) => [name, new Set<string>()]));
  for (const { whenMissing, clears } of relations.dependencies)
    for (const name of clears) ancestors.get(name)?.add(whenMissing);
  const needsPmu = new Set(relations.pmuFeatures);
  const parents = relations.dependencies.map(({ whenMissing }) => whenMissing);
  const depthOf = (name: string): number => [...(ancestors.get(name) ?? [])].filter((a) => a !== name).length;
  const readable = (name: string, force: ReadonlySet<string>): boolean =>
    !force.has(name) &&
    [...(ancestors.get(name) ?? [])].every((ancestor) => force.has(ancestor)) &&
    (!needsPmu.has(name) || force.has('pmu'));
  const withoutRivals = (force: Iterable<string>): Set<string> => {
    const set = new Set(force);
    for (const { features } of relations.exclusions) for (const rival of features.slice(1)) set.delete(rival);
    return set;
  };
  const rootsFirst = [...new Set(parents)].sort((a, b) => depthOf(a) - depthOf(b));
  const everyParent = withoutRivals([...parents, ...(needsPmu.size > 0 ? ['pmu'] : [])]);
  const candidates: Set<string>[] = [new Set(), everyParent];
  for (const depth of new Set(rootsFirst.map(depthOf)))
    candidates.push(withoutRivals([...rootsFirst.filter((name) => depthOf(name) < depth), 'pmu']));
  const left = new Set(names);
  const plan: Reading[] = [];
  const take = (force: ReadonlySet<string>): void => {
    const reads = [...left].filter((name) => readable(name, force));
    for (const name of reads) left.delete(name);
    if (reads.length > 0 || force.size === 0) plan.push({ force: forceProperties(force, needsPmu, relations), reads });
  };
  for (const force of candidates) take(force);
  while (left.size > 0) {
    const [name] = left;
    left.delete(name);
    const force = new Set([...(ancestors.get(name) ?? []), ...(needsPmu.has(name) ? ['pmu'] : [])]);
    const reads = [name, ...[...left].filter((other) => readable(other, force))];
    for (const other of reads) left.delete(other);
    plan.push({ force: forceProperties(force, needsPmu, relations), reads });
  }
  return plan;
}

/** Forcing one of two features that exclude each other means switching its rivals off. */
function forceProperties(
  force: ReadonlySet<string>,
  needsPmu: ReadonlySet<string>,
  relations: FeatureRelations,
): Record<string, boolean> {
  const props: Record<string, boolean> = {};
  for (const name of force) if (name !== 'pmu' || needsPmu.size > 0) props[name] = true;
  for (const { features } of relations.exclusions)
    for (const rival of features)
      if (features.some((other) => props[other] === true) && props[rival] !== true) props[rival] = false;
  return props;
}
