import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { WordSpec } from '../catalog/catalog.ts';
import { bitsOf } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { componentName, type XsaveComponent } from './xsave.ts';

const upper = (value: number): string => value.toString(16).toUpperCase().padStart(2, '0');

function describeWord(word: WordSpec, style: 'colon' | 'brackets'): string {
  if (word.kind === 'msr') return style === 'colon' ? `MSR(${upper(word.index)}H)` : `MSR(${upper(word.index)}h)`;
  if (style === 'colon') return `CPUID.${upper(word.leaf)}H:${word.register}`;
  const subleaf = word.subleaf === null ? '' : `,ecx=${upper(word.subleaf)}h`;
  return `CPUID[eax=${upper(word.leaf)}h${subleaf}].${word.register}`;
}

/** The lines that QEMU prints for bits of one lane, lowest bit first. */
function linesOfLane(index: CatalogIndex, prefix: string, lane: number, mask: number): string[] {
  const word = index.layout.wordOfLane[lane];
  const offset = lane === index.layout.laneOfWord[word] ? 0 : 32;
  const place = describeWord(index.layout.words[word], index.catalog.warningStyle);
  return bitsOf(mask).map((bit) => {
    const name = index.bitNames[lane * 32 + bit];
    return `warning: ${prefix}: ${place}${name === null ? '' : `.${name}`} [bit ${bit + offset}]`;
  });
}

/** The lines that QEMU prints for a set of bits, in its order, without the name of the program. */
export function warningLines(index: CatalogIndex, prefix: string, set: FeatureSet): string[] {
  const lines: string[] = [];
  for (let lane = 0; lane < set.length; lane++)
    if (set[lane] !== 0) lines.push(...linesOfLane(index, prefix, lane, set[lane]));
  return lines;
}

/**
 * Names of a set of bits as `unavailable-features` lists them: in word order, then bit order. A component of XCR0 goes
 * under the name of the feature that brings it, so a name can come twice; any other nameless bit is an empty string.
 * Source: QEMU 7.2, unavailable-features of `max,+avx512f` and `+xsave,+arch-lbr`
 */
export function unavailableNames(
  index: CatalogIndex,
  components: readonly XsaveComponent[],
  filtered: FeatureSet,
): string[] {
  const names: string[] = [];
  for (let lane = 0; lane < filtered.length; lane++) {
    if (filtered[lane] === 0) continue;
    for (const bit of bitsOf(filtered[lane]))
      names.push(index.bitNames[lane * 32 + bit] ?? componentName(components, lane, bit) ?? '');
  }
  return names;
}
