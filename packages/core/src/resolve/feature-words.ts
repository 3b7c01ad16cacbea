import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { formatHex64 } from '../x86/feature-set.ts';
import type { FeatureSet, WordLayout } from '../x86/word-layout.ts';
import type { Resolution, X86CPUFeatureWordInfo } from './resolution.ts';

/** Whether a set has a feature (of one with two bits, the lower one); false where this QEMU does not know it. */
export function hasFeature({ features }: CatalogIndex, set: FeatureSet, name: string): boolean {
  const location = features.get(name);
  return location !== undefined && (set[location.lane] & location.mask) !== 0;
}

/** CPUID words in QMP's shape and order (QEMU lists its words from last to first). */
export function formatFeatureWords(layout: WordLayout, set: FeatureSet): X86CPUFeatureWordInfo[] {
  const infos: X86CPUFeatureWordInfo[] = [];
  layout.words.forEach((word, i) => {
    if (word.kind !== 'cpuid') return;
    infos.push({
      'cpuid-input-eax': word.leaf,
      ...(word.subleaf === null ? {} : { 'cpuid-input-ecx': word.subleaf }),
      'cpuid-register': word.register,
      features: set[layout.laneOfWord[i]],
    });
  });
  return infos.reverse();
}

/** MSR words in QEMU's order, those that hold anything. */
export function formatMsrWords(
  layout: WordLayout,
  enabled: FeatureSet,
  filtered: FeatureSet,
): Resolution['msrFeatures'] {
  return layout.words.flatMap((word, i) => {
    const lane = layout.laneOfWord[i];
    if (word.kind !== 'msr') return [];
    if ((enabled[lane] | enabled[lane + 1] | filtered[lane] | filtered[lane + 1]) === 0) return [];
    return [
      {
        index: `0x${word.index.toString(16)}`,
        enabled: `0x${formatHex64(enabled[lane], enabled[lane + 1])}`,
        filtered: `0x${formatHex64(filtered[lane], filtered[lane + 1])}`,
      },
    ];
  });
}
