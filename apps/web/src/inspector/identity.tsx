import type { Resolution } from '@cpu-atlas/core';
import { Section } from './section.tsx';

const hex = (value: number) => `0x${(value >>> 0).toString(16)}`;

/** Who the guest CPU says it is, and how far its CPUID leaves go. */
export function Identity({ resolution }: { readonly resolution: Resolution }) {
  const { vendor, family, model, stepping, modelId, level, xlevel, xlevel2, properties, levelRaises } = resolution;
  const physBits = properties['phys-bits'];
  return (
    <Section title="Identity and levels">
      <dl className="facts">
        <dt>vendor</dt>
        <dd className="mono">{vendor}</dd>
        <dt>model-id</dt>
        <dd className="mono">{modelId}</dd>
        <dt>family, model, stepping</dt>
        <dd className="mono">
          {family}, {model}, {stepping}
        </dd>
        <dt>level</dt>
        <dd className="mono">{hex(level)}</dd>
        <dt>xlevel</dt>
        <dd className="mono">{hex(xlevel)}</dd>
        {xlevel2 === 0 ? null : (
          <>
            <dt>xlevel2</dt>
            <dd className="mono">{hex(xlevel2)}</dd>
          </>
        )}
        <dt>phys-bits</dt>
        <dd className="mono">{physBits ?? '?'}</dd>
      </dl>
      {levelRaises.length === 0 ? null : (
        <ul className="inspector-remarks">
          {levelRaises.map(({ level: name, to, because }) => (
            <li key={name}>
              {because} raised {name} to <span className="mono">{hex(to)}</span>.
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
