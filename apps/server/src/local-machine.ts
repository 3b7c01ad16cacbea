import type { BinaryIdentity } from '@cpu-atlas/catalog';
import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import type { FastifyBaseLogger } from 'fastify';
import { createCatalogLibrary, type CatalogLibrary } from './catalog-library.ts';
import { harvestDirectory } from './data-directory.ts';
import { followStoredCatalogs, readStoredCatalog } from './fleet/stored-catalogs.ts';
import { openHarvestCache } from './harvest-cache.ts';
import { createHarvestQueue, type HarvestBinary } from './harvest-queue.ts';
import { createOwnHost, type OwnHost } from './own-host.ts';
import { openShippedCatalogs } from './shipped-catalogs.ts';
import type { Store } from './store/store.ts';
import type { VerifyCell } from './verifications.ts';

/** What a server asks the machine it runs on. Tests put recorded hosts in its place. */
export interface Machine {
  readonly probe: () => Promise<HostSnapshot>;
  readonly identify: (path: string) => Promise<BinaryIdentity>;
  /** Absent: nothing is harvested, only the cache is read. */
  readonly harvest: HarvestBinary | undefined;
  readonly verify: VerifyCell;
}

export interface LocalMachineOptions {
  readonly machine: Machine;
  readonly store: Store;
  readonly version: string;
  readonly dataDirectory: string;
  readonly shippedDirectory: string;
  readonly nowMs: () => number;
  readonly log: FastifyBaseLogger;
  readonly onStoreFault: (error: unknown) => void;
}

/** The host on which the server runs, its QEMUs, and all catalogs that answer. */
export interface LocalMachine {
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  /** Reads the catalogs that nobody needed yet. Whoever names a catalog waits for it. */
  readAllCatalogs(): Promise<void>;
  /** Ends harvests with their QEMUs. */
  close(): Promise<void>;
}

export function createLocalMachine(options: LocalMachineOptions): LocalMachine {
  const { machine, store, version, nowMs, log, onStoreFault } = options;
  const onDamaged = (error: unknown): void => log.error({ err: error }, 'a catalog cannot be read');
  const library = createCatalogLibrary({ readStored: (hash) => readStoredCatalog(store, hash) });
  const stored = followStoredCatalogs(store, library, onStoreFault);
  const shipped = openShippedCatalogs(options.shippedDirectory, onDamaged);
  const cache = openHarvestCache({ directory: harvestDirectory(options.dataDirectory), harvester: version, onDamaged });
  const prepareCatalogs = async (binaries: readonly QemuBinary[]): Promise<void> => {
    const wanted = binaries.length === 0 ? [null] : binaries;
    for (const file of await Promise.all(wanted.map((one) => shipped.nearest(one)))) {
      if (file !== null) library.addShipped(file);
    }
  };
  const ownHost = createOwnHost({
    probe: machine.probe,
    library,
    nowMs,
    onProbed: (snapshot, durationMs) => log.info({ snapshot, durationMs }, 'host probed'),
    onFault: (error) => log.error({ err: error }, 'the probe failed'),
    prepareCatalogs,
  });
  const harvests = createHarvestQueue({
    cache,
    identify: machine.identify,
    harvest: machine.harvest,
    onHarvested: (path, file) => {
      log.info({ path, catalog: file.hash }, 'the catalog of this binary is known');
      ownHost.useCatalog(path, file);
    },
    onFailed: (path, error) => log.warn({ path, code: error.code }, `harvest: ${error.message}`),
  });
  ownHost.attach(harvests);

  const readOwn = async (): Promise<void> => {
    for (const file of await shipped.all()) library.addShipped(file);
    for (const file of await cache.list()) library.addHarvested(file);
  };
  let own: Promise<void> | null = null;
  return {
    ownHost,
    library,
    async readAllCatalogs() {
      await (own ??= readOwn());
      await stored.open().catch(onStoreFault);
    },
    async close() {
      stored.close();
      await harvests.close();
    },
  };
}
