import { useQuery } from '@tanstack/react-query';
import { faultOf } from '../../api/fault.ts';
import { catalogsQuery, hostQuery, hostsQuery } from '../../api/queries.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { HostOverview } from './host-overview.tsx';
import { RegisterExplorer } from './register-explorer.tsx';
import { Timeline } from './timeline.tsx';
import './host.css';

const tabs = [
  { value: 'overview', label: 'Overview' },
  { value: 'registers', label: 'Registers' },
  { value: 'timeline', label: 'Timeline' },
] as const;

/** One host: what was seen of each layer, its registers down to the bit. */
export function HostView({ state }: { readonly state: ViewState<'host'> }) {
  const change = useChange('host');
  const hosts = useQuery(hostsQuery);
  const id = state.id || (hosts.data?.items.find(({ isSelf }) => isSelf)?.id ?? '');
  const host = useQuery(hostQuery(id, state.at));
  const catalogs = useQuery(catalogsQuery);
  useKeys({ '/': focusSearchField });
  const failed = id === '' ? hosts : host;
  const name = host.data?.summary.name ?? '…';
  return (
    <Shell
      title={`Host ${name}`}
      panel={<HostPanel name={name} at={state.at} onPick={(at) => change({ id, at })} />}
      commands={[]}
    >
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      {failed.isError && failed.data === undefined ? (
        <FaultNotice fault={faultOf(failed.error)} onRetry={() => void failed.refetch()} />
      ) : host.data === undefined ? (
        <div className="host-skeleton" role="status" aria-label="Loading the host" />
      ) : (
        <Tabs label="Parts of the host" tabs={tabs} chosen={state.tab} onChoose={(tab) => change({ id, tab })}>
          {state.tab === 'overview' ? (
            <div className="hosts" tabIndex={0} role="region" aria-label="Overview">
              <HostOverview
                host={host.data.summary}
                snapshot={host.data.snapshot}
                catalogs={catalogs.data?.items ?? []}
              />
            </div>
          ) : state.tab === 'timeline' ? (
            <Timeline host={id} chosen={state.observation} onChoose={(observation) => change({ observation })} />
          ) : (
            <RegisterExplorer snapshot={host.data.snapshot} state={state} change={change} />
          )}
        </Tabs>
      )}
    </Shell>
  );
}

interface HostPanelProps {
  readonly name: string;
  readonly at: string;
  readonly onPick: (at: string) => void;
}

function HostPanel({ name, at, onPick }: HostPanelProps) {
  return (
    <>
      <div className="field panel-host">
        <span className="field-label">Host</span>
        <span className="field-value">{name}</span>
      </div>
      <TimeField at={at} onPick={onPick} />
    </>
  );
}
