import type { FeatureVerdict, Resolution } from '@cpu-atlas/core';
import { OutcomeGlyph } from '../components/outcome-glyph.tsx';
import { statusOutcome } from '../matrix/cell.ts';
import { countRequested, inState, writeEnforce, writeHeadline } from './explanation.ts';

interface VerdictProps {
  readonly resolution: Resolution;
  readonly features: readonly FeatureVerdict[];
}

/** The answer: outcome, counts, what `enforce` would do, and a sentence. */
export function Verdict({ resolution, features }: VerdictProps) {
  const outcome = statusOutcome(resolution.status);
  const requested = countRequested(features);
  const enabled = requested - inState(features, 'filtered').length;
  return (
    <div className={`verdict verdict-${outcome}`}>
      <p className="verdict-line">
        <OutcomeGlyph outcome={outcome} />
        <strong>{verdictWords[outcome]}</strong>
        {outcome === 'unknown' || outcome === 'refused' ? null : (
          <span className="mono" title="features enabled, of those requested">
            {enabled} of {requested}
          </span>
        )}
        <span className="verdict-enforce">
          <code>enforce</code> {writeEnforce(resolution.enforce)}
        </span>
      </p>
      <p>{writeHeadline(resolution, features)}</p>
      {resolution.aliasOf === undefined ? null : (
        <p className="inspector-note">
          {resolution.cpuModel} stands for <span className="mono">{resolution.aliasOf}</span> on this machine type.
        </p>
      )}
    </div>
  );
}

const verdictWords = {
  runs: 'Runs as defined',
  filtered: 'Filtered',
  refused: 'Refused',
  unknown: 'Unknown',
  'not-offered': 'Not offered',
} as const;
