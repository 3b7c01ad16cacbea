import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { HostSummary, VmsResult } from '@cpu-atlas/contract';
import { useMemo } from 'react';
import { vmsQuery } from '../../api/queries.ts';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { PickList } from '../../components/pick-list.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { useHostList } from '../hosts/use-host-list.ts';
import { AnswerOf } from '../pools/answer.tsx';
import { findCatalog, useCatalogOptions } from '../pools/pools-panel.tsx';
import { stampOf } from '../pools/select-hosts.ts';
import { DrainTab } from './drain-tab.tsx';
import { ListTab } from './list-tab.tsx';
import { ReachTab } from './reach-tab.tsx';
import { UpgradeTab } from './upgrade-tab.tsx';
import { useLedger } from './use-ledger.ts';
import '../pools/pools.css';

const everyHost = { search: '', freshness: '', source: '' } as const;

/** What every question about the VMs holds. */
export interface VmsQuestion {
  readonly body: { readonly text: string; readonly host?: string; readonly catalog?: string; readonly at?: string };
  readonly stamp: string;
  readonly hosts: readonly HostSummary[];
}

/** Where VMs can go, which moves are traps, how to empty a host, how to upgrade all. */
export function VmsView({ state }: { readonly state: ViewState<'vms'> }) {
  const change = useChange('vms');
  const { ledger } = useLedger();
  const loaded = useHostList({ ...everyHost, at: state.at });
  const hasVms = ledger.text.trim() !== '';
  const question = useMemo(
    (): VmsQuestion => ({
      body: {
        text: ledger.text,
        ...(ledger.host === '' ? {} : { host: ledger.host }),
        ...(state.catalog === '' ? {} : { catalog: state.catalog }),
        ...(state.at === '' ? {} : { at: state.at }),
      },
      stamp: stampOf(loaded.hosts),
      hosts: loaded.hosts,
    }),
    [ledger, state.catalog, state.at, loaded.hosts],
  );
  const isReady = hasVms && !loaded.isPending && !loaded.isGrowing;
  const query = useQuery({
    ...vmsQuery(question.body, question.stamp),
    enabled: isReady,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const count = query.data?.groups.reduce((sum, { vms }) => sum + vms.length, 0);
  useKeys({ '/': focusSearchField });
  return (
    <Shell title="VMs" panel={<VmsPanel state={state} count={hasVms ? count : 0} />} commands={[]}>
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      <Tabs
        label="Parts of the VM ledger"
        tabs={[
          { value: 'list', label: 'List', count: hasVms ? count : undefined },
          { value: 'reach', label: 'Reach' },
          { value: 'drain', label: 'Drain' },
          { value: 'upgrade', label: 'Rolling upgrade' },
        ]}
        chosen={state.tab}
        onChoose={(tab) => change({ tab })}
      >
        {state.tab === 'list' ? (
          <ListTab query={query} hosts={loaded.hosts} />
        ) : !hasVms ? (
          <EmptyState
            title="No VM is known"
            action={
              <button type="button" className="button" onClick={() => change({ tab: 'list' })}>
                Give a list
              </button>
            }
          >
            <p>Paste or drop a list of VMs: CSV, JSON, or what virsh dumpxml prints.</p>
          </EmptyState>
        ) : (
          <AnswerOf query={query} what="where each VM can go">
            {(answer) => <Tab answer={answer} question={question} state={state} />}
          </AnswerOf>
        )}
      </Tabs>
    </Shell>
  );
}

interface TabProps {
  readonly answer: VmsResult;
  readonly question: VmsQuestion;
  readonly state: ViewState<'vms'>;
}

function Tab({ answer, question, state }: TabProps) {
  switch (state.tab) {
    case 'reach':
      return <ReachTab answer={answer} hosts={question.hosts} state={state} />;
    case 'drain':
      return <DrainTab answer={answer} question={question} state={state} />;
    case 'upgrade':
      return <UpgradeTab question={question} state={state} />;
    case 'list':
      return null;
  }
}

function VmsPanel({ state, count }: { readonly state: ViewState<'vms'>; readonly count: number | undefined }) {
  const change = useChange('vms');
  const catalogs = useCatalogOptions();
  return (
    <>
      <div className="field">
        <span className="field-label">VMs</span>
        <span className="field-value mono">{count ?? '…'}</span>
      </div>
      <PickList
        label="QEMU"
        value={
          <span className="mono panel-value">
            {catalogs.find(({ value }) => value === findCatalog(catalogs, state.catalog))?.label ?? 'own'}
          </span>
        }
        chosen={findCatalog(catalogs, state.catalog)}
        options={[{ value: '', label: 'each host’s own' }, ...catalogs]}
        onPick={(catalog) => change({ catalog })}
      />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}
