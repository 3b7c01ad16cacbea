import { useIsOperator } from '../../api/session.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { AuditTab } from './audit-tab.tsx';
import { ImportTab } from './import-tab.tsx';
import { JoinTab } from './join-tab.tsx';
import { TokensTab } from './tokens-tab.tsx';
import './fleet.css';

const tabs = [
  { value: 'import', label: 'Import' },
  { value: 'join', label: 'Join' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'audit', label: 'Audit' },
] as const;

/** Getting hosts in, and who may do what. */
export function FleetView({ state }: { readonly state: ViewState<'fleet'> }) {
  const change = useChange('fleet');
  const isOperator = useIsOperator();
  return (
    <Shell title="Manage the fleet" panel={<FleetPanel />} commands={[]}>
      <Tabs label="Parts of the fleet" tabs={tabs} chosen={state.tab} onChoose={(tab) => change({ tab, sort: '' })}>
        {isOperator ? (
          <Tab state={state} />
        ) : (
          <EmptyState title="This needs an operator">
            <p>You are logged in as a viewer: log in with a token of the role operator to change the fleet.</p>
          </EmptyState>
        )}
      </Tabs>
    </Shell>
  );
}

function Tab({ state }: { readonly state: ViewState<'fleet'> }) {
  const change = useChange('fleet');
  const onSort = (sort: string) => change({ sort });
  switch (state.tab) {
    case 'import':
      return <ImportTab />;
    case 'join':
      return <JoinTab />;
    case 'tokens':
      return <TokensTab sort={state.sort} onSort={onSort} />;
    case 'audit':
      return <AuditTab sort={state.sort} onSort={onSort} />;
  }
}

function FleetPanel() {
  return (
    <div className="field panel-host">
      <span className="field-label">Manage</span>
      <span className="field-value">hosts in, and who may</span>
    </div>
  );
}
