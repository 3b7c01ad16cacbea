import { createContext, indexCatalog } from '@cpu-atlas/core';
import type { CatalogIndex, HostSnapshot, Resolution, ResolveContext } from '@cpu-atlas/core';
import type { UsedCatalog } from '@cpu-atlas/contract';
import type { CatalogLibrary, CatalogUse, LibraryCatalog } from './catalog-library.ts';
import type { HostDirectory } from './host-directory.ts';
import type { OwnHost } from './own-host.ts';
import { RecentMap } from './recent-map.ts';

/** What an answer is about: a host or one snapshot of it, and a catalog by hash or version. */
export interface AnswerSource {
  readonly host?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly catalog?: string | undefined;
}

/** Everything a resolution is computed from, and what to say about where it came from. */
export interface AnswerContext {
  readonly context: ResolveContext;
  readonly snapshotHash: string;
  readonly used: UsedCatalog;
}

export interface AnswerContexts {
  /** @throws HOST_NOT_FOUND, SNAPSHOT_NOT_FOUND, CATALOG_NOT_FOUND, PROBE_FAILED */
  of(source: AnswerSource): Promise<AnswerContext>;
  /** For one of the own host's binaries. @throws QEMU_NOT_FOUND, CATALOG_NOT_FOUND */
  ofBinary(hostId: string | undefined, path: string | undefined): Promise<AnswerContext>;
}

interface Parts {
  readonly hosts: HostDirectory;
  readonly ownHost: OwnHost;
  readonly library: CatalogLibrary;
  readonly readAllCatalogs: () => Promise<void>;
}

/** Decoded catalogs that are kept. */
const keptIndexes = 8;
/** Hosts that are kept prepared, each with one catalog. */
const keptContexts = 32;

export function createAnswerContexts({ hosts, ownHost, library, readAllCatalogs }: Parts): AnswerContexts {
  const indexes = new RecentMap<string, CatalogIndex>(keptIndexes);
  const contexts = new RecentMap<string, ResolveContext>(keptContexts);
  const indexOf = (entry: LibraryCatalog, runsAs: string | null): CatalogIndex => {
    const key = `${entry.hash} ${runsAs ?? ''}`;
    const index = indexes.get(key) ?? indexCatalog(entry.catalog, runsAs ?? entry.version);
    indexes.set(key, index);
    return index;
  };
  const contextOf = (
    snapshot: HostSnapshot,
    snapshotHash: string,
    { entry, used, runsAs }: CatalogUse,
  ): AnswerContext => {
    const key = `${snapshotHash} ${entry.hash} ${runsAs ?? ''}`;
    const context = contexts.get(key) ?? createContext(indexOf(entry, runsAs), snapshot);
    contexts.set(key, context);
    return { context, snapshotHash, used };
  };
  return {
    async of({ host, snapshot: hash, catalog }) {
      const record = await hosts.find(host);
      if (catalog !== undefined) await readAllCatalogs();
      const snapshot = hash === undefined ? record.snapshot : await hosts.snapshot(hash);
      const use = catalog === undefined ? ownHost.catalogOf(snapshot) : library.choose(catalog);
      return contextOf(snapshot, hash ?? record.hash, use);
    },
    async ofBinary(hostId, path) {
      const { snapshot, hash } = await hosts.find(hostId);
      return contextOf(snapshot, hash, ownHost.catalogOf(snapshot, path));
    },
  };
}

/** A resolution that also says what its catalog had to stand for. */
export function withCatalogAssumption(resolution: Resolution, { assumption }: UsedCatalog): Resolution {
  return assumption === null ? resolution : { ...resolution, assumptions: [assumption, ...resolution.assumptions] };
}
