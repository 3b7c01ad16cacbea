import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';
import { hasFeature } from './feature-words.ts';
import type { LevelRaise } from './resolution.ts';
import { holds } from './rules.ts';

/** Highest leaf that the features of a set need, in each of the three ranges; 0 when none does. */
export interface RaisedLevels {
  readonly level: number;
  readonly xlevel: number;
  readonly xlevel2: number;
  /** What raised what, in the order of QEMU's words. */
  readonly raises: readonly LevelRaise[];
}

/**
 * CPUID words whose features raise a level to their own leaf. The others have no say, or one through a feature of
 * another word.
 * Source: QEMU 7.2, 10.0 and 10.2 sources; 11.1 runs
 */
const raisingWords = new Set([
  ...['1.EDX', '1.ECX', '6.EAX', '7.0.EBX', '7.0.ECX', '7.1.EAX', '7.1.ECX', '7.1.EDX', '7.2.EDX', 'd.1.EAX'],
  ...['80000001.EDX', '80000001.ECX', '80000007.EDX', '80000008.EBX', '8000000a.EDX', '80000021.EAX', 'c0000001.EDX'],
]);

/** Features that need a leaf other than their own. Source: Intel SDM vol. 2A CPUID; AMD APM vol. 3; QEMU 7.2 to 11.1 */
const needs: readonly { feature: string; to: number; unless?: string }[] = [
  { feature: 'intel-pt', to: 0x14, unless: 'x-intel-pt-auto-level' },
  { feature: 'sgx', to: 0x12 },
  { feature: 'avx10', to: 0x24 },
  { feature: 'apxf', to: 0x29 },
  { feature: 'svm', to: 0x8000000a },
];

type LevelName = LevelRaise['level'];

function rangeOf(leaf: number): LevelName | null {
  const region = leaf >>> 28;
  if (region === 0) return 'level';
  if (region === 8) return 'xlevel';
  return region === 0xc ? 'xlevel2' : null;
}

/**
 * How far the features of a set raise the levels, asked for or not to be had alike: QEMU raises before it filters.
 * `properties` may switch the raising off (`full-cpuid-auto-level`, of machine types up to 2.7).
 */
export function raisedLevels(index: CatalogIndex, set: FeatureSet, properties: PropertyValues): RaisedLevels {
  const raised = { level: 0, xlevel: 0, xlevel2: 0 };
  const raises: LevelRaise[] = [];
  const raise = (leaf: number, because: string): void => {
    const range = rangeOf(leaf);
    if (range === null || raised[range] >= leaf) return;
    raised[range] = leaf;
    raises.push({ level: range, to: leaf, because });
  };
  const isFull = properties['full-cpuid-auto-level'] !== false;
  index.layout.words.forEach((word, i) => {
    if (word.kind !== 'cpuid' || set[index.layout.laneOfWord[i]] === 0) return;
    const key = wordKeyOf(word);
    if (!raisingWords.has(key) || (!isFull && key !== '7.0.EBX')) return;
    if (key === '80000021.EAX' && !holds('xlevelFrom80000021', index.release)) return;
    raise(word.leaf, key);
  });
  if (!isFull) return { ...raised, raises };
  for (const { feature, to, unless } of needs) {
    if (unless !== undefined && properties[unless] === false) continue;
    if (hasFeature(index, set, feature)) raise(to, feature);
  }
  return { ...raised, raises };
}
