import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { ResolvedCell } from '../resolve/resolve.ts';
import type { ResolutionRequest, ResolvedProperties } from '../resolve/resolution.ts';
import { formatHex64 } from '../x86/feature-set.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';
import type { PlanHost, SeenHost } from './fleet.ts';
import { cellObstacles, openObstacles, resolveOn } from './predicates-cell.ts';
import type { Obstacle } from './predicates-obstacle.ts';

/** The CPU that a VM has, as it got it when it last booted. It keeps it while it moves. */
export interface GuestCpu {
  /** What was launched, with the canonical name of the machine type. */
  readonly request: ResolutionRequest;
  /** Where it booted. */
  readonly host: SeenHost;
  readonly cell: ResolvedCell;
  /** What is not known of it. */
  readonly open: readonly Obstacle[];
}

export type BootedGuest =
  | { readonly kind: 'booted'; readonly guest: GuestCpu }
  /** It cannot have booted there, or it is not known what it got. */
  | { readonly kind: 'not-booted'; readonly obstacles: readonly Obstacle[] };

/**
 * What a VM gets when it boots on a host.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function bootGuest(request: ResolutionRequest, host: PlanHost): BootedGuest {
  const found = resolveOn(host, request);
  if (found.kind === 'none') return { kind: 'not-booted', obstacles: found.obstacles };
  const { cell } = found;
  const { resolution, words } = cell;
  if (resolution.status === 'refused') {
    const obstacles = cellObstacles(found.host, request, cell).filter(({ kind }) => kind === 'refusal');
    return { kind: 'not-booted', obstacles };
  }
  const open =
    resolution.status === 'unknown' ? openObstacles(found.host.context, words.undecided, resolution.unknowns) : [];
  return {
    kind: 'booted',
    guest: { request: { ...request, machine: resolution.machine }, host: found.host, cell, open },
  };
}

/** The identity and sizes that a guest sees beside its feature words. */
export const guestProperties = [
  'vendor',
  'family',
  'model',
  'stepping',
  'model-id',
  'level',
  'xlevel',
  'xlevel2',
  'phys-bits',
  'guest-phys-bits',
] as const satisfies readonly (keyof ResolvedProperties)[];
export type GuestProperty = (typeof guestProperties)[number];

/** A property of a guest; null: not known. What a release does not have yet is what later ones call 0. */
export function guestProperty(
  { resolution }: ResolvedCell,
  { otherProperties }: CatalogIndex,
  name: GuestProperty,
): string | number | null {
  if (name === 'guest-phys-bits' && !otherProperties.has(name)) return 0;
  return resolution.properties[name];
}

/** A set over another catalog's words, and the bits for which it has no word. */
export interface TranslatedSet {
  readonly set: FeatureSet;
  readonly wordless: FeatureSet;
}

/** Carries a set from one catalog's layout to another's. `wordless` is over the first. */
export function translateSet(from: CatalogIndex, to: CatalogIndex, source: FeatureSet): TranslatedSet {
  if (from.layout === to.layout) return { set: source, wordless: from.nothing };
  const set = new Uint32Array(to.layout.laneCount);
  const wordless = new Uint32Array(from.layout.laneCount);
  from.layout.words.forEach((word, at) => {
    const lane = from.layout.laneOfWord[at];
    const target = to.layout.laneOfKey.get(wordKeyOf(word));
    for (let part = 0; part < (word.kind === 'msr' ? 2 : 1); part++) {
      if (target === undefined) wordless[lane + part] = source[lane + part];
      else set[target + part] = source[lane + part];
    }
  });
  return { set, wordless };
}

/** Text that is equal for equal guests: all feature words, identity, levels and address sizes. */
export function describeGuest({ index }: Pick<ResolveContext, 'index'>, cell: ResolvedCell): string {
  const { layout } = index;
  const { effective } = cell.words;
  const words = layout.words.flatMap((word, at) => {
    const lane = layout.laneOfWord[at];
    const high = word.kind === 'msr' ? effective[lane + 1] : 0;
    return effective[lane] === 0 && high === 0 ? [] : [`${wordKeyOf(word)}=${formatHex64(effective[lane], high)}`];
  });
  const properties = guestProperties.map((name) => `${name}=${guestProperty(cell, index, name) ?? '?'}`);
  return [...words.sort(), ...properties].join(' ');
}
