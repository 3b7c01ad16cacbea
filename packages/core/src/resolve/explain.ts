import type { FeatureLocation } from '../catalog/catalog-index.ts';
import type { FeatureProperty } from '../catalog/catalog.ts';
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

const covers = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

function stateOf({ words, support }: ResolvedCell, location: FeatureLocation): FeatureState {
  if (overlaps(words.undecided, location)) return 'unknown';
  if (overlaps(words.filtered, location)) return 'filtered';
  if (overlaps(words.effective, location)) return 'enabled';
  if (covers(support.supported, location)) return 'missing';
  return overlaps(support.unknown, location) ? 'unknown' : 'absent';
}

function supportOf({ support }: ResolvedCell, location: FeatureLocation): FeatureVerdict['supported'] {
  if (covers(support.supported, location)) return 'yes';
  return overlaps(support.unknown, location) ? 'unknown' : 'no';
}

/** Of a feature of several bits the one that is withheld, else the first. */
function decisiveBit(
  { words, support }: ResolvedCell,
  { lane, highMask }: FeatureLocation,
  bits: readonly number[],
): number {
  const laneOf = (bit: number): number => (bit >= 32 && highMask !== 0 ? lane + 1 : lane);
  const isIn = (set: FeatureSet, bit: number): boolean => ((set[laneOf(bit)] >>> (bit & 31)) & 1) === 1;
  return (
    bits.find((bit) => isIn(words.filtered, bit) || isIn(words.undecided, bit)) ??
    bits.find((bit) => !isIn(support.supported, bit)) ??
    bits[0]
  );
}

/**
 * Resolves a cell and explains it feature by feature, in QEMU's order.
 * @throws as {@link resolveCell}
 */
export function explain(context: ResolveContext, request: ResolutionRequest): Explanation {
  const resolved = resolveCell(context, request);
  const features = context.index.catalog.features.flatMap((property) => {
    const location = context.index.features.get(property.name);
    return location === undefined ? [] : [explainFeature(context, request, resolved, property, location)];
  });
  return { resolution: resolved.resolution, features };
}

function explainFeature(
  context: ResolveContext,
  request: ResolutionRequest,
  resolved: ResolvedCell,
  { name, word, bits }: FeatureProperty,
  location: FeatureLocation,
): FeatureVerdict {
  const { words } = resolved;
  const state = stateOf(resolved, location);
  const bit = decisiveBit(resolved, location, bits);
  const verdict: FeatureVerdict = {
    name,
    bit: bitCoordinate(context.index.layout.words[word], bit),
    state,
    requested: [words.requested, words.dropped, words.conflicting].some((set) => overlaps(set, location)),
    supported: supportOf(resolved, location),
  };
  const isWithheld = state === 'filtered' || state === 'absent' || state === 'unknown';
  return isWithheld
    ? { ...verdict, blocker: findBlocker(context, request, resolved, { location, word, bit }) }
    : verdict;
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
  const { resolution, words } = resolveCell(context, { accel: 'kvm', machine: machine.name, cpu: 'host' });
  const { unknowns } = resolution;
  // A Processor Trace that differs is the one thing that `host` asks for and rightly loses.
  const unavailableFeatures = resolution.unavailableFeatures.filter(
    (name) => !(words.traceDiffers && name === 'intel-pt'),
  );
  if (unknowns.length > 0) return { outcome: 'could-not-tell', unavailableFeatures, reason: unknowns[0] };
  if (unavailableFeatures.length === 0)
    return { outcome: 'passed', unavailableFeatures, reason: '-cpu host filters nothing' };
  return { outcome: 'failed', unavailableFeatures, reason: `-cpu host loses ${unavailableFeatures.length} features` };
}
