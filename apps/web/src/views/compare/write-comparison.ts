import type { ComparedFeature, FeatureComparison, FeatureSide } from '@cpu-atlas/core';
import type { ComparedFact } from './compare-facts.ts';

export interface WrittenComparison {
  readonly titles: readonly string[];
  readonly facts: readonly ComparedFact[];
  readonly features: FeatureComparison;
  /** Bits of the features by name. */
  readonly coordinates: ReadonlyMap<string, string>;
  /** What all of it was computed with: `QEMU 10.0.13, q35, kvm`. */
  readonly ground: string;
  readonly link: string;
}

/** A comparison as Markdown: what differs, and how much does not. */
export function writeComparison(written: WrittenComparison): string {
  const { titles, facts, features, coordinates, ground, link } = written;
  const differing = facts.filter(({ isDiffering }) => isDiffering);
  const equal = facts.length - differing.length;
  const rows = [
    ...differing.map(({ term, values }) => [term, ...values.map((value) => value ?? '–')]),
    ...[...features.differing, ...features.open].map((feature) => writeFeature(feature, coordinates)),
  ];
  const head = ['', ...titles];
  return [
    `Compared with ${ground}:`,
    '',
    writeRow(head),
    writeRow(head.map(() => '---')),
    ...rows.map(writeRow),
    '',
    `Equal: ${equal} facts, ${features.equal.length} features.`,
    '',
    link,
    '',
  ].join('\n');
}

const presenceWords = { present: 'yes', absent: 'no', unknown: '?' } as const;

function writeFeature({ name, sides }: ComparedFeature, coordinates: ReadonlyMap<string, string>): readonly string[] {
  return [`\`${name}\` ${coordinates.get(name) ?? ''}`.trim(), ...sides.map(writeSide)];
}

function writeSide({ presence, layer }: FeatureSide): string {
  return layer === null || presence === 'present' ? presenceWords[presence] : `${presenceWords[presence]} (${layer})`;
}

function writeRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
