import type { LayerChange } from '@cpu-atlas/core';

/** Changes and features that a line names; of the rest it says how many. */
const namedChanges = 3;
const namedFeatures = 4;

function nameSome(names: readonly string[], limit: number, separator: string): string {
  const rest = names.length - limit;
  return names.slice(0, limit).join(separator) + (rest > 0 ? ` and ${rest} more` : '');
}

function describeChange({ summary, lost, gained, untold }: LayerChange): string {
  const parts = [
    ...(lost.length > 0 ? [`lost ${nameSome(lost, namedFeatures, ', ')}`] : []),
    ...(gained.length > 0 ? [`gained ${nameSome(gained, namedFeatures, ', ')}`] : []),
    ...(untold.length > 0 ? [`${untold.length} features not known any more`] : []),
  ];
  return parts.length === 0 ? summary : `${summary}: ${parts.join('; ')}`;
}

/** One line about what changed between two observations that follow each other. */
export function describeChanges(changes: readonly LayerChange[]): string {
  if (changes.length === 0) return 'nothing that an answer depends on';
  return nameSome(changes.map(describeChange), namedChanges, ' · ');
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A host that was silent and looks as before. */
export function describeSilence(silentMs: number): string {
  const [size, unit] =
    silentMs >= 2 * dayMs ? [dayMs, 'days'] : silentMs >= 2 * hourMs ? [hourMs, 'hours'] : [minuteMs, 'minutes'];
  return `heard again after ${Math.round(silentMs / size)} ${unit} of silence, unchanged`;
}
