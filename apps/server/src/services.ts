import type { BinaryIdentity } from '@cpu-atlas/catalog';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { FastifyBaseLogger } from 'fastify';
import { createAnswerContexts, type AnswerContexts } from './answer-contexts.ts';
import { createCatalogLibrary, type CatalogLibrary } from './catalog-library.ts';
import { harvestDirectory } from './data-directory.ts';
import { openHarvestCache } from './harvest-cache.ts';
import { createHarvestQueue, type HarvestBinary } from './harvest-queue.ts';
import { createHostDirectory, type HostDirectory } from './host-directory.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createOwnHost, type OwnHost } from './own-host.ts';
import { openShippedCatalogs } from './shipped-catalogs.ts';
import { createVerifications, type Verifications, type VerifyCell } from './verifications.ts';

/** What the routes are made of. */
export interface Services {
  readonly hosts: HostDirectory;
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  readonly contexts: AnswerContexts;
  readonly verifications: Verifications;
  readonly metrics: Metrics;
  readonly version: string;
  /** Probes the host and reads the catalog that answers for it; safe to call again. Answers wait for it. */
  start(): Promise<void>;
  /** Reads the catalogs that nobody needed yet. Whoever names a catalog waits for it. */
  readAllCatalogs(): Promise<void>;
  /** Ends harvests and verifications with their QEMUs. */
  close(): Promise<void>;
}

/** What a server asks the machine it runs on. Tests put recorded hosts in its place. */
export interface Machine {
  readonly probe: () => Promise<HostSnapshot>;
  readonly identify: (path: string) => Promise<BinaryIdentity>;
  /** Absent: nothing is harvested, only the cache is read. */
  readonly harvest: HarvestBinary | undefined;
  readonly verify: VerifyCell;
}

export interface ServiceOptions {
  readonly machine: Machine;
  readonly version: string;
  readonly dataDirectory: string;
  readonly shippedDirectory: string;
  readonly nowMs: () => number;
}

export function createServices(
  { machine, version, nowMs, ...places }: ServiceOptions,
  log: FastifyBaseLogger,
): Services {
  const library = createCatalogLibrary();
  const metrics = createMetrics();
  const onDamaged = (error: unknown): void => log.error({ err: error }, 'a catalog cannot be read');
  const shipped = openShippedCatalogs(places.shippedDirectory, onDamaged);
  const cache = openHarvestCache({ directory: harvestDirectory(places.dataDirectory), harvester: version, onDamaged });
  const ownHost = createOwnHost({
    probe: machine.probe,
    library,
    nowMs,
    onProbed: (snapshot, durationMs) => log.info({ snapshot, durationMs }, 'host probed'),
    onFault: (error) => log.error({ err: error }, 'the probe failed'),
    prepareCatalogs: async (binaries) => {
      const wanted = binaries.length === 0 ? [null] : binaries;
      for (const file of await Promise.all(wanted.map((one) => shipped.nearest(one)))) {
        if (file !== null) library.addShipped(file);
      }
    },
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
  const readRest = async (): Promise<void> => {
    for (const file of await shipped.all()) library.addShipped(file);
    for (const file of await cache.list()) library.addHarvested(file);
  };
  let rest: Promise<void> | null = null;
  const readAllCatalogs = (): Promise<void> => (rest ??= readRest());
  const hosts = createHostDirectory(ownHost);
  const contexts = createAnswerContexts({ hosts, ownHost, library, readAllCatalogs });
  const verifications = createVerifications({
    hosts,
    contexts,
    verify: machine.verify,
    onOutcome: (outcome) => metrics.countVerification(outcome),
  });
  let started: Promise<void> | null = null;
  return {
    hosts,
    ownHost,
    library,
    contexts,
    verifications,
    metrics,
    version,
    // What fails here is logged, and told by each answer that needs it.
    start: () => (started ??= ownHost.current().then(ignore, ignore)),
    readAllCatalogs,
    close: async () => void (await Promise.all([harvests.close(), verifications.close()])),
  };
}

function ignore(): void {}
