import { useDeferredValue, useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { SearchField, Select, focusSearchField } from '../../components/inputs.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Shell } from '../../components/shell.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange, useNavigate } from '../../navigation/use-route.ts';
import { NoHostFits } from './no-host-fits.tsx';
import { hostColumns } from './host-columns.tsx';
import { useHostList } from './use-host-list.ts';
import type { LoadedHosts } from './use-host-list.ts';
import '../host/host.css';

const sources = [
  { value: '', label: 'known from anywhere' },
  { value: 'self', label: 'this backend' },
  { value: 'agent', label: 'agents' },
  { value: 'import', label: 'imports' },
  { value: 'demo', label: 'the demo fleet' },
] as const;

/** All hosts of the fleet: what they are, and whether they can still be believed. */
export function HostsView({ state }: { readonly state: ViewState<'hosts'> }) {
  const change = useChange('hosts');
  const navigate = useNavigate();
  const search = useDeferredValue(state.search);
  const { freshness, source, sort, at } = state;
  const loaded = useHostList({ search, freshness, source, at });
  const columns = useMemo(() => hostColumns(at), [at]);
  const isFiltered = search !== '' || freshness !== '' || source !== '';
  useKeys({ '/': focusSearchField });
  return (
    <Shell
      title="Hosts"
      panel={<HostsPanel loaded={loaded} at={at} onPick={(time) => change({ at: time })} />}
      commands={[]}
    >
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      <div className="page">
        <div className="page-toolbar">
          <SearchField
            label="Search hosts"
            placeholder="Name, label, CPU, kernel"
            value={state.search}
            onChange={(text) => change({ search: text }, 'replace')}
          />
          <Segmented
            label="Heard"
            choices={freshnessChoices(loaded)}
            chosen={freshness}
            onChoose={(chosen) => change({ freshness: chosen })}
          />
          <Select
            label="Known from"
            value={source}
            options={sources}
            onChange={(chosen) => change({ source: chosen })}
          />
          {loaded.isGrowing ? (
            <p className="page-toolbar-end quiet" role="status">
              {loaded.hosts.length} of {loaded.newest?.total ?? 0} loaded
            </p>
          ) : null}
        </div>
        {loaded.error !== null ? (
          <FaultNotice fault={faultOf(loaded.error)} onRetry={loaded.retry} />
        ) : loaded.isPending ? (
          <div className="host-skeleton" role="status" aria-label="Loading the hosts" />
        ) : (
          <DataTable
            label="Hosts"
            columns={columns}
            rows={loaded.hosts}
            keyOf={({ id }) => id}
            sort={sort}
            onSort={(next) => change({ sort: next })}
            onOpen={({ id }) => navigate(routeTo('host', { id, at }))}
            empty={
              <NoHosts
                isFiltered={isFiltered}
                at={at}
                onReset={() => change({ search: '', freshness: '', source: '' })}
              />
            }
          />
        )}
      </div>
    </Shell>
  );
}

function freshnessChoices({ newest }: LoadedHosts) {
  const count = (state: 'fresh' | 'stale' | 'unreachable') =>
    newest === null ? state : `${state} ${newest.byFreshness[state]}`;
  return [
    { value: '', label: 'all' },
    { value: 'fresh', label: count('fresh') },
    { value: 'stale', label: count('stale') },
    { value: 'unreachable', label: count('unreachable') },
  ] as const;
}

interface NoHostsProps {
  readonly isFiltered: boolean;
  readonly at: string;
  readonly onReset: () => void;
}

function NoHosts({ isFiltered, at, onReset }: NoHostsProps) {
  if (!isFiltered && at !== '')
    return (
      <EmptyState title="No host was known at that time">
        <p>Choose a later time.</p>
      </EmptyState>
    );
  if (!isFiltered) {
    return (
      <EmptyState title="No host is known yet">
        <p>
          This backend could not probe its own host. Join others with <code>cpu-atlas serve --join URL</code>, or import
          what they print.
        </p>
      </EmptyState>
    );
  }
  return <NoHostFits filters="search and the filters" onReset={onReset} />;
}

interface HostsPanelProps {
  readonly loaded: LoadedHosts;
  readonly at: string;
  readonly onPick: (at: string) => void;
}

function HostsPanel({ loaded: { newest }, at, onPick }: HostsPanelProps) {
  const silent = newest === null ? 0 : newest.byFreshness.stale + newest.byFreshness.unreachable;
  return (
    <>
      <div className="field panel-host">
        <span className="field-label">Hosts</span>
        <span className="field-value">
          {newest === null ? '…' : newest.total}
          {silent === 0 ? null : <span className="quiet">{silent} silent</span>}
        </span>
      </div>
      <TimeField at={at} onPick={onPick} />
    </>
  );
}
