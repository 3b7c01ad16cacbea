import type { Route } from '../navigation/route.ts';

/** The code of each screen that does not come with the page, by the name of its view. */
export const screenLoads = {
  compare: async () => ({ default: (await import('./compare/compare-view.tsx')).CompareView }),
  decode: async () => ({ default: (await import('./decode/decode-view.tsx')).DecodeView }),
  fleet: async () => ({ default: (await import('./fleet/fleet-view.tsx')).FleetView }),
  host: async () => ({ default: (await import('./host/host-view.tsx')).HostView }),
  hosts: async () => ({ default: (await import('./hosts/hosts-view.tsx')).HostsView }),
  model: async () => ({ default: (await import('./models/model-view.tsx')).ModelView }),
  models: async () => ({ default: (await import('./models/models-view.tsx')).ModelsView }),
  pivot: async () => ({ default: (await import('./pivot/pivot-view.tsx')).PivotView }),
  pools: async () => ({ default: (await import('./pools/pools-view.tsx')).PoolsView }),
  reports: async () => ({ default: (await import('./reports/reports-view.tsx')).ReportsView }),
  security: async () => ({ default: (await import('./security/security-view.tsx')).SecurityView }),
  stability: async () => ({ default: (await import('./stability/stability-view.tsx')).StabilityView }),
  vms: async () => ({ default: (await import('./vms/vms-view.tsx')).VmsView }),
} as const satisfies Partial<Record<Route['view'], () => Promise<{ readonly default: unknown }>>>;

/** Fetches the code of a screen before it is shown; a failure shows when it is. */
export function loadScreen(view: Route['view']): void {
  const loads: Partial<Record<Route['view'], () => Promise<unknown>>> = screenLoads;
  loads[view]?.().catch(() => undefined);
}
