import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { featureRecords } from '../x86/feature-table.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { holds } from './rules.ts';

/** One XSAVE state component that QEMU switches on by itself when one of its parents is asked for. */
export interface XsaveComponent {
  readonly lane: number;
  readonly mask: number;
  /** In XSS, not in XCR0. */
  readonly isSupervisor: boolean;
  readonly parents: readonly { readonly lane: number; readonly mask: number; readonly name: string }[];
}

/**
 * The components that this QEMU knows, in bit order, with the features that bring them.
 * Source: data/x86/features/d.*.json
 */
export function xsaveComponents(index: CatalogIndex): readonly XsaveComponent[] {
  const avx10 = holds('avx10State', index.release);
  return featureRecords().flatMap((record): XsaveComponent[] => {
    const lane = index.layout.laneOfKey.get(record.word);
    if (lane === undefined || !stateWords.includes(record.word)) return [];
    const names = new Set(record.followsFeatures);
    if (names.has('avx512f') && avx10) names.add('avx10');
    const parents = [...names].flatMap((name) => index.features.get(name) ?? []);
    const isSupervisor = record.word.startsWith('d.1.');
    return parents.length === 0 ? [] : [{ lane, mask: (1 << record.bit) >>> 0, isSupervisor, parents }];
  });
}

const stateWords = ['d.0.EAX', 'd.0.EDX', 'd.1.ECX', 'd.1.EDX'];

/**
 * Computes the state words from the requested features, before any filtering: without xsave they are empty.
 * Changes `set` in place.
 */
export function enableXsaveComponents(
  index: CatalogIndex,
  known: readonly XsaveComponent[],
  set: FeatureSet,
  supported: FeatureSet,
): void {
  for (const key of stateWords) {
    const lane = index.layout.laneOfKey.get(key);
    if (lane !== undefined) set[lane] = 0;
  }
  const xsave = index.features.get('xsave');
  if (!xsave || (set[xsave.lane] & xsave.mask) === 0) return;
  const cutFirst = holds('xsaveCutFirst', index.release);
  const hasSupervisor = hasSupervisorState(index, set);
  for (const { lane, mask, isSupervisor, parents } of known) {
    if (isSupervisor && !hasSupervisor) continue;
    if (cutFirst && isExtended(mask) && (supported[lane] & mask) === 0) continue;
    if (parents.some((parent) => (set[parent.lane] & parent.mask) !== 0)) set[lane] |= mask;
  }
}

function hasSupervisorState(index: CatalogIndex, set: FeatureSet): boolean {
  if (holds('supervisorStateLost', index.release)) return false;
  const xsaves = index.features.get('xsaves');
  const isOn = xsaves !== undefined && (set[xsaves.lane] & xsaves.mask) !== 0;
  return isOn || !holds('supervisorStateNeedsXsaves', index.release);
}

/** x87 and SSE state are never cut. */
function isExtended(mask: number): boolean {
  return mask > 2;
}

/** The feature that a component of XCR0 is reported under: the first that brings it. */
export function componentName(known: readonly XsaveComponent[], lane: number, bit: number): string | null {
  const mask = (1 << bit) >>> 0;
  const component = known.find((candidate) => candidate.lane === lane && candidate.mask === mask);
  return component === undefined || component.isSupervisor ? null : component.parents[0].name;
}
