import type { ReactNode } from 'react';
import type { Route } from '../navigation/route.ts';

export type Screen<Props> = (props: Props) => ReactNode;

/** The code of a screen: how it is loaded, and its component once it is there. */
export interface ScreenLoad<Props> {
  readonly load: () => Promise<Screen<Props>>;
  readonly loaded: () => Screen<Props> | null;
}

function keepLoaded<Props>(load: () => Promise<Screen<Props>>): ScreenLoad<Props> {
  let loaded: Screen<Props> | null = null;
  return {
    load: async () => {
      loaded = await load();
      return loaded;
    },
    loaded: () => loaded,
  };
}

/** The code of each screen that does not come with the page, by the name of its view. */
export const screenLoads = {
  compare: keepLoaded(async () => (await import('./compare/compare-view.tsx')).CompareView),
  decode: keepLoaded(async () => (await import('./decode/decode-view.tsx')).DecodeView),
  fleet: keepLoaded(async () => (await import('./fleet/fleet-view.tsx')).FleetView),
  host: keepLoaded(async () => (await import('./host/host-view.tsx')).HostView),
  hosts: keepLoaded(async () => (await import('./hosts/hosts-view.tsx')).HostsView),
  model: keepLoaded(async () => (await import('./models/model-view.tsx')).ModelView),
  models: keepLoaded(async () => (await import('./models/models-view.tsx')).ModelsView),
  pivot: keepLoaded(async () => (await import('./pivot/pivot-view.tsx')).PivotView),
  pools: keepLoaded(async () => (await import('./pools/pools-view.tsx')).PoolsView),
  reports: keepLoaded(async () => (await import('./reports/reports-view.tsx')).ReportsView),
  security: keepLoaded(async () => (await import('./security/security-view.tsx')).SecurityView),
  stability: keepLoaded(async () => (await import('./stability/stability-view.tsx')).StabilityView),
  vms: keepLoaded(async () => (await import('./vms/vms-view.tsx')).VmsView),
} as const satisfies Partial<Record<Route['view'], { readonly load: () => Promise<unknown> }>>;

/** Fetches the code of a screen before it is shown; a failure shows when it is. */
export async function loadScreen(view: Route['view']): Promise<void> {
  const loads: Partial<Record<Route['view'], { readonly load: () => Promise<unknown> }>> = screenLoads;
  await loads[view]?.load().catch(() => undefined);
}
