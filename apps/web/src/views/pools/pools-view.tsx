import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Banner, FaultNotice } from '../../components/fault-notice.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useKeys } from '../../components/use-keys.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { useHostList } from '../hosts/use-host-list.ts';
import { BaselinesTab } from './baselines-tab.tsx';
import { ChoicesTab } from './choices-tab.tsx';
import { HostsTab } from './hosts-tab.tsx';
import { MigrationTab } from './migration-tab.tsx';
import { PartitionTab } from './partition-tab.tsx';
import { useAnswered, usePlanInput } from './plan-input.ts';
import type { PlanInput } from './plan-input.ts';
import { PoolsPanel } from './pools-panel.tsx';
import { selectHosts } from './select-hosts.ts';
import type { HostSelection } from './select-hosts.ts';
import { WhatIfTab } from './what-if-tab.tsx';
import './pools.css';

const everyHost = { search: '', freshness: '', source: '' } as const;

/** Which hosts form a pool, which CPU to give it, and what can move where. */
export function PoolsView({ state }: { readonly state: ViewState<'pools'> }) {
  const change = useChange('pools');
  const { at } = state;
  const loaded = useHostList({ ...everyHost, at });
  const { hosts, search, labels } = state;
  const selection = useMemo(
    () => selectHosts(loaded.hosts, { hosts, search, labels }),
    [loaded.hosts, hosts, search, labels],
  );
  const input = usePlanInput(selection, state);
  const isReady = !loaded.isPending && !loaded.isGrowing && loaded.error === null;
  useKeys({ '/': focusSearchField });
  return (
    <Shell
      title="Pools"
      panel={<PoolsPanel input={input} total={loaded.newest?.total ?? 0} state={state} isReady={isReady} />}
      commands={[]}
    >
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      <Tabs
        label="Parts of the planner"
        tabs={[
          { value: 'hosts', label: 'Hosts', count: isReady ? selection.chosen.length : undefined },
          { value: 'choices', label: 'Choices' },
          { value: 'baselines', label: 'Baselines' },
          { value: 'partition', label: 'Partition' },
          { value: 'what-if', label: 'What if' },
          { value: 'migration', label: 'Migration' },
        ]}
        chosen={state.tab}
        onChoose={(tab) => change({ tab, sort: '' })}
      >
        {loaded.error !== null ? (
          <FaultNotice fault={faultOf(loaded.error)} onRetry={loaded.retry} />
        ) : !isReady ? (
          <p className="pool-waiting" role="status">
            Loading the hosts{loaded.isGrowing ? `, ${loaded.hosts.length} of ${loaded.newest?.total ?? 0}` : ''} …
          </p>
        ) : state.tab === 'hosts' ? (
          <HostsTab hosts={loaded.hosts} selection={selection} state={state} />
        ) : (
          <Answers selection={selection} input={input} state={state} />
        )}
      </Tabs>
    </Shell>
  );
}

interface AnswersProps {
  readonly selection: HostSelection;
  readonly input: PlanInput;
  readonly state: ViewState<'pools'>;
}

/** The tabs that answer, once it is certain which hosts they are about. */
function Answers({ selection, input, state }: AnswersProps) {
  const change = useChange('pools');
  const answered = useAnswered(input);
  const { missing, chosen } = selection;
  if (missing.length > 0) {
    return (
      <EmptyState
        title={`This fleet does not know ${missing.length === 1 ? 'one host' : `${missing.length} hosts`} of the link`}
        action={
          <button
            type="button"
            className="button"
            onClick={() => change({ hosts: chosen.map(({ id }) => id) }, 'replace')}
          >
            Go on without {missing.length === 1 ? 'it' : 'them'}
          </button>
        }
      >
        <p>
          Without them the answer could promise more than the pool can give:{' '}
          <code>{missing.slice(0, 8).join(', ')}</code>
          {missing.length > 8 ? ` and ${missing.length - 8} more` : ''}.
        </p>
      </EmptyState>
    );
  }
  if (chosen.length === 0) {
    return (
      <EmptyState
        title="No host is chosen"
        action={
          <button type="button" className="button" onClick={() => change({ tab: 'hosts' })}>
            Choose hosts
          </button>
        }
      >
        <p>The answers here are about the hosts of the first tab.</p>
      </EmptyState>
    );
  }
  if (answered.isError) {
    return <FaultNotice fault={faultOf(answered.error)} onRetry={() => void answered.refetch()} />;
  }
  const machine = answered.data?.machine ?? '';
  return (
    <>
      <Doubts input={input} assumptions={answered.data?.assumptions ?? []} />
      <Answer input={input} machine={machine} state={state} />
    </>
  );
}

function Answer({ input, machine, state }: Omit<AnswersProps, 'selection'> & { readonly machine: string }) {
  switch (state.tab) {
    case 'choices':
      return <ChoicesTab input={input} machine={machine} state={state} />;
    case 'baselines':
      return <BaselinesTab input={input} state={state} />;
    case 'partition':
      return <PartitionTab input={input} state={state} />;
    case 'what-if':
      return <WhatIfTab input={input} machine={machine} state={state} />;
    case 'migration':
      return <MigrationTab input={input} machine={machine} state={state} />;
    case 'hosts':
      return null;
  }
}

/** What keeps answers from being certain: silent hosts, mixed vendors, catalogs that stand in. */
function Doubts({ input, assumptions }: { readonly input: PlanInput; readonly assumptions: readonly string[] }) {
  const change = useChange('pools');
  const silent = input.hosts.filter(({ freshness }) => freshness.state !== 'fresh');
  const standIns = assumptions.filter((text) => !text.startsWith('machine type '));
  if (silent.length === 0 && standIns.length === 0) return null;
  const fresh = input.hosts.filter(({ freshness }) => freshness.state === 'fresh').map(({ id }) => id);
  return (
    <Banner
      action={
        silent.length === 0 ? undefined : (
          <button type="button" className="button" onClick={() => change({ hosts: fresh })}>
            Plan without {silent.length === 1 ? 'it' : 'them'}
          </button>
        )
      }
    >
      {silent.length === 0 ? null : (
        <>
          {silent
            .slice(0, 3)
            .map(({ name, freshness }) => `${name} is ${freshness.state}`)
            .join(', ')}
          {silent.length > 3 ? ` and ${silent.length - 3} more are silent` : ''}: what depends on{' '}
          {silent.length === 1 ? 'it' : 'them'} is unknown.{' '}
        </>
      )}
      {standIns.length === 0 ? null : (
        <details className="pool-assumptions">
          <summary>
            {standIns.length === 1 ? '1 catalog stands' : `${standIns.length} catalogs stand`} in for a QEMU that was
            not harvested
          </summary>
          <ul>
            {standIns.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
    </Banner>
  );
}
