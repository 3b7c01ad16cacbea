import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo } from 'react';
import { stabilityQuery } from '../../api/queries.ts';
import { Toggle } from '../../components/buttons.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { SearchField, Select, focusSearchField } from '../../components/inputs.tsx';
import { Shell } from '../../components/shell.tsx';
import { DataTable } from '../../components/table/data-table.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange, useNavigate } from '../../navigation/use-route.ts';
import { CatalogPick } from './catalog-pick.tsx';
import { modelColumns } from './model-columns.tsx';
import { CustomTab } from './custom/custom-tab.tsx';
import { filterModelRows, listModelRows } from './model-rows.ts';
import { useCatalog } from './use-catalog.ts';
import type { LoadedCatalog } from './use-catalog.ts';
import './models.css';

const vendors = [
  { value: '', label: 'all vendors' },
  { value: 'AMD', label: 'AMD' },
  { value: 'Intel', label: 'Intel' },
  { value: 'other', label: 'others' },
] as const;

const tabs = [
  { value: 'known', label: 'Of QEMU' },
  { value: 'custom', label: 'Custom' },
] as const;

/** All CPU models of one QEMU, and those of one's own. */
export function ModelsView({ state }: { readonly state: ViewState<'models'> }) {
  const change = useChange('models');
  const loaded = useCatalog(state.catalog);
  useKeys({ '/': focusSearchField });
  const panel =
    loaded.kind === 'ready' ? <CatalogPick loaded={loaded} onPick={(catalog) => change({ catalog })} /> : null;
  return (
    <Shell title="Models" panel={panel} commands={[]}>
      {loaded.kind === 'fault' ? (
        <FaultNotice fault={loaded.fault} onRetry={loaded.retry} />
      ) : loaded.kind === 'loading' ? (
        <div className="models-skeleton" role="status" aria-label="Loading the models" />
      ) : (
        <Tabs
          label="Kinds of models"
          tabs={tabs}
          chosen={state.tab}
          onChoose={(tab) => change({ tab, sort: '', custom: '', side: '' })}
        >
          {state.tab === 'custom' ? (
            <CustomTab loaded={loaded} state={state} />
          ) : (
            <ModelList loaded={loaded} state={state} />
          )}
        </Tabs>
      )}
    </Shell>
  );
}

function ModelList({ loaded, state }: { readonly loaded: LoadedCatalog; readonly state: ViewState<'models'> }) {
  const change = useChange('models');
  const navigate = useNavigate();
  const search = useDeferredValue(state.search);
  const stability = useQuery(stabilityQuery);
  const all = useMemo(() => listModelRows(loaded.index, stability.data?.names), [loaded.index, stability.data]);
  const { vendor, isUnfolded, showDeprecated } = state;
  const rows = useMemo(
    () => filterModelRows(all, { search, vendor, isUnfolded, showDeprecated }),
    [all, search, vendor, isUnfolded, showDeprecated],
  );
  const oldest = stability.data?.releases[0] ?? '';
  const columns = useMemo(() => modelColumns({ catalog: loaded.hash, oldest }), [loaded.hash, oldest]);
  return (
    <div className="page" data-superseded={loaded.isSuperseded ? '' : undefined}>
      <div className="page-toolbar">
        <SearchField
          label="Search models"
          placeholder="Name, family, vendor"
          value={state.search}
          onChange={(text) => change({ search: text }, 'replace')}
        />
        <Select label="Vendor" value={vendor} options={vendors} onChange={(chosen) => change({ vendor: chosen })} />
        <Toggle isOn={isUnfolded} onToggle={(isOn) => change({ isUnfolded: isOn })}>
          Each version
        </Toggle>
        <Toggle isOn={showDeprecated} onToggle={(isOn) => change({ showDeprecated: isOn })}>
          Deprecated
        </Toggle>
        <p className="page-toolbar-end quiet" role="status">
          {rows.length} of {all.length} names
        </p>
      </div>
      <DataTable
        label="Models"
        columns={columns}
        rows={rows}
        keyOf={({ name }) => name}
        sort={state.sort}
        onSort={(sort) => change({ sort })}
        onOpen={({ name }) => navigate(routeTo('model', { name, catalog: loaded.hash }))}
        empty={
          <EmptyState
            title="No model fits"
            action={
              <button
                type="button"
                className="button"
                onClick={() => change({ search: '', vendor: '', showDeprecated: true })}
              >
                Show all
              </button>
            }
          >
            <p>QEMU {loaded.index.catalog.qemu.version} has none that the search and the switches leave.</p>
          </EmptyState>
        }
      />
    </div>
  );
}
