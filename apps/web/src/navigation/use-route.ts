import { createContext, use, useCallback, useSyncExternalStore } from 'react';
import { routeTo } from './route.ts';
import type { MatrixRoute, MatrixState, Route, View, ViewState } from './route.ts';
import type { HistoryStep, RouteStore } from './route-store.ts';

/** The window's route store; the application provides it. */
export const RouteContext = createContext<RouteStore | null>(null);

function useRouteStore(): RouteStore {
  const store = use(RouteContext);
  if (store === null) throw new Error('RouteContext has no provider');
  return store;
}

/** The route; the component renders anew when it changes. */
export function useRoute(): Route {
  const store = useRouteStore();
  return useSyncExternalStore(store.subscribe, store.current);
}

/** Where the matrix was left; the way back to it. */
export function useLastMatrix(): MatrixRoute {
  const store = useRouteStore();
  return useSyncExternalStore(store.subscribe, store.lastMatrix);
}

export type ChangeMatrix = (change: Partial<MatrixState>, step?: HistoryStep) => void;

/** Changes some of the matrix state and shows the matrix; everything else stays. */
export function useChangeMatrix(): ChangeMatrix {
  const store = useRouteStore();
  return useCallback(
    (change, step = 'push') => {
      store.navigate((current) => {
        const { state } = current.view === 'matrix' ? current : store.lastMatrix();
        return { view: 'matrix', state: { ...state, ...change } };
      }, step);
    },
    [store],
  );
}

export type ChangeState<V extends View> = (change: Partial<ViewState<V>>, step?: HistoryStep) => void;

/** Changes some of the state of a screen and shows that screen; what is not named stays as it is there. */
export function useChange<V extends View>(view: V): ChangeState<V> {
  const store = useRouteStore();
  return useCallback(
    (change, step = 'push') => {
      store.navigate((current) => {
        const known = current.view === view ? (current.state as ViewState<V>) : {};
        return routeTo(view, { ...known, ...change }) as Route;
      }, step);
    },
    [store, view],
  );
}

export function useNavigate(): (route: Route) => void {
  const store = useRouteStore();
  return useCallback((route) => store.navigate(() => route, 'push'), [store]);
}
