import { lazy, Suspense, useEffect } from 'react';
import { FaultNotice } from './components/fault-notice.tsx';
import { Shell } from './components/shell.tsx';
import { useRoute } from './navigation/use-route.ts';
import type { Route } from './navigation/route.ts';
import { screens } from './navigation/screens.ts';
import { LoginGate } from './views/login/login-gate.tsx';
import { MatrixView } from './views/matrix-view.tsx';

/** The matrix is what most links open: it comes with the page. The others are loaded when they are first shown. */
const CompareView = lazy(async () => ({ default: (await import('./views/compare/compare-view.tsx')).CompareView }));
const DecodeView = lazy(async () => ({ default: (await import('./views/decode/decode-view.tsx')).DecodeView }));
const FleetView = lazy(async () => ({ default: (await import('./views/fleet/fleet-view.tsx')).FleetView }));
const HostView = lazy(async () => ({ default: (await import('./views/host/host-view.tsx')).HostView }));
const HostsView = lazy(async () => ({ default: (await import('./views/hosts/hosts-view.tsx')).HostsView }));
const ModelView = lazy(async () => ({ default: (await import('./views/models/model-view.tsx')).ModelView }));
const ModelsView = lazy(async () => ({ default: (await import('./views/models/models-view.tsx')).ModelsView }));
const PivotView = lazy(async () => ({ default: (await import('./views/pivot/pivot-view.tsx')).PivotView }));
const PoolsView = lazy(async () => ({ default: (await import('./views/pools/pools-view.tsx')).PoolsView }));
const ReportsView = lazy(async () => ({ default: (await import('./views/reports/reports-view.tsx')).ReportsView }));
const SecurityView = lazy(async () => ({ default: (await import('./views/security/security-view.tsx')).SecurityView }));
const StabilityView = lazy(async () => ({
  default: (await import('./views/stability/stability-view.tsx')).StabilityView,
}));
const VmsView = lazy(async () => ({ default: (await import('./views/vms/vms-view.tsx')).VmsView }));

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
