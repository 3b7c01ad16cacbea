import type { BaselineResult } from '@cpu-atlas/contract';
import { joinDropped } from './join-dropped.ts';
import type { DroppedRow } from './join-dropped.ts';

const shownRows = 400;

/** Every feature that some host has and a baseline does not: which host decides it, by which bit, for want of what. */
export function DroppedFeatures({ answers }: { readonly answers: readonly BaselineResult[] }) {
  const rows = joinDropped(answers);
  if (rows.length === 0) return null;
  return (
    <section className="page-section">
      <h2 className="page-section-title">What it costs to be one pool</h2>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Bit</th>
            <th scope="col">Have it</th>
            {answers.map(({ mode }) => (
              <th key={mode} scope="col">
                {heads[mode]}
              </th>
            ))}
            <th scope="col">Decides</th>
            <th scope="col">Because</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shownRows).map((row) => (
            <Row key={`${row.vendor} ${row.name}`} row={row} answers={answers} />
          ))}
        </tbody>
      </table>
      {rows.length > shownRows ? <p className="quiet">and {rows.length - shownRows} more</p> : null}
    </section>
  );
}

const heads = {
  'all-you-can-enable': 'enable',
  'match-host-cpu': 'match',
  'best-predefined-model': 'predefined',
} as const satisfies Record<BaselineResult['mode'], string>;

function Row({ row, answers }: { readonly row: DroppedRow; readonly answers: readonly BaselineResult[] }) {
  const { name, bit, have, of, droppedBy, decidingHost, lackedBy, blocker } = row;
  return (
    <tr>
      <th scope="row" className="mono">
        {name}
      </th>
      <td className="mono">{bit}</td>
      <td className="number">
        {have}/{of}
      </td>
      {answers.map(({ mode }) => (
        <td key={mode}>
          {droppedBy.has(mode) ? (
            <span className="glyph-refused" title="left out">
              ✕
            </span>
          ) : (
            <span className="glyph-runs" title="kept">
              ●
            </span>
          )}
        </td>
      ))}
      <td title={lackedBy.join(', ')}>{decidingHost ?? 'the model'}</td>
      <td>
        {blocker === null ? (
          <span className="quiet">{decidingHost === null ? 'the model does not ask for it' : 'not known'}</span>
        ) : (
          <>
            {blocker.layer}: {blocker.evidence} <span className="quiet">→ {blocker.remedy}</span>
          </>
        )}
      </td>
    </tr>
  );
}
