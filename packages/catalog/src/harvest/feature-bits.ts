import {
  AtlasError,
  findFeatureBits,
  findFeature,
  parseWordKey,
  wordKeyOf,
  type FeatureProperty,
  type WordSpec,
  type X86CPUFeatureWordInfo,
} from '@cpu-atlas/core';
import { launchQemu, openQomObject, readLiveCpu, findCpuPath, type LiveCpu, type QemuLaunch } from '../qmp/index.ts';
import { orderWords, readWarnedBit, warningStyleOf, type WarnedBit } from './warning-bits.ts';

/** What the feature bits of a binary are: their words in QEMU's order, their names, and what TCG has of them. */
export interface FeatureBits {
  readonly words: readonly WordSpec[];
  readonly features: readonly FeatureProperty[];
  /** Value of each word that the probing accelerator supports, as low and high 32 bits. */
  readonly supported: readonly { readonly low: number; readonly high: number }[];
  readonly warningStyle: 'colon' | 'brackets';
  /** Names whose bit could not be found out. */
  readonly unlocated: readonly string[];
}

interface Location {
  readonly key: string;
  readonly bits: readonly number[];
}

function wordOf(info: X86CPUFeatureWordInfo): WordSpec {
  const subleaf = info['cpuid-input-ecx'] ?? null;
  return { kind: 'cpuid', leaf: info['cpuid-input-eax'], subleaf, register: info['cpuid-register'] };
}

/** Where the curated data has a name, all of its bits (`kvmclock` has two). */
function curatedLocation(name: string): Location | null {
  const bits = findFeature(name)?.name === name ? findFeatureBits(name) : [];
  return bits.length === 0 ? null : { key: bits[0].word, bits: bits.map(({ bit }) => bit) };
}

/** A warning without subleaf can mean any word of that leaf and register; the binary's own words decide. */
function warnedLocations(warned: readonly WarnedBit[], words: readonly WordSpec[]): Map<string, Location> {
  const locations = new Map<string, Location>();
  for (const { name, word, bit, subleafUnknown } of warned) {
    const candidates = subleafUnknown
      ? words.filter(
          (w) => w.kind === 'cpuid' && word.kind === 'cpuid' && w.leaf === word.leaf && w.register === word.register,
        )
      : [word];
    const curated = curatedLocation(name);
    const chosen = candidates.length === 1 ? candidates[0] : candidates.find((w) => wordKeyOf(w) === curated?.key);
    if (chosen === undefined) continue;
    const key = wordKeyOf(chosen);
    const known = locations.get(name);
    locations.set(name, {
      key,
      bits: known?.key === key ? [...new Set([...known.bits, bit])].sort((a, b) => a - b) : [bit],
    });
  }
  return locations;
}

interface AllOnLaunch {
  readonly live: LiveCpu;
  readonly stderr: string;
  /** MSR feature properties and others that are on, by name. */
  readonly enabled: ReadonlySet<string>;
}

/** Starts a CPU that asks for these features and reads what came of it. */
async function launchWith(launch: QemuLaunch, cpu: string, read: readonly string[]): Promise<AllOnLaunch> {
  const qemu = await launchQemu({ ...launch, cpu });
  try {
    const live = await readLiveCpu(qemu.client);
    const path = await findCpuPath(qemu.client);
    const enabled = new Set<string>();
    if (path !== null) {
      const object = await openQomObject(qemu.client, path);
      const values = await Promise.all(read.map((name) => (object.has(name) ? object.get(name) : false)));
      read.forEach((name, i) => values[i] === true && enabled.add(name));
    }
    return { live, stderr: qemu.stderr(), enabled };
  } finally {
    await qemu.dispose();
  }
}

/**
 * Finds bits of names that neither the curated data nor a warning knows: every name gets a number, launch k switches on
 * the names whose number has bit k, and the pattern over the launches tells which word bit moves with which name.
 */
async function locateByPattern(
  launch: QemuLaunch,
  names: readonly string[],
  baseline: LiveCpu,
): Promise<Map<string, Location>> {
  const found = new Map<string, Location>();
  if (names.length === 0) return found;
  const rounds = Math.ceil(Math.log2(names.length + 1));
  const patterns = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const on = names.filter((_, i) => ((i + 1) >> round) & 1).map((name) => `${name}=on`);
    const { live } = await launchWith(launch, ['base', 'check=off', ...on].join(','), []);
    for (const info of live.featureWords) {
      const key = wordKeyOf(wordOf(info));
      const before = baseline.featureWords.find((w) => wordKeyOf(wordOf(w)) === key)?.features ?? 0;
      for (let bit = 0; bit < 32; bit++) {
        if (((info.features & ~before) >>> bit) & 1)
          patterns.set(`${key} ${bit}`, (patterns.get(`${key} ${bit}`) ?? 0) | (1 << round));
      }
    }
  }
  for (const [where, pattern] of patterns) {
    const name = names[pattern - 1];
    const [key, bit] = where.split(' ');
    if (name !== undefined) found.set(name, { key, bits: [...(found.get(name)?.bits ?? []), Number(bit)] });
  }
  return found;
}

function supportedWords(
  words: readonly WordSpec[],
  features: readonly FeatureProperty[],
  launches: readonly AllOnLaunch[],
): { low: number; high: number }[] {
  const supported = words.map(() => ({ low: 0, high: 0 }));
  const indexOf = new Map(words.map((word, index) => [wordKeyOf(word), index]));
  for (const { live, enabled } of launches) {
    for (const info of live.featureWords) {
      const word = indexOf.get(wordKeyOf(wordOf(info)));
      if (word !== undefined) supported[word].low = (supported[word].low | info.features) >>> 0;
    }
    for (const { name, word, bits } of features) {
      if (!enabled.has(name) || words[word].kind !== 'msr') continue;
      for (const bit of bits) {
        if (bit < 32) supported[word].low = (supported[word].low | (1 << bit)) >>> 0;
        else supported[word].high = (supported[word].high | (1 << (bit - 32))) >>> 0;
      }
    }
  }
  return supported;
}

/**
 * Finds the word and bit of every feature name, and what the accelerator supports, with a handful of launches: one that
 * asks for everything (QEMU warns of each bit it lacks, with word and bit, and keeps the others), one of `max` for the
 * nameless bits, and a few more for names that nobody has seen.
 * @throws QEMU_LAUNCH_FAILED, QEMU_DIED, QEMU_TIMEOUT, QMP_ERROR, QMP_PROTOCOL
 */
export async function locateFeatureBits(launch: QemuLaunch, names: readonly string[]): Promise<FeatureBits> {
  const asked = (skip: ReadonlySet<string>): string =>
    ['base', 'check=on', 'pmu=on', ...names.filter((name) => !skip.has(name)).map((name) => `${name}=on`)].join(',');
  const all = await launchWith(launch, asked(new Set()), names);
  // Features that exclude each other hide one another: ask again without those that did not come through unwarned.
  const warnedNames = new Set(all.stderr.split('\n').flatMap((line) => readWarnedBit(line)?.name ?? []));
  const hidden = names.filter((name) => !all.enabled.has(name) && !warnedNames.has(name));
  const max = await launchWith(launch, 'max,migratable=off', names);
  const baseline = await launchWith(launch, 'base', []);
  const warned = `${all.stderr}\n${max.stderr}`.split('\n').flatMap((line) => readWarnedBit(line) ?? []);
  const cpuidWords = [...all.live.featureWords].reverse().map(wordOf);
  const byWarning = warnedLocations(warned, cpuidWords);
  const strangers = names.filter((name) => !byWarning.has(name) && findFeature(name) === undefined);
  const byPattern = await locateByPattern(launch, strangers, baseline.live);
  const located = new Map<string, Location>();
  for (const name of names) {
    const curated = curatedLocation(name);
    const seen = byWarning.get(name) ?? byPattern.get(name);
    // A name with two bits warns only of the bits that are missing: the binary decides the word, the data complete the bits.
    const location = seen === undefined || seen.key === curated?.key ? (curated ?? seen) : seen;
    if (location !== undefined && location !== null) located.set(name, location);
  }
  const msrIndexes = new Set<number>();
  for (const { key } of located.values()) {
    const word = parseWordKey(key);
    if (word?.kind === 'msr') msrIndexes.add(word.index);
  }
  const words = orderWords(cpuidWords, msrIndexes);
  const wordIndex = new Map(words.map((word, index) => [wordKeyOf(word), index]));
  const features = names.flatMap((name): FeatureProperty[] => {
    const location = located.get(name);
    const word = location && wordIndex.get(location.key);
    return location === undefined || word === undefined ? [] : [{ name, word, bits: location.bits }];
  });
  if (features.length === 0)
    throw new AtlasError('QMP_PROTOCOL', 'this QEMU names no feature bit', { where: launch.binary });
  features.sort((a, b) => a.word - b.word || a.bits[0] - b.bits[0]);
  const again = hidden.length === 0 ? [] : await launchHidden(launch, names, hidden);
  const placed = new Set(features.map(({ name }) => name));
  return {
    words,
    features,
    supported: supportedWords(words, features, [all, max, ...again]),
    warningStyle: warningStyleOf(all.stderr),
    unlocated: names.filter((name) => !placed.has(name)),
  };
}

/** Asks for each hidden feature without the other hidden ones. */
async function launchHidden(
  launch: QemuLaunch,
  names: readonly string[],
  hidden: readonly string[],
): Promise<AllOnLaunch[]> {
  const visible = names.filter((name) => !hidden.includes(name));
  const cpus = hidden
    .filter((name) => !name.startsWith('kvm'))
    .map((name) => ['base', 'check=off', 'pmu=on', ...[...visible, name].map((n) => `${n}=on`)].join(','));
  const launches: AllOnLaunch[] = [];
  for (const cpu of cpus) launches.push(await launchWith(launch, cpu, names));
  return launches;
}
