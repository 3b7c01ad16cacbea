import { findFeature } from '@cpu-atlas/core';
import type { FeatureVerdict } from '@cpu-atlas/core';
import { Sentence } from '../components/sentence.tsx';
import { groupByLayer } from './explanation.ts';
import type { BlockedAlike } from './explanation.ts';
import { Section } from './section.tsx';

/** Filtered features by the layer that withholds them, with evidence and remedy. */
export function BlockedFeatures({ features }: { readonly features: readonly FeatureVerdict[] }) {
  return groupByLayer(features).map(({ layer, title, count, alike }) => (
    <Section key={layer} title={title} count={count}>
      {alike.map((group) => (
        <Alike key={group.features[0]?.name} group={group} />
      ))}
    </Section>
  ));
}

function Alike({ group: { features, evidence, remedy } }: { readonly group: BlockedAlike }) {
  return (
    <div className="blocked">
      <p className="blocked-evidence">
        <Sentence text={evidence} />
      </p>
      <p className="inspector-remedy">
        <Sentence text={remedy} />
      </p>
      <FeatureTable features={features} />
    </div>
  );
}

function FeatureTable({ features }: { readonly features: readonly FeatureVerdict[] }) {
  return (
    <ul className="blocked-features">
      {features.map(({ name, bit }) => (
        <li key={`${name} ${bit}`} title={describeFeature(name)}>
          <span className="mono blocked-name">{name}</span>
          <span className="mono quiet">{bit}</span>
        </li>
      ))}
    </ul>
  );
}

/** What a feature is, in one line; empty where nothing is known of it. */
export function describeFeature(name: string): string {
  return findFeature(name)?.description ?? '';
}

interface FoldedFeaturesProps {
  readonly title: string;
  readonly note?: string;
  readonly features: readonly FeatureVerdict[];
}

/** A long list of features, folded. */
export function FoldedFeatures({ title, note, features }: FoldedFeaturesProps) {
  if (features.length === 0) return null;
  return (
    <Section title={title} count={features.length} isFolded>
      {note === undefined ? null : <p className="inspector-note">{note}</p>}
      <ul className="features">
        {features.map(({ name, bit }) => (
          <li key={`${name} ${bit}`} className="mono" title={`${bit} ${describeFeature(name)}`}>
            {name}
          </li>
        ))}
      </ul>
    </Section>
  );
}
