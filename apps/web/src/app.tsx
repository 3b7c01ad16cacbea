import { useEffect } from 'react';
import { FaultNotice } from './components/fault-notice.tsx';
import { Shell } from './components/shell.tsx';
import { useRoute } from './navigation/use-route.ts';
import type { Route } from './navigation/route.ts';
import { screens } from './navigation/screens.ts';
import { HostsView } from './views/hosts-view.tsx';
import { MatrixView } from './views/matrix-view.tsx';

/** One view for each route. */
export function App() {
  const route = useRoute();
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  switch (route.view) {
    case 'matrix':
      return <MatrixView state={route.state} />;
    case 'hosts':
      return <HostsView />;
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
