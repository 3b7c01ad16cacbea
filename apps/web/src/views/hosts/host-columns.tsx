import type { HostSummary } from '@cpu-atlas/contract';
import { Age } from '../../components/age.tsx';
import { Freshness } from '../../components/freshness.tsx';
import type { TableColumn } from '../../components/table/table-column.ts';
import { TrayButton } from '../compare/tray-button.tsx';
import { formatRoute, routeTo } from '../../navigation/route.ts';

const sourceWords = {
  self: 'this backend',
  agent: 'agent',
  import: 'import',
  demo: 'demo',
} as const satisfies Record<HostSummary['source'], string>;

const freshnessRank = { unreachable: 0, stale: 1, fresh: 2 } as const;

/** What the list of hosts shows, as of a time ('': now), at which its links stay. */
export const hostColumns = (at: string): readonly TableColumn<HostSummary>[] => [
  {
    key: 'name',
    head: 'Host',
    width: 'minmax(150px, 2fr)',
    value: ({ name }) => name,
    cell: ({ id, name }) => <a href={formatRoute(routeTo('host', { id, at }))}>{name}</a>,
  },
  {
    key: 'freshness',
    head: 'Heard',
    title: 'A host that is silent counts as unknown in every answer',
    width: '150px',
    value: ({ freshness }) => freshnessRank[freshness.state] * 1e9 - freshness.silentSeconds,
    cell: ({ freshness }) => <Freshness freshness={freshness} />,
  },
  {
    key: 'cpu',
    head: 'CPU',
    width: 'minmax(180px, 2.5fr)',
    value: ({ cpuName, vendor }) => cpuName ?? vendor ?? 'unknown',
  },
  {
    key: 'kernel',
    head: 'Kernel',
    width: 'minmax(100px, 1fr)',
    value: ({ kernelRelease }) => kernelRelease ?? 'unknown',
  },
  { key: 'qemu', head: 'QEMU', width: 'minmax(70px, 1fr)', value: writeVersions },
  { key: 'source', head: 'Known from', width: '96px', value: ({ source }) => sourceWords[source] },
  {
    key: 'labels',
    head: 'Labels',
    width: 'minmax(160px, 2fr)',
    value: ({ labels }) =>
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(' '),
  },
  {
    key: 'snapshot',
    head: 'Snapshot',
    title: 'When the host was probed',
    width: '100px',
    align: 'end',
    value: ({ collectedAt }) => -Date.parse(collectedAt),
    cell: ({ collectedAt }) => <Age of={collectedAt} />,
  },
  {
    key: 'compare',
    head: '',
    width: '108px',
    value: () => '',
    cell: ({ id }) => <TrayButton item={{ kind: 'host', id }} />,
  },
];

function writeVersions({ qemu }: HostSummary): string {
  return qemu.length === 0 ? 'none' : [...new Set(qemu.map(({ version }) => version))].join(', ');
}
