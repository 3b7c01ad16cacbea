import type { AddressBar } from './address-bar.ts';
import { formatRoute, parseRoute, routeTo } from './route.ts';
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
export function createRouteStore(bar: AddressBar): RouteStore {
  const listeners = new Set<() => void>();
  let route = parseRoute(bar.read());
  let lastMatrix: MatrixRoute = route.view === 'matrix' ? route : routeTo('matrix');
  let callOff: (() => void) | null = null;

  const adopt = (next: Route) => {
    route = next;
    if (next.view === 'matrix') lastMatrix = next;
    listeners.forEach((onChange) => onChange());
  };
  const catchUp = () => {
    if (callOff === null) return;
    callOff();
    callOff = null;
    bar.replace(formatRoute(route));
  };
  bar.onTravel(() => {
    callOff?.();
    callOff = null;
    adopt(parseRoute(bar.read()));
  });
  bar.onLeave(catchUp);

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
        catchUp();
        bar.push(formatRoute(target));
      } else {
        callOff ??= bar.later(catchUp, addressDelayMs);
      }
      adopt(target);
    },
  };
}
