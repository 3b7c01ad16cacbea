import { lazy, Suspense, useEffect, useState } from 'react';
import { FaultNotice } from './components/fault-notice.tsx';
import { Shell } from './components/shell.tsx';
import { useRoute } from './navigation/use-route.ts';
import type { Route } from './navigation/route.ts';
import { screens } from './navigation/screens.ts';
import { LoginGate } from './views/login/login-gate.tsx';
import { MatrixView } from './views/matrix-view.tsx';
import { screenLoads } from './views/screen-loads.ts';
import type { Screen, ScreenLoad } from './views/screen-loads.ts';

/**
 * The component of a screen that is loaded when it is first shown. One that was loaded before is shown at once, and not as
 * something that was waited for: React keeps what stands in for that in place for 300 ms.
 */
function screenOf<Props extends object>({ load, loaded }: ScreenLoad<Props>): Screen<Props> {
  const Awaited = lazy(async () => ({ default: await load() }));
  return function LoadedScreen(props) {
    const [Component] = useState(() => loaded() ?? Awaited);
    return <Component {...props} />;
  };
}

/** The matrix is what most links open: it comes with the page. The others are loaded when they are first shown. */
const CompareView = screenOf(screenLoads.compare);
const DecodeView = screenOf(screenLoads.decode);
const FleetView = screenOf(screenLoads.fleet);
const HostView = screenOf(screenLoads.host);
const HostsView = screenOf(screenLoads.hosts);
const ModelView = screenOf(screenLoads.model);
const ModelsView = screenOf(screenLoads.models);
const PivotView = screenOf(screenLoads.pivot);
const PoolsView = screenOf(screenLoads.pools);
const ReportsView = screenOf(screenLoads.reports);
const SecurityView = screenOf(screenLoads.security);
const StabilityView = screenOf(screenLoads.stability);
const VmsView = screenOf(screenLoads.vms);

/** One view for each route. */
export function App() {
  const route = useRoute();
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  return (
    <LoginGate>
      <Suspense
        fallback={
          <Shell title="Loading" panel={null} commands={[]}>
            <div className="view-waiting" role="status" aria-label="Loading the screen" />
          </Shell>
        }
      >
        <View route={route} />
      </Suspense>
    </LoginGate>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'matrix':
      return <MatrixView state={route.state} />;
    case 'pivot':
      return <PivotView state={route.state} />;
    case 'pools':
      return <PoolsView state={route.state} />;
    case 'vms':
      return <VmsView state={route.state} />;
    case 'models':
      return <ModelsView state={route.state} />;
    case 'model':
      return <ModelView state={route.state} />;
    case 'compare':
      return <CompareView state={route.state} />;
    case 'stability':
      return <StabilityView state={route.state} />;
    case 'security':
      return <SecurityView state={route.state} />;
    case 'reports':
      return <ReportsView state={route.state} />;
    case 'hosts':
      return <HostsView state={route.state} />;
    case 'host':
      return <HostView state={route.state} />;
    case 'fleet':
      return <FleetView state={route.state} />;
    case 'decode':
      return <DecodeView />;
    case 'not-found':
      return (
        <Shell title="CPU Atlas" panel={null} commands={[]}>
          <FaultNotice
            fault={{
              code: 'ROUTE_NOT_FOUND',
              title: 'There is no such view',
              detail: 'The link is mistyped, or it was made by another version of CPU Atlas.',
              where: route.path,
              remedy: 'choose a view at the left',
            }}
          />
        </Shell>
      );
  }
}

function titleOf(route: Route): string {
  if (route.view === 'not-found') return 'CPU Atlas';
  const cell = route.view === 'matrix' ? route.state.cell : null;
  return `${cell === null ? screens[route.view].label : `${cell.model} on ${cell.machine}`} – CPU Atlas`;
}
