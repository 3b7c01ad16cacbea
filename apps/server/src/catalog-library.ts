import { AtlasError } from '@cpu-atlas/core';
import type { Catalog } from '@cpu-atlas/core';
import type { CatalogFile } from '@cpu-atlas/catalog';
import type { UsedCatalog } from '@cpu-atlas/contract';
import { chooseCatalog, compareVersions, isVersion, type WantedVersion } from './catalog-choice.ts';
import { RecentMap } from './recent-map.ts';

/** What is known of a catalog without reading it. */
export interface CatalogEntry {
  readonly hash: string;
  readonly version: string;
  readonly package: string;
  /** Comes with Atlas; harvested by this server; harvested on a host that joined and kept in the store. */
  readonly source: 'shipped' | 'harvested' | 'fleet';
}

/** A catalog that was read. */
export interface LibraryCatalog extends CatalogEntry {
  readonly catalog: Catalog;
}

/** The catalog that answers, and what had to be assumed for it. */
export interface CatalogUse<Entry extends CatalogEntry = LibraryCatalog> {
  readonly entry: Entry;
  readonly used: UsedCatalog;
  /** Version of the binary that a nearest catalog stands for: its dated rules hold. null: the catalog's own. */
  readonly runsAs: string | null;
}

/** What the library needs to know of a QEMU binary. */
export interface BinaryDescription {
  readonly path: string;
  readonly version: string;
  readonly package?: string | null | undefined;
}

/**
 * All catalogs that this server has, by content hash. A joined host's catalog answers by its hash, for hosts that run that
 * very binary; by version it answers only where no shipped catalog and none harvested here is of that release, so that
 * one host cannot change the answers for others.
 */
export interface CatalogLibrary {
  /** Newest QEMU first; a catalog that comes from several places stands once. */
  list(): readonly CatalogEntry[];
  has(hash: string): boolean;
  /** @throws CATALOG_NOT_FOUND */
  find(hash: string): CatalogEntry;
  /** @throws CATALOG_NOT_FOUND, and what reading the store throws */
  read(hash: string): Promise<Catalog>;
  /** By `sha256:…` or version. @throws CATALOG_NOT_FOUND */
  choose(reference: string): CatalogUse<CatalogEntry>;
  /** The best for a binary that has no catalog of its own; null when the library is empty. */
  nearest(binary: BinaryDescription): CatalogUse<CatalogEntry> | null;
  /** The newest, for a host without QEMU. @throws CATALOG_NOT_FOUND when the library is empty */
  newest(hostName: string): CatalogUse<CatalogEntry>;
  exact(hash: string): CatalogUse<CatalogEntry>;
  addShipped(file: CatalogFile): void;
  addHarvested(file: CatalogFile): void;
  /** Catalogs of the store, which are read when they are needed. */
  addStored(rows: readonly Omit<CatalogEntry, 'source'>[]): void;
}

export interface LibraryOptions {
  /** Reads a catalog of the store; null: it is not there. Absent: there is no store. */
  readonly readStored?: (hash: string) => Promise<Catalog | null>;
}

/** Catalogs of the store that are kept in memory, some 2 MB each. */
const keptCatalogs = 12;

const remedyForNone =
  'list the catalogs with GET /api/v1/catalogs, or harvest the binary: cpu-atlas harvest --qemu PATH';

export function createCatalogLibrary({ readStored }: LibraryOptions = {}): CatalogLibrary {
  const byHash = new Map<string, CatalogEntry>();
  const own = new Map<string, Catalog>();
  const kept = new RecentMap<string, Catalog>(keptCatalogs);
  const reading = new Map<string, Promise<Catalog>>();
  let sorted: readonly CatalogEntry[] | null = null;
  const list = (): readonly CatalogEntry[] => (sorted ??= [...byHash.values()].sort(compareVersions));
  const put = (entry: CatalogEntry): void => {
    byHash.set(entry.hash, entry);
    sorted = null;
  };

  const find = (hash: string): CatalogEntry => {
    const entry = byHash.get(hash);
    if (entry === undefined) throw noSuchCatalog(hash);
    return entry;
  };
  const exact = (hash: string): CatalogUse<CatalogEntry> => useOf(find(hash), 'exact', null);
  const fetchStored = async (hash: string): Promise<Catalog> => {
    const catalog = (await readStored?.(hash)) ?? null;
    if (catalog === null) throw noSuchCatalog(hash);
    kept.set(hash, catalog);
    return catalog;
  };

  return {
    list,
    has: (hash) => byHash.has(hash),
    find,
    exact,
    async read(hash) {
      const here = own.get(find(hash).hash) ?? kept.get(hash);
      if (here !== undefined) return here;
      const run = reading.get(hash) ?? fetchStored(hash).finally(() => reading.delete(hash));
      reading.set(hash, run);
      return run;
    },
    choose(reference) {
      return reference.startsWith('sha256:') ? exact(reference) : chooseByVersion(list(), reference);
    },
    nearest(binary) {
      const choice = chooseTrusted(list(), { version: binary.version, package: binary.package ?? undefined });
      if (choice === null) return null;
      const { version } = choice.catalog;
      return useOf(
        choice.catalog,
        'nearest',
        `${binary.path} (QEMU ${binary.version}) is not harvested yet: the catalog of QEMU ${version} stands for it`,
        binary.version,
      );
    },
    newest(hostName) {
      const entry = list().find(isTrusted) ?? list()[0];
      if (entry === undefined) throw noCatalogAtAll();
      return useOf(entry, 'nearest', `no QEMU is known on ${hostName}: the catalog of QEMU ${entry.version} answers`);
    },
    addShipped(file) {
      own.set(file.hash, file.catalog);
      if (byHash.get(file.hash)?.source !== 'harvested') put(rowOf(file, 'shipped'));
    },
    addHarvested(file) {
      own.set(file.hash, file.catalog);
      put(rowOf(file, 'harvested'));
    },
    addStored(rows) {
      for (const { hash, version, package: name } of rows) {
        if (!byHash.has(hash)) put({ hash, version, package: name, source: 'fleet' });
      }
    },
  };
}

/**
 * The catalog for a version such as `10.0` or `10.0.13`: its own, else the nearest, with that said.
 * @throws CATALOG_NOT_FOUND
 */
export function chooseByVersion<Entry extends CatalogEntry>(
  catalogs: readonly Entry[],
  reference: string,
): CatalogUse<Entry> {
  if (!isVersion(reference)) {
    throw new AtlasError('CATALOG_NOT_FOUND', 'is neither a hash nor a QEMU version', {
      where: reference,
      remedy: remedyForNone,
    });
  }
  const choice = chooseTrusted(catalogs, { version: reference });
  if (choice === null) throw noCatalogAtAll();
  const { version } = choice.catalog;
  return useOf(
    choice.catalog,
    choice.match,
    choice.match === 'exact' ? null : nearestVersionAssumption(reference, version),
    choice.match === 'exact' ? null : reference,
  );
}

function isTrusted({ source }: CatalogEntry): boolean {
  return source !== 'fleet';
}

/** Ours where they are of that release, else the best of all. */
function chooseTrusted<Entry extends CatalogEntry>(
  catalogs: readonly Entry[],
  wanted: WantedVersion,
): ReturnType<typeof chooseCatalog<Entry>> {
  const ours = chooseCatalog(catalogs.filter(isTrusted), wanted);
  return ours?.match === 'exact' ? ours : chooseCatalog(catalogs, wanted);
}

/** The words for a catalog of one version that stands for another. */
export function nearestVersionAssumption(wanted: string, found: string): string {
  return `there is no catalog of QEMU ${wanted}: the nearest, of QEMU ${found}, stands for it`;
}

function rowOf(file: CatalogFile, source: CatalogEntry['source']): CatalogEntry {
  const { version, package: name } = file.catalog.qemu;
  return { hash: file.hash, version, package: name, source };
}

export function entryOf(file: CatalogFile, source: CatalogEntry['source']): LibraryCatalog {
  return { ...rowOf(file, source), catalog: file.catalog };
}

export function useOf<Entry extends CatalogEntry>(
  entry: Entry,
  match: UsedCatalog['match'],
  assumption: string | null,
  runsAs: string | null = null,
): CatalogUse<Entry> {
  return { entry, used: { hash: entry.hash, version: entry.version, match, assumption }, runsAs };
}

function noSuchCatalog(hash: string): AtlasError {
  return new AtlasError('CATALOG_NOT_FOUND', 'there is no catalog of that hash', {
    where: hash,
    remedy: remedyForNone,
  });
}

function noCatalogAtAll(): AtlasError {
  return new AtlasError('CATALOG_NOT_FOUND', 'there is no catalog at all', {
    where: 'data/qemu',
    remedy: 'harvest an installed QEMU: cpu-atlas harvest --qemu PATH --out data/qemu/VERSION',
  });
}
