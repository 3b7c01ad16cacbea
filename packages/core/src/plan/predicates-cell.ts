import { AtlasError } from '../errors.ts';
import { findBlocker } from '../resolve/blockers.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { resolveCell, type ResolvedCell } from '../resolve/resolve.ts';
import type { ResolutionRequest } from '../resolve/resolution.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { silenceOf, isSeen, type PlanHost, type SeenHost } from './fleet.ts';
import { bitObstacles, type Obstacle, type ObstacleKind } from './predicates-obstacle.ts';

/** A cell on a host, or why there is none. */
export type CellOnHost =
  | { readonly kind: 'cell'; readonly host: SeenHost; readonly cell: ResolvedCell }
  | { readonly kind: 'none'; readonly obstacles: readonly Obstacle[] };

const none = (...obstacles: readonly Obstacle[]): CellOnHost => ({ kind: 'none', obstacles });

/** A host that is not known, or not known to be still so, as an obstacle; null: it answers. */
export function silence(host: PlanHost): Obstacle | null {
  const reason = silenceOf(host);
  return reason === null ? null : { answer: 'unknown', kind: 'silence', name: host.name, bit: null, reason };
}

/**
 * Resolves on a host. What its QEMU does not know is an answer, not a fault: no where its own catalog says so, unknown
 * where another catalog stands in for it.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function resolveOn(host: PlanHost, request: ResolutionRequest): CellOnHost {
  const silent = silence(host);
  if (silent !== null || !isSeen(host)) return none(...(silent === null ? [] : [silent]));
  try {
    return { kind: 'cell', host, cell: resolveCell(host.context, request) };
  } catch (error) {
    const obstacle = error instanceof AtlasError ? unofferedObstacle(host, request, error) : null;
    if (obstacle === null) throw error;
    return none(obstacle);
  }
}

function unofferedObstacle(host: SeenHost, request: ResolutionRequest, error: AtlasError): Obstacle | null {
  const { index } = host.context;
  const isStandIn = host.assumption !== undefined;
  const unoffered = (kind: ObstacleKind, name: string, isKnown: boolean): Obstacle => ({
    answer: isKnown && !isStandIn ? 'no' : 'unknown',
    kind,
    name,
    bit: null,
    reason: isStandIn ? `${error.message}, and ${host.assumption ?? ''}` : error.message,
  });
  switch (error.code) {
    case 'MACHINE_TYPE_UNKNOWN':
      return unoffered('machine', request.machine, !index.machineByName.has(request.machine));
    case 'CPU_MODEL_UNKNOWN':
    case 'CPU_PROPERTY_UNKNOWN':
    case 'CPU_PROPERTY_INVALID':
      return unoffered('model', request.cpu, true);
    case 'ACCELERATOR_UNKNOWN':
      return unoffered('model', request.accel, false);
    default:
      return null;
  }
}

/** What keeps a cell from running as defined. */
export function cellObstacles({ context }: SeenHost, request: ResolutionRequest, cell: ResolvedCell): Obstacle[] {
  const { words, resolution } = cell;
  const { refusal, unknowns, enforce } = resolution;
  const obstacles: Obstacle[] = [];
  if (refusal) {
    const name = refusal.by;
    obstacles.push({ answer: 'no', kind: 'refusal', name, bit: null, reason: refusal.message });
  }
  obstacles.push(
    ...bitObstacles(context, words.filtered, 'no', (name, bit) => whyWithheld(context, request, cell, name, bit)),
  );
  if (obstacles.length === 0 && enforce === 'refuses') obstacles.push(versionShortfall(cell));
  obstacles.push(...openObstacles(context, words.undecided, unknowns));
  return obstacles;
}

/** `enforce` minds one thing that is no feature bit. */
function versionShortfall({ configured }: ResolvedCell): Obstacle {
  const version = String(configured.properties['avx10-version'] ?? '');
  const reason = `the host does not have version ${version} of AVX10`;
  return { answer: 'no', kind: 'feature', name: 'avx10-version', bit: null, reason };
}

/** What is not known of a cell: its undecided bits, else what the resolver says. */
export function openObstacles(
  context: ResolveContext,
  undecided: FeatureSet,
  unknowns: readonly string[],
): readonly Obstacle[] {
  const bits = bitObstacles(context, undecided, 'unknown', (name) => `whether the host has ${name} is not known`);
  if (bits.length > 0) return bits;
  return unknowns.map((reason) => ({ answer: 'unknown', kind: 'undecided', name: '', bit: null, reason }));
}

function whyWithheld(
  context: ResolveContext,
  request: ResolutionRequest,
  cell: ResolvedCell,
  name: string,
  coordinate: string,
): string {
  const location = context.index.features.get(name);
  const property = context.index.catalog.features.find((feature) => feature.name === name);
  if (location === undefined || property === undefined) return `the host cannot give ${coordinate}`;
  const place = { location, word: property.word, bit: property.bits[0] };
  const { layer, evidence } = findBlocker(context, request, cell, place);
  return `${layer}: ${evidence}`;
}
