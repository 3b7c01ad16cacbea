import { isDefinedModel, listMachinesOf } from '@cpu-atlas/core';
import type { MachineType } from '@cpu-atlas/core';
import { useEffect, useMemo } from 'react';
import type { ReactNode } from 'react';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { AcceleratorField } from '../../components/launch-fields.tsx';
import { Shell } from '../../components/shell.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { useTray } from '../compare/tray.ts';
import { CatalogPick, MachinePick } from './catalog-pick.tsx';
import { DefinitionTab } from './definition-tab.tsx';
import { FeaturesTab } from './features-tab.tsx';
import { GuestTab } from './guest-tab.tsx';
import { ModelHead } from './model-head.tsx';
import { RunsTab } from './runs-tab.tsx';
import { useCatalog } from './use-catalog.ts';
import type { LoadedCatalog } from './use-catalog.ts';
import './models.css';

const tabs = [
  { value: 'definition', label: 'Definition' },
  { value: 'features', label: 'Features' },
  { value: 'runs', label: 'Where it runs' },
  { value: 'guest', label: 'Guest CPUID' },
] as const;

/** What a part of the screen is about. */
export interface ModelPart {
  readonly loaded: LoadedCatalog;
  readonly state: ViewState<'model'>;
}

/** One CPU model: what it is on each machine type, where it runs, what a guest sees of it. */
export function ModelView({ state }: { readonly state: ViewState<'model'> }) {
  const change = useChange('model');
  const loaded = useCatalog(state.catalog);
  const tray = useTray();
  useKeys({ '/': focusSearchField, c: () => tray.toggle({ kind: 'model', name: state.name }) });
  usePin(loaded.kind === 'ready' && !loaded.isSuperseded ? loaded.hash : '', state);
  const panel = loaded.kind === 'ready' ? <ModelPanel loaded={loaded} state={state} /> : null;
  return (
    <Shell title={`Model ${state.name}`} panel={panel} commands={[]}>
      {loaded.kind === 'fault' ? (
        <FaultNotice fault={loaded.fault} onRetry={loaded.retry} />
      ) : loaded.kind === 'loading' ? (
        <div className="models-skeleton" role="status" aria-label="Loading the model" />
      ) : !loaded.index.modelByName.has(state.name) ? (
        <NoModel loaded={loaded} state={state} />
      ) : (
        <div className="page">
          <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
          <ModelHead loaded={loaded} state={state} />
          <Tabs
            label="Parts of the model"
            tabs={tabs}
            chosen={state.tab}
            onChoose={(tab) => change({ tab, search: '' })}
          >
            <Tab loaded={loaded} state={state} />
          </Tabs>
        </div>
      )}
    </Shell>
  );
}

/** Puts into the address which QEMU was shown, so that the link shows the same elsewhere and later. */
function usePin(hash: string, { catalog }: ViewState<'model'>): void {
  const change = useChange('model');
  useEffect(() => {
    if (hash !== '' && catalog === '') change({ catalog: hash }, 'replace');
  }, [hash, catalog, change]);
}

function Tab({ loaded, state }: ModelPart): ReactNode {
  switch (state.tab) {
    case 'definition':
      return isDefinedModel(state.name) ? <DefinitionTab loaded={loaded} state={state} /> : <Undefined state={state} />;
    case 'features':
      return isDefinedModel(state.name) ? <FeaturesTab loaded={loaded} state={state} /> : <Undefined state={state} />;
    case 'runs':
      return <RunsTab loaded={loaded} state={state} />;
    case 'guest':
      return <GuestTab loaded={loaded} state={state} />;
  }
}

/** `host`, `max` and `base` have no definition. */
function Undefined({ state }: { readonly state: ViewState<'model'> }) {
  return (
    <EmptyState title={`${state.name} is not defined by QEMU`}>
      <p>
        What a guest gets is what the host and the accelerator have: it is another CPU on each host. See where it runs,
        or the CPUID of a guest on one host.
      </p>
    </EmptyState>
  );
}

function NoModel({ loaded, state }: ModelPart) {
  const change = useChange('model');
  const others = loaded.catalogs.filter(({ hash }) => hash !== loaded.hash);
  return (
    <EmptyState
      title={
        state.name === '' ? 'No model is chosen' : `QEMU ${loaded.index.catalog.qemu.version} has no ${state.name}`
      }
      action={
        <>
          <a className="button" href={formatRoute(routeTo('models', { catalog: loaded.hash }))}>
            All its models
          </a>
          {others.map(({ hash, version }) => (
            <button key={hash} type="button" className="button" onClick={() => change({ catalog: hash })}>
              QEMU {version}
            </button>
          ))}
        </>
      }
    >
      <p>Another release may have it.</p>
    </EmptyState>
  );
}

function ModelPanel({ loaded, state }: ModelPart) {
  const change = useChange('model');
  const machines = useMemo(() => listOffered(loaded, state), [loaded, state]);
  return (
    <>
      <CatalogPick loaded={loaded} onPick={(catalog) => change({ catalog })} />
      <MachinePick machines={machines} machine={state.machine} onPick={(machine) => change({ machine })} />
      <AcceleratorField accel={state.accel} onChange={change} />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
    </>
  );
}

function listOffered({ index }: LoadedCatalog, { accel, name }: ViewState<'model'>): readonly MachineType[] {
  const offered = new Set(listMachinesOf(index, accel, name).offered);
  return index.catalog.machines.filter((machine) => offered.has(machine.name));
}
