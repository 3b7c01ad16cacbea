import type { CatalogIndex } from '../catalog/catalog-index.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { readHostFacts, type HostFacts } from './host-facts.ts';
import { hostSupport, type HostSupport } from './host-support.ts';
import type { Accelerator, KernelIrqchip } from './resolution.ts';
import { xsaveComponents, type XsaveComponent } from './xsave.ts';

/** One QEMU on one host, prepared for any number of resolutions. */
export interface ResolveContext {
  readonly index: CatalogIndex;
  readonly snapshot: HostSnapshot | null;
  readonly facts: HostFacts;
  readonly components: readonly XsaveComponent[];
  /** What the accelerator supports here; computed once for each irqchip and kind of machine type. */
  support(accel: Accelerator, kernelIrqchip: KernelIrqchip, isPc: boolean): HostSupport;
}

/**
 * Prepares to resolve with a QEMU (its catalog, indexed) on a host. Without a snapshot only TCG can be told.
 * @throws SNAPSHOT_INVALID
 */
export function createContext(index: CatalogIndex, snapshot: HostSnapshot | null): ResolveContext {
  const facts = readHostFacts(snapshot, index.catalog.qemu.version);
  const components = xsaveComponents(index);
  const computed = new Map<string, HostSupport>();
  return {
    index,
    snapshot,
    facts,
    components,
    support(accel, kernelIrqchip, isPc) {
      const key = `${accel} ${kernelIrqchip} ${isPc ? 'pc' : 'other'}`;
      const known = computed.get(key) ?? hostSupport(index, facts, { accel, kernelIrqchip, isPc, components });
      computed.set(key, known);
      return known;
    },
  };
}
