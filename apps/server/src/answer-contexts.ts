import { createContext, indexCatalog } from '@cpu-atlas/core';
import type { CatalogIndex, HostSnapshot, Resolution, ResolveContext } from '@cpu-atlas/core';
import type { UsedCatalog } from '@cpu-atlas/contract';
import type { CatalogEntry, CatalogLibrary, CatalogUse } from './catalog-library.ts';
import type { HostFreshness } from './fleet/freshness.ts';
import { momentOf } from './fleet/fleet-at.ts';
import { catalogOfHost } from './fleet/host-catalog.ts';
import type { HostDirectory } from './host-directory.ts';
import { RecentMap } from './recent-map.ts';

/** What an answer is about: a host (as it is, or as it was at a time) or one snapshot, and a catalog by hash or version. */
export interface AnswerSource {
  readonly host?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly catalog?: string | undefined;
  /** RFC 3339, on the store's clock; left out: now. */
  readonly at?: string | undefined;
}

/** Everything a resolution is computed from, and what to say about where it came from. */
export interface AnswerContext {
  readonly context: ResolveContext;
  readonly snapshotHash: string;
  readonly used: UsedCatalog;
  /** Of the host; null where a snapshot was asked for by its hash. */
  readonly freshness: HostFreshness | null;
}

export interface AnswerContexts {
  /** @throws HOST_NOT_FOUND, SNAPSHOT_NOT_FOUND, CATALOG_NOT_FOUND, PROBE_FAILED, STORE_FAILED */
  of(source: AnswerSource): Promise<AnswerContext>;
  /** For one of a host's binaries. @throws QEMU_NOT_FOUND, CATALOG_NOT_FOUND */
  ofBinary(hostId: string | undefined, path: string | undefined): Promise<AnswerContext>;
  /** The catalog that a reference names; left out: the one of this host's first QEMU. @throws CATALOG_NOT_FOUND */
  catalogOf(reference: string | undefined): Promise<CatalogUse<CatalogEntry>>;
}

interface Parts {
  readonly hosts: HostDirectory;
  readonly library: CatalogLibrary;
  readonly readAllCatalogs: () => Promise<void>;
}

/** Decoded catalogs that are kept. */
const keptIndexes = 8;
/** Hosts that are kept prepared, each with one catalog. */
const keptContexts = 32;

interface Subject {
  readonly snapshot: HostSnapshot;
  readonly hash: string;
  readonly freshness: HostFreshness | null;
}

export function createAnswerContexts({ hosts, library, readAllCatalogs }: Parts): AnswerContexts {
  const indexes = new RecentMap<string, CatalogIndex>(keptIndexes);
  const contexts = new RecentMap<string, ResolveContext>(keptContexts);
  const indexOf = async (entry: CatalogEntry, runsAs: string | null): Promise<CatalogIndex> => {
    const key = `${entry.hash} ${runsAs ?? ''}`;
    const index = indexes.get(key) ?? indexCatalog(await library.read(entry.hash), runsAs ?? entry.version);
    indexes.set(key, index);
    return index;
  };
  const contextOf = async (
    { snapshot, hash, freshness }: Subject,
    { entry, used, runsAs }: CatalogUse<CatalogEntry>,
  ): Promise<AnswerContext> => {
    const key = `${hash} ${entry.hash} ${runsAs ?? ''}`;
    const context = contexts.get(key) ?? createContext(await indexOf(entry, runsAs), snapshot);
    contexts.set(key, context);
    return { context, snapshotHash: hash, used, freshness };
  };
  const subjectOf = async ({ host, snapshot: hash, at }: AnswerSource): Promise<Subject> => {
    if (hash === undefined) return hosts.find(host, momentOf(at));
    await readAllCatalogs();
    return { snapshot: await hosts.snapshot(hash), hash, freshness: null };
  };
  return {
    async of(source) {
      const subject = await subjectOf(source);
      if (source.catalog !== undefined) await readAllCatalogs();
      const use =
        source.catalog === undefined ? catalogOfHost(library, subject.snapshot) : library.choose(source.catalog);
      return contextOf(subject, use);
    },
    async ofBinary(hostId, path) {
      const record = await hosts.find(hostId);
      return contextOf(record, catalogOfHost(library, record.snapshot, path));
    },
    async catalogOf(reference) {
      if (reference === undefined) return catalogOfHost(library, (await hosts.find()).snapshot);
      await readAllCatalogs();
      return library.choose(reference);
    },
  };
}

/** A resolution that also says what its catalog had to stand for. */
export function withCatalogAssumption(resolution: Resolution, { assumption }: UsedCatalog): Resolution {
  return assumption === null ? resolution : { ...resolution, assumptions: [assumption, ...resolution.assumptions] };
}

/** A resolution that also says what was assumed of its catalog and of a host that is silent. */
export function withAssumptions(
  resolution: Resolution,
  { used, freshness }: Pick<AnswerContext, 'used' | 'freshness'>,
): Resolution {
  const told = withCatalogAssumption(resolution, used);
  if (freshness === null || freshness.state === 'fresh') return told;
  const lastSeen = new Date(freshness.lastSeenAtMs).toISOString();
  const what = `the host is ${freshness.state}: this is of what it looked like when it was last heard, at ${lastSeen}`;
  return { ...told, assumptions: [what, ...told.assumptions] };
}
