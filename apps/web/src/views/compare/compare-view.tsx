import { useEffect } from 'react';
import { AsOfBanner } from '../../components/as-of-banner.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FaultNotice } from '../../components/fault-notice.tsx';
import { focusSearchField } from '../../components/inputs.tsx';
import { AcceleratorField } from '../../components/launch-fields.tsx';
import { Shell } from '../../components/shell.tsx';
import { TimeField } from '../../components/time-field.tsx';
import { useKeys } from '../../components/use-keys.ts';
import { formatRoute, routeTo } from '../../navigation/route.ts';
import type { ViewState } from '../../navigation/route.ts';
import { useChange } from '../../navigation/use-route.ts';
import { CatalogPick, MachinePick } from '../models/catalog-pick.tsx';
import { useCatalog } from '../models/use-catalog.ts';
import type { LoadedCatalog } from '../models/use-catalog.ts';
import { AddItem } from './add-item.tsx';
import { CompareSheet } from './compare-sheet.tsx';
import { useTray } from './tray.ts';
import './compare.css';

/** Two to eight things of any kind side by side, what differs first. */
export function CompareView({ state }: { readonly state: ViewState<'compare'> }) {
  const change = useChange('compare');
  const tray = useTray();
  const loaded = useCatalog(state.catalog);
  useKeys({ '/': focusSearchField, e: () => change({ showEqual: !state.showEqual }) });
  useEffect(() => {
    if (state.items.length > 0) tray.replace(state.items);
    else if (tray.items.length > 0) change({ items: tray.items }, 'replace');
  }, [state.items, tray, change]);
  const hash = loaded.kind === 'ready' && !loaded.isSuperseded ? loaded.hash : '';
  useEffect(() => {
    // The link shows the same elsewhere and later.
    if (hash !== '' && state.catalog === '') change({ catalog: hash }, 'replace');
  }, [hash, state.catalog, change]);
  const replaceItems = (items: readonly string[]) => {
    tray.replace(items);
    change({ items });
  };
  const panel = loaded.kind === 'ready' ? <ComparePanel loaded={loaded} state={state} onItems={replaceItems} /> : null;
  return (
    <Shell title="Compare" panel={panel} commands={[]}>
      <AsOfBanner at={state.at} onNow={() => change({ at: '' })} />
      {loaded.kind === 'fault' ? (
        <FaultNotice fault={loaded.fault} onRetry={loaded.retry} />
      ) : loaded.kind === 'loading' ? (
        <div className="compare-skeleton" role="status" aria-label="Loading the comparison" />
      ) : state.items.length === 0 ? (
        <Nothing />
      ) : (
        <CompareSheet loaded={loaded} state={state} onItems={replaceItems} />
      )}
    </Shell>
  );
}

interface ComparePanelProps {
  readonly loaded: LoadedCatalog;
  readonly state: ViewState<'compare'>;
  readonly onItems: (items: readonly string[]) => void;
}

function ComparePanel({ loaded, state, onItems }: ComparePanelProps) {
  const change = useChange('compare');
  return (
    <>
      <CatalogPick loaded={loaded} onPick={(catalog) => change({ catalog })} />
      <MachinePick
        machines={loaded.index.catalog.machines}
        machine={state.machine}
        onPick={(machine) => change({ machine })}
      />
      <AcceleratorField accel={state.accel} onChange={change} />
      <TimeField at={state.at} onPick={(at) => change({ at })} />
      <AddItem loaded={loaded} state={state} onItems={onItems} />
    </>
  );
}

function Nothing() {
  return (
    <EmptyState
      title="Nothing to compare yet"
      action={
        <>
          <a className="button" href={formatRoute(routeTo('models'))}>
            Models
          </a>
          <a className="button" href={formatRoute(routeTo('hosts'))}>
            Hosts
          </a>
        </>
      }
    >
      <p>
        Put two to eight things aside: press <kbd>c</kbd> on a cell of a matrix or on a model, use “Compare” on their
        pages, or add hosts and models above. What differs comes first.
      </p>
    </EmptyState>
  );
}
