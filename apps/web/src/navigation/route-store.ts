import { formatRoute, initialMatrixState, parseRoute } from './route.ts';
import type { MatrixRoute, Route } from './route.ts';

/** push: a step that Back undoes. replace: a step of the same gesture (typing, moving, dragging, pinning). */
export type HistoryStep = 'push' | 'replace';

export interface RouteStore {
  readonly current: () => Route;
  /** Where the matrix was left. */
  readonly lastMatrix: () => MatrixRoute;
  readonly navigate: (next: (current: Route) => Route, step: HistoryStep) => void;
  readonly subscribe: (onChange: () => void) => () => void;
}

/** Browsers stop a page that rewrites its address for every key of a held arrow; so the address bar follows later. */
const addressDelayMs = 200;

/** The route of a window: at once in memory, a moment later in the address bar, and back with Back and Forward. */
export function createRouteStore(page: Window): RouteStore {
  const listeners = new Set<() => void>();
  let route = parseRoute(new URL(page.location.href));
  let lastMatrix: MatrixRoute = { view: 'matrix', state: initialMatrixState };
  let pending: number | null = null;

  const adopt = (next: Route) => {
    route = next;
    if (next.view === 'matrix') lastMatrix = next;
    listeners.forEach((onChange) => onChange());
  };
  if (route.view === 'matrix') lastMatrix = route;
  const writeAddress = () => {
    if (pending !== null) page.clearTimeout(pending);
    pending = null;
    page.history.replaceState(null, '', formatRoute(route));
  };
  page.addEventListener('popstate', () => {
    if (pending !== null) page.clearTimeout(pending);
    pending = null;
    adopt(parseRoute(new URL(page.location.href)));
  });
  page.addEventListener('pagehide', () => {
    if (pending !== null) writeAddress();
  });

  return {
    current: () => route,
    lastMatrix: () => lastMatrix,
    subscribe: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    navigate: (next, step) => {
      const target = next(route);
      if (formatRoute(target) === formatRoute(route)) return;
      if (step === 'push') {
        if (pending !== null) writeAddress();
        page.history.pushState(null, '', formatRoute(target));
      } else {
        pending ??= page.setTimeout(writeAddress, addressDelayMs);
      }
      adopt(target);
    },
  };
}
