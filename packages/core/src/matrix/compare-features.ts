import type { Explanation } from '../resolve/explain.ts';
import type { BlockingLayer, FeatureVerdict } from '../resolve/resolution.ts';
import type { Presence } from '../resolve/register-view.ts';

/** A feature of one of the compared things. */
export interface FeatureSide {
  readonly presence: Presence;
  /** What withholds it; null: nothing does, or it was not asked for. */
  readonly layer: BlockingLayer | null;
  /** Why it is not there, in words; '': it is there. */
  readonly reason: string;
}

/** What of the features of a thing is compared: by QEMU's name, in QEMU's order. */
export type ComparedSide = ReadonlyMap<string, FeatureSide>;

export interface ComparedFeature {
  readonly name: string;
  readonly sides: readonly FeatureSide[];
}

/** Features of several things side by side. */
export interface FeatureComparison {
  /** Some have it, others do not. */
  readonly differing: readonly ComparedFeature[];
  /** Not known of all; those that are known agree. */
  readonly open: readonly ComparedFeature[];
  readonly equal: readonly ComparedFeature[];
}

const present: FeatureSide = { presence: 'present', layer: null, reason: '' };

/** What the accelerator of a host offers. `explanation` is of `-cpu host`, or of any model: what it asks for is no matter. */
export function offeredFeatures({ features }: Explanation): ComparedSide {
  return new Map(features.map((verdict) => [verdict.name, offeredSide(verdict)]));
}

function offeredSide({ supported, blocker }: FeatureVerdict): FeatureSide {
  if (supported === 'yes') return present;
  return withheld(supported === 'no' ? 'absent' : 'unknown', blocker);
}

/** What a guest would see. */
export function guestFeatures({ features }: Explanation): ComparedSide {
  return new Map(features.map((verdict) => [verdict.name, guestSide(verdict)]));
}

function guestSide({ state, blocker }: FeatureVerdict): FeatureSide {
  switch (state) {
    case 'enabled':
      return present;
    case 'unknown':
      return withheld('unknown', blocker);
    case 'filtered':
    case 'absent':
      return withheld('absent', blocker);
    case 'missing':
      return { presence: 'absent', layer: null, reason: 'not asked for; the host could' };
  }
}

function withheld(presence: Presence, blocker: FeatureVerdict['blocker']): FeatureSide {
  return { presence, layer: blocker?.layer ?? null, reason: blocker?.evidence ?? '' };
}

/** What a definition asks for, of all the features that a QEMU knows; null: what it asks for depends on the host. */
export function definedFeatures(all: readonly string[], asked: readonly string[] | null): ComparedSide {
  const on = asked === null ? null : new Set(asked);
  return new Map(
    all.map((name): [string, FeatureSide] => {
      if (on === null) return [name, { presence: 'unknown', layer: null, reason: 'depends on the host' }];
      return [name, on.has(name) ? present : { presence: 'absent', layer: null, reason: 'not asked for' }];
    }),
  );
}

const untold: FeatureSide = { presence: 'absent', layer: 'qemu', reason: 'this QEMU does not know it' };

/** Lays things side by side. A feature that the QEMU of a thing does not know is absent there. */
export function compareFeatures(sides: readonly ComparedSide[]): FeatureComparison {
  const names = [...new Set(sides.flatMap((side) => [...side.keys()]))];
  const rows = names.map((name): ComparedFeature => ({ name, sides: sides.map((side) => side.get(name) ?? untold) }));
  const kindOf = ({ sides: all }: ComparedFeature): keyof FeatureComparison => {
    const seen = new Set(all.map(({ presence }) => presence));
    if (seen.has('present') && seen.has('absent')) return 'differing';
    return seen.size > 1 || seen.has('unknown') ? 'open' : 'equal';
  };
  const of = (kind: keyof FeatureComparison): ComparedFeature[] => rows.filter((row) => kindOf(row) === kind);
  return { differing: of('differing'), open: of('open'), equal: of('equal') };
}
