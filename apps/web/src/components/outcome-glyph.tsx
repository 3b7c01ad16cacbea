import { outcomeWords } from '../matrix/cell.ts';
import type { Outcome } from '../matrix/cell.ts';

/** The glyph of an outcome in text. The same shapes as grid/glyph.ts. */
export function OutcomeGlyph({ outcome }: { readonly outcome: Outcome }) {
  return (
    <svg className={`glyph glyph-${outcome}`} width="12" height="12" viewBox="-6 -6 12 12" role="img">
      <title>{outcomeWords[outcome]}</title>
      <GlyphShape outcome={outcome} />
    </svg>
  );
}

function GlyphShape({ outcome }: { readonly outcome: Outcome }) {
  switch (outcome) {
    case 'runs':
      return <circle r="4.5" fill="currentColor" />;
    case 'filtered':
      return (
        <>
          <circle r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M0 4A4 4 0 0 1 0-4Z" fill="currentColor" />
        </>
      );
    case 'refused':
      return <path d="M-3.5-3.5 3.5 3.5M3.5-3.5-3.5 3.5" stroke="currentColor" strokeWidth="1.75" />;
    case 'unknown':
      return (
        <>
          <path d="M-2.5-2A2.5 2.5 0 1 1 1.77-.23Q0 .5 0 1.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <circle cy="4.5" r=".95" fill="currentColor" />
        </>
      );
    case 'not-offered':
      return <circle r="3" fill="none" stroke="currentColor" />;
  }
}
