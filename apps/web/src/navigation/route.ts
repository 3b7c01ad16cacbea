/**
 * The state of a screen as a URL, and back. What is at its default is left out, so that a short link stays short;
 * what a link does not say, or says in words unknown here, is at its default, so that an old link still opens.
 */
import type { Accelerator, KernelIrqchip } from '@cpu-atlas/core';
import type { Density } from '../grid/grid-model.ts';

export interface MatrixState {
  /** Host, snapshot and catalog are pinned by the first load, so that a link shows the same cells elsewhere. */
  readonly host: string;
  readonly snapshot: string;
  readonly catalog: string;
  readonly accel: Accelerator;
  /** '': what the machine type does by itself. */
  readonly irqchip: KernelIrqchip | '';
  /** A machine family, a machine type, or '' for all. */
  readonly machines: string;
  readonly search: string;
  readonly onlyDiffering: boolean;
  readonly showDeprecated: boolean;
  readonly isTransposed: boolean;
  readonly density: Density;
  /** Families folded; `*` all. */
  readonly folded: readonly string[];
  /** Machine columns shown one machine type at a time. */
  readonly unfolded: readonly string[];
  /** The explained cell, or null. */
  readonly cell: { readonly model: string; readonly machine: string } | null;
  /** Width of the inspector in pixels. */
  readonly paneWidth: number;
}

export interface MatrixRoute {
  readonly view: 'matrix';
  readonly state: MatrixState;
}

export type Route = MatrixRoute | { readonly view: 'hosts' } | { readonly view: 'not-found'; readonly path: string };

export const paneWidthLimits = { least: 320, initial: 400, most: 760 } as const;

export const initialMatrixState: MatrixState = {
  host: '',
  snapshot: '',
  catalog: '',
  accel: 'kvm',
  irqchip: '',
  machines: '',
  search: '',
  onlyDiffering: false,
  showDeprecated: false,
  isTransposed: false,
  density: 'compact',
  folded: [],
  unfolded: [],
  cell: null,
  paneWidth: paneWidthLimits.initial,
};

export function parseRoute(url: URL): Route {
  switch (url.pathname.replace(/\/+$/, '')) {
    case '':
    case '/matrix':
      return { view: 'matrix', state: parseMatrixState(url.searchParams) };
    case '/hosts':
      return { view: 'hosts' };
    default:
      return { view: 'not-found', path: url.pathname };
  }
}

export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'matrix': {
      const query = formatMatrixState(route.state);
      return query === '' ? '/matrix' : `/matrix?${query}`;
    }
    case 'hosts':
      return '/hosts';
    case 'not-found':
      return route.path;
  }
}

function parseMatrixState(query: URLSearchParams): MatrixState {
  const text = (name: string) => (query.get(name) ?? '').slice(0, 256);
  const list = (name: string) =>
    text4k(query.get(name))
      .split(',')
      .filter((item) => item !== '');
  const irqchip = text('irqchip');
  return {
    host: text('host'),
    snapshot: text('snapshot'),
    catalog: text('catalog'),
    accel: text('accel') === 'tcg' ? 'tcg' : 'kvm',
    irqchip: irqchip === 'on' || irqchip === 'split' || irqchip === 'off' ? irqchip : '',
    machines: text('machines'),
    search: text('search'),
    onlyDiffering: text('differing') === '1',
    showDeprecated: text('deprecated') === '1',
    isTransposed: text('transposed') === '1',
    density: text('density') === 'comfortable' ? 'comfortable' : 'compact',
    folded: list('folded'),
    unfolded: list('unfolded'),
    cell: parseCell(text('cell')),
    paneWidth: clampPaneWidth(Number(text('pane')) || paneWidthLimits.initial),
  };
}

function text4k(value: string | null): string {
  return (value ?? '').slice(0, 4096);
}

/** `EPYC-Milan-v2@pc-q35-10.0`. */
function parseCell(text: string): MatrixState['cell'] {
  const at = text.lastIndexOf('@');
  return at <= 0 || at === text.length - 1 ? null : { model: text.slice(0, at), machine: text.slice(at + 1) };
}

export function clampPaneWidth(width: number): number {
  return Math.round(Math.min(Math.max(width, paneWidthLimits.least), paneWidthLimits.most));
}

function formatMatrixState(state: MatrixState): string {
  const initial = initialMatrixState;
  const parameters: readonly (readonly [name: string, value: string])[] = [
    ['host', state.host],
    ['accel', state.accel === initial.accel ? '' : state.accel],
    ['irqchip', state.irqchip],
    ['machines', state.machines],
    ['search', state.search],
    ['differing', state.onlyDiffering ? '1' : ''],
    ['deprecated', state.showDeprecated ? '1' : ''],
    ['transposed', state.isTransposed ? '1' : ''],
    ['density', state.density === initial.density ? '' : state.density],
    ['folded', state.folded.join(',')],
    ['unfolded', state.unfolded.join(',')],
    ['cell', state.cell === null ? '' : `${state.cell.model}@${state.cell.machine}`],
    ['pane', state.paneWidth === initial.paneWidth ? '' : String(state.paneWidth)],
    ['snapshot', state.snapshot],
    ['catalog', state.catalog],
  ];
  return parameters
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${escapeQuery(value)}`)
    .join('&');
}

/** As encodeURIComponent, but what a query may hold stays readable: `sha256:…`, `EPYC@q35`, `a,b`. */
function escapeQuery(value: string): string {
  return encodeURIComponent(value)
    .replaceAll('%3A', ':')
    .replaceAll('%40', '@')
    .replaceAll('%2C', ',')
    .replaceAll('%20', '+');
}
