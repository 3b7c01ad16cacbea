import { outcomeCharacter } from '../../matrix/cell.ts';
import '../matrix-toolbar.css';
import type { MoveKind, Moves } from './moves.ts';

const entries = [
  { kind: 'free', outcome: 'runs', text: 'can move' },
  { kind: 'trap', outcome: 'filtered', text: 'trap: no way back' },
  { kind: 'barred', outcome: 'refused', text: 'cannot' },
  { kind: 'unknown', outcome: 'unknown', text: 'unknown' },
] as const satisfies readonly { readonly kind: MoveKind; readonly outcome: string; readonly text: string }[];

/** The same for the legend of a printed matrix. */
export const moveWords = Object.fromEntries(entries.map(({ outcome, text }) => [outcome, text]));

/** The glyphs in words, with the number of moves. */
export function MoveLegend({ moves }: { readonly moves: Moves }) {
  const all = [...moves.values()].flatMap((row) => [...row.values()]);
  return (
    <ul className="legend" aria-label="Legend, with the number of moves">
      {entries.map(({ kind, outcome, text }) => {
        const count = all.filter((move) => move.kind === kind).length;
        return (
          <li key={kind} className="legend-item" data-none={count === 0 ? '' : undefined}>
            <span className={`glyph-${outcome}`} aria-hidden="true">
              {outcomeCharacter[outcome]}
            </span>
            <span>{text}</span>
            <span className="mono">{count}</span>
          </li>
        );
      })}
    </ul>
  );
}
