import type { Resolution, ResolvedProperties, X86CPUFeatureWordInfo } from '@cpu-atlas/core';
import type { LiveCpu } from '../qmp/index.ts';
import type { VerifiedDifference } from './verification.ts';

/** What was compared, and what could not be. */
export interface Comparison {
  readonly differences: readonly VerifiedDifference[];
  readonly notCompared: readonly string[];
}

/** Compares feature words, filtered features, unavailable features in their order, and all properties. */
export function compareCpu(resolution: Resolution, live: LiveCpu): Comparison {
  const properties = compareProperties(resolution.properties, live);
  return {
    differences: [
      ...compareWords('feature-words', resolution.featureWords, live.featureWords),
      ...compareWords('filtered-features', resolution.filteredFeatures, live.filteredFeatures),
      ...compareLists('unavailable-features', resolution.unavailableFeatures, live.unavailableFeatures),
      ...properties.differences,
    ],
    notCompared: properties.notCompared,
  };
}

/** No difference, or one with both lists whole: their order matters. */
export function compareLists(
  what: string,
  atlas: readonly string[],
  qemu: readonly string[],
): readonly VerifiedDifference[] {
  const isEqual = atlas.length === qemu.length && atlas.every((entry, i) => entry === qemu[i]);
  return isEqual ? [] : [{ what, atlas, qemu }];
}

function compareWords(
  what: string,
  atlas: readonly X86CPUFeatureWordInfo[],
  qemu: readonly X86CPUFeatureWordInfo[],
): readonly VerifiedDifference[] {
  const atlasWords = new Map(atlas.map((word) => [wordKey(word), hexWord(word.features)]));
  const qemuWords = new Map(qemu.map((word) => [wordKey(word), hexWord(word.features)]));
  const keys = [...qemuWords.keys(), ...[...atlasWords.keys()].filter((key) => !qemuWords.has(key))];
  return keys.flatMap((key) => {
    const [ours, theirs] = [atlasWords.get(key) ?? null, qemuWords.get(key) ?? null];
    return ours === theirs ? [] : [{ what: `${what} ${key}`, atlas: ours, qemu: theirs }];
  });
}

function compareProperties(atlas: ResolvedProperties, live: LiveCpu): Comparison {
  const qemu: ReadonlyMap<string, string | number | boolean | undefined> = new Map(Object.entries(live.properties));
  const values: readonly (readonly [string, string | number | boolean | null])[] = Object.entries(atlas);
  return {
    differences: values.flatMap(([what, ours]) => {
      const theirs = qemu.get(what) ?? null;
      return ours === null || ours === theirs ? [] : [{ what, atlas: ours, qemu: theirs }];
    }),
    notCompared: values.filter(([, ours]) => ours === null).map(([name]) => name),
  };
}

/** `07.0.EBX`: leaf and register as in QEMU-RULES, the subleaf where the leaf has some. */
function wordKey(word: X86CPUFeatureWordInfo): string {
  const leaf = word['cpuid-input-eax'].toString(16).padStart(2, '0');
  const subleaf = word['cpuid-input-ecx'];
  return [leaf, ...(subleaf === undefined ? [] : [subleaf.toString(16)]), word['cpuid-register']].join('.');
}

function hexWord(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
