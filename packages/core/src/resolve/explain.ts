import type { FeatureLocation } from '../catalog/catalog-index.ts';
import { bitCoordinate, type FeatureSet } from '../x86/word-layout.ts';
import { findBlocker } from './blockers.ts';
import type { ResolveContext } from './context.ts';
import { resolveCell, type ResolvedCell } from './resolve.ts';
import type { FeatureState, FeatureVerdict, Resolution, ResolutionRequest } from './resolution.ts';

/** A resolution, and every feature that this QEMU knows with its state and, where it is withheld, by what. */
export interface Explanation {
  readonly resolution: Resolution;
  readonly features: readonly FeatureVerdict[];
}

const overlaps = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) !== 0 || (highMask !== 0 && (set[lane + 1] & highMask) !== 0);

function stateOf({ words, support }: ResolvedCell, location: FeatureLocation): FeatureState {
  if (overlaps(words.undecided, location)) return 'unknown';
  if (overlaps(words.filtered, location)) return 'filtered';
  if (overlaps(words.effective, location)) return 'enabled';
  if (overlaps(support.supported, location)) return 'missing';
  return overlaps(support.unknown, location) ? 'unknown' : 'absent';
}

function supportOf({ support }: ResolvedCell, location: FeatureLocation): FeatureVerdict['supported'] {
  if (overlaps(support.supported, location)) return 'yes';
  return overlaps(support.unknown, location) ? 'unknown' : 'no';
}

/**
 * Resolves a cell and explains it feature by feature, in QEMU's order.
 * @throws as {@link resolveCell}
 */
export function explain(context: ResolveContext, request: ResolutionRequest): Explanation {
  const resolved = resolveCell(context, request);
  const { index } = context;
  const features = index.catalog.features.flatMap(({ name, word, bits }): FeatureVerdict[] => {
    const location = index.features.get(name);
    if (!location) return [];
    const state = stateOf(resolved, location);
    const { words } = resolved;
    const base = {
      name,
      bit: bitCoordinate(index.layout.words[word], bits[0]),
      state,
      requested:
        overlaps(words.requested, location) ||
        overlaps(words.dropped, location) ||
        overlaps(words.conflicting, location),
      supported: supportOf(resolved, location),
    };
    const isWithheld = state === 'filtered' || state === 'absent' || state === 'unknown';
    return [
      isWithheld
        ? { ...base, blocker: findBlocker(context, request, resolved, { location, word, bit: bits[0] }) }
        : base,
    ];
  });
  return { resolution: resolved.resolution, features };
}

/** `-cpu host` must filter nothing; where it does, Atlas misread the host, or QEMU has a bug. */
export interface HostSelfCheck {
  readonly outcome: 'passed' | 'failed' | 'could-not-tell';
  /** Features that `-cpu host` would lose. */
  readonly unavailableFeatures: readonly string[];
  readonly reason: string;
}

/** Resolves `-cpu host` under KVM on the default machine type. */
export function checkHostModel(context: ResolveContext): HostSelfCheck {
  const { machines } = context.index.catalog;
  const machine = machines.find(({ isDefault }) => isDefault) ?? machines[0];
  if (machine === undefined || context.index.accelerators.kvm === null || !context.index.modelByName.has('host'))
    return { outcome: 'could-not-tell', unavailableFeatures: [], reason: 'this catalog was harvested without KVM' };
  const { resolution } = resolveCell(context, { accel: 'kvm', machine: machine.name, cpu: 'host' });
  const { unavailableFeatures, unknowns } = resolution;
  if (unknowns.length > 0) return { outcome: 'could-not-tell', unavailableFeatures, reason: unknowns[0] };
  if (unavailableFeatures.length === 0)
    return { outcome: 'passed', unavailableFeatures, reason: '-cpu host filters nothing' };
  return { outcome: 'failed', unavailableFeatures, reason: `-cpu host loses ${unavailableFeatures.length} features` };
}
