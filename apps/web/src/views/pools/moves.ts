import type { VmsResult } from '@cpu-atlas/contract';
import type { HostFold } from './select-hosts.ts';

type Reach = VmsResult['groups'][number]['reach'][number];

/** What a move is: it works both ways, it works but is a trap, it does not work, or that is not known. */
export type MoveKind = 'free' | 'trap' | 'barred' | 'unknown' | 'self';

/** One move of a VM from a host of one class to a host of another. */
export interface Move {
  readonly kind: MoveKind;
  /** What bars the way, or, of a trap, the way back. */
  readonly obstacles: Reach['obstacles'];
  /** The `-cpu` argument for the other side; null: there is none. */
  readonly line: string | null;
  readonly isOwnLine: boolean;
}

/** As many obstacles as the backend lists of a move; there may be more. */
export const mostObstacles = 16;

/** Moves from each class (by its key) to each, as far as they are computed. */
export type Moves = ReadonlyMap<string, ReadonlyMap<string, Move>>;

const notKnown: Move = { kind: 'unknown', obstacles: [], line: null, isOwnLine: false };
const itself: Move = { kind: 'self', obstacles: [], line: null, isOwnLine: true };

/** What a move comes to: a way back that is not known does not make it free. */
export function kindOfMove({ answer, trap }: Pick<Reach, 'answer' | 'trap'>): MoveKind {
  if (answer === 'no') return 'barred';
  if (answer === 'unknown') return 'unknown';
  return trap === 'yes' ? 'trap' : trap === 'no' ? 'free' : 'unknown';
}

/** Lays out where VMs of each class can go; each VM bears the key of the class that it runs on. */
export function joinMoves(folds: readonly HostFold[], answers: readonly VmsResult[]): Moves {
  const reachOf = new Map<string, ReadonlyMap<string, Reach>>();
  for (const { groups } of answers) {
    for (const { vms, reach } of groups) {
      const byHost = new Map(reach.flatMap((one) => one.hosts.map((id) => [id, one] as const)));
      for (const key of vms) reachOf.set(key, byHost);
    }
  }
  return new Map(
    folds.flatMap((from) => {
      const byHost = reachOf.get(from.key);
      if (byHost === undefined) return [];
      const row = new Map(folds.map((to) => [to.key, moveOf(from, to, byHost.get(to.key))] as const));
      return [[from.key, row] as const];
    }),
  );
}

function moveOf(from: HostFold, to: HostFold, reach: Reach | undefined): Move {
  if (from.key === to.key && from.hosts.length === 1) return itself;
  if (reach === undefined) return notKnown;
  const { obstacles, line, isOwnLine } = reach;
  return { kind: kindOfMove(reach), obstacles, line, isOwnLine };
}

export function findMove(moves: Moves, from: string, to: string): Move | null {
  return moves.get(from)?.get(to) ?? null;
}
