import { readdirSync, readFileSync } from 'node:fs';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { createContext } from '../resolve/context.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { hostWith, setOfFeatures, type HostTraits } from './hosts.ts';
import type { PlanHost } from '../plan/fleet.ts';

const folder = new URL('../../../../data/snapshots/', import.meta.url);

/** A host of the demo fleet as it was recorded. */
export function recordedSnapshot(name: string): HostSnapshot {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as HostSnapshot;
}

/** Names of all recorded hosts. */
export function recordedNames(): string[] {
  return readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.replace(/\.json$/, '')] : []));
}

/** A fresh host with a context of its own; the fingerprint is its name unless said otherwise. */
export function planHost(
  name: string,
  index: CatalogIndex,
  snapshot: HostSnapshot,
  more: Partial<PlanHost> = {},
): PlanHost {
  const context = createContext(index, snapshot);
  return { id: name, name, labels: {}, fingerprint: name, freshness: 'fresh', context, ...more };
}

/** A recorded host as the planner takes it. */
export function recordedHost(name: string, index: CatalogIndex, more: Partial<PlanHost> = {}): PlanHost {
  return planHost(name, index, recordedSnapshot(name), more);
}

/** A host that has all that a recorded host's KVM offers, less some features. */
export function hostLacking(
  name: string,
  index: CatalogIndex,
  features: readonly string[],
  { without = [], traits = {} }: { readonly without?: readonly string[]; readonly traits?: HostTraits } = {},
): PlanHost {
  const set = setOfFeatures(
    index,
    features.filter((feature) => !without.includes(feature)),
  );
  return planHost(name, index, hostWith(index, set, traits));
}
