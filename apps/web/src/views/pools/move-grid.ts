import type { GridCell, GridHead, GridModel } from '../../grid/grid-model.ts';
import type { Outcome } from '../../matrix/cell.ts';
import { findMove, mostObstacles } from './moves.ts';
import type { Move, MoveKind, Moves } from './moves.ts';
import { nameFold } from './select-hosts.ts';
import type { HostFold } from './select-hosts.ts';

const outcomeOf = {
  free: 'runs',
  trap: 'filtered',
  barred: 'refused',
  unknown: 'unknown',
  self: 'not-offered',
} as const satisfies Record<MoveKind, Outcome>;

/** From each class of hosts (rows) to each (columns). Rows that are still computed are not there yet. */
export function buildMoveGrid(folds: readonly HostFold[], moves: Moves): GridModel {
  const rows = folds.filter(({ key }) => moves.has(key));
  const cells = rows.map((from) => folds.map((to) => findMove(moves, from.key, to.key)));
  const share = rows.map((from, row) =>
    folds.reduce(
      (sum, to, column) => {
        const others = to.hosts.length - (from.key === to.key ? 1 : 0);
        const isOpen = cells[row]?.[column]?.kind === 'free' || cells[row]?.[column]?.kind === 'trap';
        return { runs: sum.runs + (isOpen ? others : 0), of: sum.of + others };
      },
      { runs: 0, of: 0 },
    ),
  );
  return {
    corner: { row: 'from', column: 'to' },
    rows: rows.map(headOf),
    columns: folds.map(headOf),
    columnHeads: 'turned',
    cell: (row, column) => cellOfMove(cells[row]?.[column] ?? null),
    share: (row) => share[row] ?? { runs: 0, of: 0 },
    notes: null,
    describe: (row, column) => {
      const [from, to] = [rows[row], folds[column]];
      if (from === undefined || to === undefined) return from === undefined ? nameOf(to) : nameOf(from);
      const move = cells[row]?.[column] ?? null;
      return `${nameFold(from)} to ${nameFold(to)}: ${move === null ? 'not computed yet' : describeMove(move)}`;
    },
  };
}

const nameOf = (fold: HostFold | undefined): string => (fold === undefined ? '' : nameFold(fold));

function headOf(fold: HostFold): GridHead {
  const [first] = fold.hosts;
  const { state } = first.freshness;
  return {
    key: fold.key,
    label: first.name,
    note: fold.hosts.length === 1 ? '' : `×${fold.hosts.length}`,
    title: state === 'fresh' ? nameFold(fold) : `${nameFold(fold)}, ${state}`,
    fold: 'none',
    count: fold.hosts.length,
    isGroup: false,
    isNested: false,
    isDimmed: state !== 'fresh',
  };
}

/** A move as a cell: its glyph, and how much is in the way. */
export function cellOfMove(move: Move | null): GridCell {
  const kind = move?.kind ?? 'unknown';
  const count = move?.obstacles.length ?? 0;
  return {
    kind: 'outcome',
    outcome: outcomeOf[kind],
    filtered: count,
    loss: Math.min(1, count / mostObstacles),
    proof: null,
    isFaded: false,
    isDimmed: kind === 'self',
  };
}

const shownNames = 4;

/** One sentence, without the hosts. */
export function describeMove({ kind, obstacles }: Move): string {
  const names = obstacles.slice(0, shownNames).map(({ name, reason }) => (name === '' ? reason : name));
  const count = obstacles.length < mostObstacles ? String(obstacles.length) : `${mostObstacles} or more`;
  const list = `${names.join(', ')}${obstacles.length > shownNames ? ` … (${count})` : ''}`;
  switch (kind) {
    case 'free':
      return 'can move, and come back after a reboot there';
    case 'trap':
      return `trap: can move, but after a reboot there it cannot come back: ${list}`;
    case 'barred':
      return `cannot move: ${list}`;
    case 'unknown':
      return list === '' ? 'not known' : `not known: ${list}`;
    case 'self':
      return 'the same host';
  }
}
