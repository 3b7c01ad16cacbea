import type { HostSummary } from '@cpu-atlas/contract';
import { Age } from './age.tsx';
import './page.css';

const tones = { fresh: 'quiet', stale: 'filtered', unreachable: 'refused' } as const;

/** Whether a host can still be believed, and when it was last heard. */
export function Freshness({ freshness: { state, lastSeenAt } }: Pick<HostSummary, 'freshness'>) {
  return (
    <>
      <span className="chip" data-tone={tones[state]}>
        {state}
      </span>
      <span className="quiet">
        <Age of={lastSeenAt} />
      </span>
    </>
  );
}
