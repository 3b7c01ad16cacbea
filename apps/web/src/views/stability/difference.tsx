import { findFeature } from '@cpu-atlas/core';
import type { DefinitionDifference, NamedBit, PropertyChange } from '@cpu-atlas/core';
import './difference.css';

/** In what two definitions differ: features that came and went, and properties that changed. */
export function Difference({ gained, lost, properties }: DefinitionDifference) {
  return (
    <ul className="difference">
      {gained.map((bit) => (
        <Bit key={bit.bit} bit={bit} sign="+" />
      ))}
      {lost.map((bit) => (
        <Bit key={bit.bit} bit={bit} sign="−" />
      ))}
      {properties.map((change) => (
        <li key={change.name} className="difference-property mono">
          {writeProperty(change)}
        </li>
      ))}
    </ul>
  );
}

function Bit({ bit: { name, bit }, sign }: { readonly bit: NamedBit; readonly sign: '+' | '−' }) {
  const description = name === null ? '' : (findFeature(name)?.description ?? '');
  return (
    <li
      className="difference-bit mono"
      data-sign={sign === '+' ? 'gained' : 'lost'}
      title={description === '' ? bit : `${bit}: ${description}`}
    >
      {sign}
      {name ?? bit}
    </li>
  );
}

/** `legacy-cache true → false`. */
export function writeProperty({ name, before, after }: PropertyChange): string {
  return `${name} ${String(before)} → ${String(after)}`;
}

/** A difference in one line, for Markdown and for searching. */
export function writeDifference({ gained, lost, properties }: DefinitionDifference): string {
  return [
    ...gained.map(({ name, bit }) => `+${name ?? bit}`),
    ...lost.map(({ name, bit }) => `−${name ?? bit}`),
    ...properties.map(writeProperty),
  ].join(', ');
}
