import { outcomeCharacter } from '../../matrix/cell.ts';
import { outcomeOfTally } from './outcome-of-tally.ts';
import type { HostTally } from './outcome-of-tally.ts';

const words = {
  runs: 'on all hosts',
  filtered: 'on some hosts',
  refused: 'on no host',
  unknown: 'not known of all hosts',
  'not-offered': 'not offered',
} as const;

/** `◐ 37/40`, with what that means on hover. */
export function Share({ tally }: { readonly tally: HostTally }) {
  const outcome = outcomeOfTally(tally);
  const { yes, no, unknown, total } = tally;
  const detail = `${words[outcome]}: ${yes} yes, ${no} no, ${unknown} unknown, of ${total}`;
  return (
    <span className="pool-share" title={detail}>
      <span className={`glyph-${outcome}`} aria-hidden="true">
        {outcomeCharacter[outcome]}
      </span>
      <span className="mono">
        {yes}/{total}
      </span>
      <span className="visually-hidden">{words[outcome]}</span>
    </span>
  );
}
