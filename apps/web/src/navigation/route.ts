/** What the window shows, as an address and back. The address holds all state of a screen. */
import type { Field, StateOf } from './fields.ts';
import { screens } from './screens.ts';

type Screens = typeof screens;
export type View = keyof Screens;
export type ViewState<V extends View> = StateOf<Screens[V]['fields']>;

export interface RouteTo<V extends View> {
  readonly view: V;
  readonly state: ViewState<V>;
}

export type Route = { [V in View]: RouteTo<V> }[View] | { readonly view: 'not-found'; readonly path: string };

export type MatrixRoute = RouteTo<'matrix'>;
export type MatrixState = ViewState<'matrix'>;

const views = Object.keys(screens) as readonly View[];
const firstView: View = 'matrix';

/** A screen's fields, as the functions here read them: each field parses and formats its own value. */
function fieldsOf(view: View): Readonly<Record<string, Field<unknown>>> {
  return screens[view].fields as Readonly<Record<string, Field<unknown>>>;
}

function stateFrom<V extends View>(view: V, read: (name: string, field: Field<unknown>) => unknown): ViewState<V> {
  const entries = Object.entries(fieldsOf(view)).map(([name, field]) => [name, read(name, field)]);
  return Object.fromEntries(entries) as ViewState<V>;
}

/** A screen as it opens at first. */
export function initialState<V extends View>(view: V): ViewState<V> {
  return stateFrom(view, (_, field) => field.initial);
}

/** A way to a screen: what is not given is at its initial value. */
export function routeTo<V extends View>(view: V, state: Partial<ViewState<V>> = {}): RouteTo<V> {
  return { view, state: { ...initialState(view), ...state } };
}

export function parseRoute(url: URL): Route {
  const path = url.pathname.replace(/\/+$/, '');
  const view = path === '' ? firstView : views.find((candidate) => screens[candidate].path === path);
  if (view === undefined) return { view: 'not-found', path: url.pathname };
  const state = stateFrom(view, (name, field) => field.parse(url.searchParams.get(field.parameter ?? name) ?? ''));
  return { view, state } as Route;
}

export function formatRoute(route: Route): string {
  if (route.view === 'not-found') return route.path;
  const query = Object.entries(fieldsOf(route.view))
    .map(([name, field]) => [field.parameter ?? name, field.format(Reflect.get(route.state, name))] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${escapeQuery(value)}`)
    .join('&');
  return query === '' ? screens[route.view].path : `${screens[route.view].path}?${query}`;
}

/** As encodeURIComponent, but what a query may hold stays readable: `sha256:…`, `EPYC@q35`, `a,b`. */
function escapeQuery(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%3A', ':')
    .replaceAll('%40', '@')
    .replaceAll('%2C', ',')
    .replaceAll('%20', '+');
}
