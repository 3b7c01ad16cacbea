import type { FeatureState, FeatureVerdict } from '@cpu-atlas/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../components/icons.tsx';
import { Sentence } from '../components/sentence.tsx';
import { describeFeature } from './feature-lists.tsx';
import { findVerdicts } from './find-verdicts.ts';

interface FeatureFinderProps {
  readonly features: readonly FeatureVerdict[];
  /** Shown while nothing is typed. */
  readonly children: ReactNode;
}

const stateWords = {
  enabled: 'enabled',
  filtered: 'filtered',
  missing: 'the host could, the model does not ask',
  absent: 'neither asked for nor to be had',
  unknown: 'unknown',
} as const satisfies Record<FeatureState, string>;

/** Asks after any feature of this QEMU by name: what becomes of it in this cell, and why. */
export function FeatureFinder({ features, children }: FeatureFinderProps) {
  const [text, setText] = useState('');
  const found = findVerdicts(features, text);
  return (
    <>
      <label className="finder">
        <Icon name="search" />
        <input
          type="text"
          aria-label="Find a feature of this cell"
          placeholder={`Any of ${features.length} features, such as avx2`}
          spellCheck={false}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {found === null ? children : <FoundFeatures features={found} text={text} />}
    </>
  );
}

function FoundFeatures({ features, text }: { readonly features: readonly FeatureVerdict[]; readonly text: string }) {
  if (features.length === 0)
    return <p className="inspector-block quiet">This QEMU knows no feature called “{text.trim()}”.</p>;
  return (
    <ul className="found" aria-label="Features found">
      {features.map(({ name, bit, state, blocker }) => (
        <li key={`${name} ${bit}`} className="found-feature">
          <p className="found-name">
            <span className="mono blocked-name">{name}</span>
            <span className="mono quiet">{bit}</span>
          </p>
          <p className="inspector-note">{describeFeature(name)}</p>
          <p>
            <span className={`found-state found-${state}`}>{stateWords[state]}</span>
            {blocker === undefined ? '' : `: ${blocker.evidence}`}
          </p>
          {blocker === undefined || state === 'absent' ? null : (
            <p className="inspector-remedy">
              <Sentence text={blocker.remedy} />
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
