import { findMove } from './moves.ts';
import type { Moves } from './moves.ts';
import type { HostFold } from './select-hosts.ts';

/** Classes of hosts between which a VM goes and comes back freely. */
export interface Island {
  readonly key: string;
  readonly folds: readonly HostFold[];
  /** Place in the picture: column from the left, line from the top. */
  readonly layer: number;
  readonly slot: number;
}

export interface MoveArrow {
  readonly from: string;
  readonly to: string;
  readonly kind: 'free' | 'trap';
  /** Pairs of classes that it stands for, and all there are. */
  readonly pairs: number;
  readonly of: number;
}

export interface MoveGraph {
  readonly islands: readonly Island[];
  readonly arrows: readonly MoveArrow[];
  /** Classes of which no move is known. */
  readonly unknown: readonly HostFold[];
}

/** Draws moves as a graph: classes that are open to each other are one island, the arrows between islands one-way. */
export function drawMoves(folds: readonly HostFold[], moves: Moves): MoveGraph {
  const isKnown = (fold: HostFold): boolean =>
    folds.some((other) => {
      const kinds = [findMove(moves, fold.key, other.key)?.kind, findMove(moves, other.key, fold.key)?.kind];
      return fold.key !== other.key && kinds.some((kind) => kind !== undefined && kind !== 'unknown');
    });
  const known = folds.length === 1 ? folds : folds.filter(isKnown);
  const groups = joinOpen(known, moves);
  const arrows = arrowsBetween(groups, moves);
  const layers = layerGroups(groups, arrows);
  const slots = new Map<number, number>();
  const islands = groups.map((group, at): Island => {
    const layer = layers[at] ?? 0;
    const slot = slots.get(layer) ?? 0;
    slots.set(layer, slot + 1);
    return { key: keyOf(group), folds: group, layer, slot };
  });
  return { islands, arrows, unknown: folds.filter((fold) => !known.includes(fold)) };
}

type Group = readonly HostFold[];

const keyOf = (group: Group): string => group[0]?.key ?? '';

/** Puts a class to the first group all of whose classes are open to it both ways. */
function joinOpen(folds: readonly HostFold[], moves: Moves): readonly Group[] {
  const isOpen = (a: HostFold, b: HostFold): boolean =>
    findMove(moves, a.key, b.key)?.kind === 'free' && findMove(moves, b.key, a.key)?.kind === 'free';
  const groups: HostFold[][] = [];
  for (const fold of folds) {
    const home = groups.find((group) => group.every((member) => isOpen(member, fold)));
    if (home === undefined) groups.push([fold]);
    else home.push(fold);
  }
  return groups;
}

function arrowsBetween(groups: readonly Group[], moves: Moves): readonly MoveArrow[] {
  return groups.flatMap((from) =>
    groups.flatMap((to): readonly MoveArrow[] => {
      if (from === to) return [];
      const kinds = from.flatMap((a) => to.map((b) => findMove(moves, a.key, b.key)?.kind));
      const arrow = { from: keyOf(from), to: keyOf(to), of: kinds.length };
      const count = (kind: 'free' | 'trap'): number => kinds.filter((one) => one === kind).length;
      return (['free', 'trap'] as const).flatMap((kind) =>
        count(kind) === 0 ? [] : [{ ...arrow, kind, pairs: count(kind) }],
      );
    }),
  );
}

/** Columns: an island stands to the right of those from which one comes to it, and not back. */
function layerGroups(groups: readonly Group[], arrows: readonly MoveArrow[]): readonly number[] {
  const layers = new Map(groups.map((group) => [keyOf(group), 0]));
  const leads = new Set(arrows.map(({ from, to }) => `${from} ${to}`));
  const oneWay = arrows.filter(({ from, to }) => !leads.has(`${to} ${from}`));
  for (let round = 0; round < groups.length; round++) {
    let hasMoved = false;
    for (const { from, to } of oneWay) {
      const wanted = (layers.get(from) ?? 0) + 1;
      if (wanted <= (layers.get(to) ?? 0) || wanted >= groups.length) continue;
      layers.set(to, wanted);
      hasMoved = true;
    }
    if (!hasMoved) break;
  }
  return groups.map((group) => layers.get(keyOf(group)) ?? 0);
}
