import { OutcomeGlyph } from '../components/outcome-glyph.tsx';
import { outcomes } from '../matrix/cell.ts';
import type { Outcome } from '../matrix/cell.ts';
import type { Tally } from '../matrix/tally.ts';
import './matrix-toolbar.css';

const legendWords = {
  runs: 'runs',
  filtered: 'filtered',
  refused: 'refused',
  unknown: 'unknown',
  'not-offered': 'not offered',
} as const satisfies Record<Outcome, string>;

/** The glyphs in words, with the number of cells on the screen. */
export function Legend({ tally }: { readonly tally: Tally }) {
  return (
    <ul className="legend" aria-label="Legend, with the number of cells on the screen">
      {outcomes.map((outcome) => (
        <li key={outcome} className="legend-item" data-none={tally[outcome] === 0 ? '' : undefined}>
          <OutcomeGlyph outcome={outcome} />
          <span>{legendWords[outcome]}</span>
          <span className="mono">{tally[outcome]}</span>
        </li>
      ))}
    </ul>
  );
}
