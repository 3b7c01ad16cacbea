import type { FeatureVerdict } from '@cpu-atlas/core';

/** More than one reads; a longer name finds fewer. */
const foundLimit = 60;

/** Features whose name holds the text, those that begin with it first; null while nothing is typed. */
export function findVerdicts(features: readonly FeatureVerdict[], text: string): readonly FeatureVerdict[] | null {
  const query = text.trim().toLowerCase().replace(/^[+-]/, '').replaceAll('_', '-');
  if (query === '') return null;
  const begins = features.filter(({ name }) => name.startsWith(query));
  const holds = features.filter(({ name }) => !name.startsWith(query) && name.includes(query));
  return [...begins, ...holds].slice(0, foundLimit);
}
