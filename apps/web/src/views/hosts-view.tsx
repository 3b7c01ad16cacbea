import { useQuery } from '@tanstack/react-query';
import type { HostSummary } from '@cpu-atlas/contract';
import { faultOf } from '../api/fault.ts';
import { catalogsQuery, hostsQuery } from '../api/queries.ts';
import { FaultNotice } from '../components/fault-notice.tsx';
import { Shell } from '../components/shell.tsx';
import { HostCard } from './host-card.tsx';
import './hosts-view.css';

/** The hosts that this backend knows: what was seen of each, what was not, and how to mend it. */
export function HostsView() {
  const hosts = useQuery(hostsQuery);
  const catalogs = useQuery(catalogsQuery);
  const items: readonly HostSummary[] = hosts.data?.items ?? [];
  return (
    <Shell title="Hosts" panel={<HostsPanel count={hosts.data === undefined ? null : items.length} />} commands={[]}>
      <div className="hosts" tabIndex={0} role="region" aria-label="Hosts">
        {hosts.isError && hosts.data === undefined ? (
          <FaultNotice fault={faultOf(hosts.error)} onRetry={() => void hosts.refetch()} />
        ) : null}
        {hosts.isPending ? <div className="host-skeleton" role="status" aria-label="Loading the hosts" /> : null}
        {items.map((host) => (
          <HostCard key={host.id} host={host} catalogs={catalogs.data?.items ?? []} />
        ))}
      </div>
    </Shell>
  );
}

function HostsPanel({ count }: { readonly count: number | null }) {
  return (
    <div className="field panel-host">
      <span className="field-label">Hosts</span>
      <span className="field-value">{count === null ? '…' : count === 1 ? 'this host' : count}</span>
    </div>
  );
}
