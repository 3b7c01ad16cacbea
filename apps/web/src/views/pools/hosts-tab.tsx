import type { HostSummary } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { Freshness } from '../../components/freshness.tsx';
import { Icon } from '../../components/icons.tsx';
import { SearchField } from '../../components/inputs.tsx';
import { PickList } from '../../components/pick-list.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import type { TableColumn } from '../../components/table/table-column.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { NoHostFits } from '../hosts/no-host-fits.tsx';
import { filterHosts, foldClasses, listLabels, nameFold } from './select-hosts.ts';
import type { HostFold, HostSelection } from './select-hosts.ts';

interface HostsTabProps {
  readonly hosts: readonly HostSummary[];
  readonly selection: HostSelection;
  readonly state: ViewState<'pools'>;
}

const listings = [
  { value: 'hosts', label: 'hosts' },
  { value: 'classes', label: 'classes', title: 'Hosts that come out the same in everything are one line' },
] as const;

/** Which hosts the answers are about: by search, by label, by class, or by hand. */
export function HostsTab({ hosts, selection, state }: HostsTabProps) {
  const change = useChange('pools');
  const { search, labels, listing, sort } = state;
  const rows = useMemo(() => {
    const listed = filterHosts(hosts, { search, labels });
    return listing === 'classes'
      ? foldClasses(listed)
      : listed.map((host): HostFold => ({ key: host.id, hosts: [host] }));
  }, [hosts, search, labels, listing]);
  const chosen = useMemo(() => {
    const ids = new Set(selection.chosen.map(({ id }) => id));
    return new Set(rows.filter((row) => row.hosts.every(({ id }) => ids.has(id))).map(({ key }) => key));
  }, [rows, selection]);
  const choose = (keys: ReadonlySet<string>) => {
    const listed = new Set(rows.flatMap((row) => row.hosts.map(({ id }) => id)));
    const beyond = state.hosts === null ? [] : state.hosts.filter((id) => !listed.has(id));
    const picked = rows.filter(({ key }) => keys.has(key)).flatMap((row) => row.hosts.map(({ id }) => id));
    change({ hosts: [...beyond, ...picked] }, 'replace');
  };
  const isByHand = state.hosts !== null;
  return (
    <>
      <div className="page-toolbar">
        <SearchField
          label="Search hosts"
          placeholder="Name, label, CPU, kernel"
          value={search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <LabelPicker hosts={hosts} labels={labels} />
        <Segmented
          label="List"
          choices={listings}
          chosen={listing}
          onChoose={(next) => change({ listing: next, sort: '' })}
        />
        <p className="page-toolbar-end" role="status">
          {isByHand ? (
            <>
              {selection.chosen.length} chosen by hand
              <button type="button" className="button" onClick={() => change({ hosts: null })}>
                Follow the filters
              </button>
            </>
          ) : (
            <span className="quiet">All {selection.chosen.length} that are listed make the pool</span>
          )}
          <button type="button" className="button button-primary" onClick={() => change({ tab: 'choices', sort: '' })}>
            Choose a CPU
          </button>
        </p>
      </div>
      <DataTable
        label="Hosts to choose from"
        columns={listing === 'classes' ? classColumns : columns}
        rows={rows}
        keyOf={({ key }) => key}
        sort={sort}
        onSort={(next) => change({ sort: next })}
        selection={{ chosen, onChange: choose }}
        empty={
          <NoHosts
            isFleetEmpty={hosts.length === 0}
            at={state.at}
            onReset={() => change({ search: '', labels: [], hosts: null })}
          />
        }
      />
    </>
  );
}

function LabelPicker({
  hosts,
  labels,
}: {
  readonly hosts: readonly HostSummary[];
  readonly labels: readonly string[];
}) {
  const change = useChange('pools');
  const options = useMemo(
    () =>
      listLabels(hosts).map(({ label, name, count }) => ({ value: label, label, note: String(count), group: name })),
    [hosts],
  );
  return (
    <>
      <PickList
        label="Labels"
        value={labels.length === 0 ? 'any' : `${labels.length}`}
        chosen={null}
        options={options}
        placeholder="Label"
        onPick={(label) =>
          change({ labels: labels.includes(label) ? labels.filter((one) => one !== label) : [...labels, label] })
        }
      />
      {labels.map((label) => (
        <button
          key={label}
          type="button"
          className="chip pool-chip"
          aria-label={`Without the label ${label}`}
          onClick={() => change({ labels: labels.filter((one) => one !== label) })}
        >
          {label} <Icon name="close" size={10} />
        </button>
      ))}
    </>
  );
}

const firstOf = ({ hosts: [first] }: HostFold): HostSummary => first;

const nameColumn: TableColumn<HostFold> = {
  key: 'name',
  head: 'Host',
  width: 'minmax(180px, 2fr)',
  value: (row) => firstOf(row).name,
  cell: (row) => <a href={formatRoute(routeTo('host', { id: row.key }))}>{nameFold(row)}</a>,
};

const detailColumns: readonly TableColumn<HostFold>[] = [
  {
    key: 'freshness',
    head: 'Heard',
    title: 'A host that is silent makes answers unknown',
    width: '180px',
    value: (row) => -firstOf(row).freshness.silentSeconds,
    cell: (row) => <Freshness freshness={firstOf(row).freshness} />,
  },
  {
    key: 'cpu',
    head: 'CPU',
    width: 'minmax(200px, 3fr)',
    value: (row) => firstOf(row).cpuName ?? firstOf(row).vendor ?? 'unknown',
  },
  {
    key: 'kernel',
    head: 'Kernel',
    width: 'minmax(120px, 1fr)',
    value: (row) => firstOf(row).kernelRelease ?? 'unknown',
  },
  {
    key: 'qemu',
    head: 'QEMU',
    width: 'minmax(80px, 1fr)',
    value: (row) => [...new Set(firstOf(row).qemu.map(({ version }) => version))].join(', ') || 'none',
  },
];

const columns: readonly TableColumn<HostFold>[] = [
  nameColumn,
  ...detailColumns,
  {
    key: 'labels',
    head: 'Labels',
    width: 'minmax(140px, 1.5fr)',
    value: (row) =>
      Object.entries(firstOf(row).labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
  },
];

const classColumns: readonly TableColumn<HostFold>[] = [
  nameColumn,
  { key: 'count', head: 'Hosts', width: '72px', align: 'end', value: ({ hosts }) => hosts.length },
  ...detailColumns,
];

interface NoHostsProps {
  readonly isFleetEmpty: boolean;
  readonly at: string;
  readonly onReset: () => void;
}

function NoHosts({ isFleetEmpty, at, onReset }: NoHostsProps) {
  if (isFleetEmpty && at !== '')
    return (
      <EmptyState title="No host was known at that time">
        <p>Choose a later time.</p>
      </EmptyState>
    );
  if (isFleetEmpty) {
    return (
      <EmptyState title="No host is known yet">
        <p>
          A pool needs hosts: <a href={formatRoute(routeTo('fleet', { tab: 'import' }))}>import</a> what they print, or{' '}
          <a href={formatRoute(routeTo('fleet', { tab: 'join' }))}>let them join</a>.
        </p>
      </EmptyState>
    );
  }
  return <NoHostFits filters="search and the labels" onReset={onReset} />;
}
