import { AtlasError, commonMachine } from '@cpu-atlas/core';
import type { CatalogIndex, PlanHost, ResolveContext } from '@cpu-atlas/core';
import type { Answerer } from '../answerer.ts';

/** A host file as the planner takes it; its context is always there. */
export type FileHost = PlanHost & { readonly context: ResolveContext };

/**
 * Reads host files for a plan. A file that was named counts as fresh: whoever names it knows how old it is.
 * @throws what reading snapshots and catalogs throws; USAGE_INVALID for the same host twice
 */
export async function readHosts(
  answerer: Answerer,
  snapshots: readonly string[],
  catalog: string | undefined,
): Promise<FileHost[]> {
  const hosts: FileHost[] = [];
  for (const snapshot of snapshots) {
    const { context, use } = await answerer.prepare({ snapshot, catalog });
    const { id = snapshot, name = snapshot, labels = {} } = context.snapshot?.host ?? {};
    const { assumption } = use.used;
    if (hosts.some((host) => host.id === id))
      throw new AtlasError('USAGE_INVALID', `the host ${name} is there twice`, {
        where: snapshot,
        remedy: 'name each host once',
      });
    hosts.push({
      id,
      name,
      labels,
      fingerprint: snapshot,
      freshness: 'fresh',
      context,
      ...(assumption === null ? {} : { assumption }),
    });
  }
  return hosts;
}

/** The machine type that was asked for, else the newest versioned q35 of all these QEMUs. @throws MACHINE_TYPE_UNKNOWN */
export function machineOf(hosts: readonly FileHost[], asked: string | undefined): string {
  return machineOfCatalogs([...new Set(hosts.map(({ context }) => context.index))], asked);
}

/** The machine type that was asked for, else the newest versioned q35 of all these catalogs. @throws MACHINE_TYPE_UNKNOWN */
export function machineOfCatalogs(indexes: readonly CatalogIndex[], asked: string | undefined): string {
  const machine = asked ?? commonMachine(indexes);
  if (machine !== null) return machine;
  throw new AtlasError('MACHINE_TYPE_UNKNOWN', 'these QEMUs have no versioned q35 machine type in common', {
    where: '--machine',
    remedy: 'name a machine type',
  });
}
