import { useDeferredValue, useMemo } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { SearchField, Select } from '../../components/inputs.tsx';
import { OutcomeGlyph } from '../../components/outcome-glyph.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import type { StabilityPart } from './changes-tab.tsx';
import { listNameRows } from './name-rows.ts';
import type { NameHistoryLine, NameRow, NameState } from './name-rows.ts';

const kinds = [
  { value: '', label: 'machine types and models' },
  { value: 'machine-type', label: 'machine types' },
  { value: 'cpu-model', label: 'CPU models' },
] as const;

const fates = [
  { value: '', label: 'all' },
  { value: 'retiring', label: 'retiring', title: 'deprecated or removed' },
  { value: 'new', label: 'new', title: 'not in the oldest release' },
] as const;

/** Since when names are there, since when they are deprecated, and in which release they are gone. */
export function RetirementTab({ result, state }: StabilityPart) {
  const change = useChange('stability');
  const search = useDeferredValue(state.search);
  const { kind, fate } = state;
  const rows = useMemo(() => listNameRows(result, { kind, fate, search }), [result, kind, fate, search]);
  return (
    <div className="page">
      <div className="page-toolbar">
        <SearchField
          label="Search names"
          placeholder="Machine type or model"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Select label="Kind" value={kind} options={kinds} onChange={(chosen) => change({ kind: chosen })} />
        <Segmented label="Fate" choices={fates} chosen={fate} onChoose={(chosen) => change({ fate: chosen })} />
        <p className="page-toolbar-end quiet" role="status">
          {rows.length} of {result.names.length} names
        </p>
      </div>
      <div className="page-scroll" tabIndex={0} role="region" aria-label="Names by release">
        {rows.length === 0 ? (
          <EmptyState title="No name fits">
            <p>Nothing among {result.names.length} names of machine types and models.</p>
          </EmptyState>
        ) : (
          <NameSheet rows={rows} releases={result.releases} />
        )}
      </div>
    </div>
  );
}

function NameSheet({ rows, releases }: { readonly rows: readonly NameRow[]; readonly releases: readonly string[] }) {
  return (
    <table className="sheet stability-names">
      <thead>
        <tr>
          <th scope="col">Name</th>
          {releases.map((release) => (
            <th key={release} scope="col" className="mono">
              {release}
            </th>
          ))}
          <th scope="col">What becomes of it</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ history, states }) => (
          <tr key={`${history.kind} ${history.name}`}>
            <th scope="row">
              <a className="mono" href={linkOf(history)}>
                {history.name}
              </a>
            </th>
            {states.map((state, at) => (
              <td key={releases[at]} data-state={state}>
                <OutcomeGlyph outcome={glyphs[state]} /> <span className="stability-small">{stateWords[state]}</span>
              </td>
            ))}
            <td className="quiet">{describeFate(history)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const glyphs = { there: 'runs', deprecated: 'filtered', absent: 'not-offered' } as const satisfies Record<
  NameState,
  string
>;
const stateWords = { there: '', deprecated: 'deprecated', absent: '' } as const satisfies Record<NameState, string>;

function linkOf({ kind, name }: NameHistoryLine): string {
  return formatRoute(
    kind === 'cpu-model'
      ? routeTo('model', { name })
      : routeTo('pivot', { rows: 'model', columns: 'host', machine: name, showDeprecated: true }),
  );
}

function describeFate({ since, deprecatedSince, removedIn }: NameHistoryLine): string {
  const parts = [
    since === null ? '' : `since ${since}`,
    deprecatedSince === null ? '' : `deprecated since ${deprecatedSince}`,
    removedIn === null ? '' : `removed in ${removedIn}: move what uses it first`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
