import { AtlasError } from '@cpu-atlas/core';
import type { Catalog } from '@cpu-atlas/core';
import type { CatalogFile } from '@cpu-atlas/catalog';
import type { UsedCatalog } from '@cpu-atlas/contract';
import { chooseCatalog, compareVersions, isVersion } from './catalog-choice.ts';

/** A catalog of the library. */
export interface LibraryCatalog {
  readonly hash: string;
  readonly version: string;
  readonly package: string;
  readonly source: 'shipped' | 'harvested';
  readonly catalog: Catalog;
}

/** The catalog that answers, and what had to be assumed for it. */
export interface CatalogUse {
  readonly entry: LibraryCatalog;
  readonly used: UsedCatalog;
  /** Version of the binary that a nearest catalog stands for: its dated rules hold. null: the catalog's own. */
  readonly runsAs: string | null;
}

/** What the library needs to know of a QEMU binary. */
export interface BinaryDescription {
  readonly path: string;
  readonly version: string;
  readonly package?: string | undefined;
}

/** All catalogs that this server has, by content hash: the shipped ones and those harvested here. */
export interface CatalogLibrary {
  /** Newest QEMU first; a catalog that is both shipped and harvested stands once, as harvested. */
  list(): readonly LibraryCatalog[];
  has(hash: string): boolean;
  /** @throws CATALOG_NOT_FOUND */
  find(hash: string): LibraryCatalog;
  /** By `sha256:…` or version. @throws CATALOG_NOT_FOUND */
  choose(reference: string): CatalogUse;
  /** The best for a binary that has no catalog of its own; null when the library is empty. */
  nearest(binary: BinaryDescription): CatalogUse | null;
  /** The newest, for a host without QEMU. @throws CATALOG_NOT_FOUND when the library is empty */
  newest(hostName: string): CatalogUse;
  exact(hash: string): CatalogUse;
  addShipped(file: CatalogFile): void;
  addHarvested(file: CatalogFile): void;
}

const remedyForNone =
  'list the catalogs with GET /api/v1/catalogs, or harvest the binary: cpu-atlas harvest --qemu PATH';

export function createCatalogLibrary(): CatalogLibrary {
  const byHash = new Map<string, LibraryCatalog>();
  const list = (): readonly LibraryCatalog[] => [...byHash.values()].sort(compareVersions);

  const find = (hash: string): LibraryCatalog => {
    const entry = byHash.get(hash);
    if (entry === undefined) {
      throw new AtlasError('CATALOG_NOT_FOUND', 'there is no catalog of that hash', {
        where: hash,
        remedy: remedyForNone,
      });
    }
    return entry;
  };
  const exact = (hash: string): CatalogUse => useOf(find(hash), 'exact', null);

  return {
    list,
    has: (hash) => byHash.has(hash),
    find,
    exact,
    choose(reference) {
      return reference.startsWith('sha256:') ? exact(reference) : chooseByVersion(list(), reference);
    },
    nearest(binary) {
      const choice = chooseCatalog(list(), binary);
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
      const [entry] = list();
      if (entry === undefined) throw noCatalogAtAll();
      return useOf(entry, 'nearest', `no QEMU is known on ${hostName}: the catalog of QEMU ${entry.version} answers`);
    },
    addShipped(file) {
      if (!byHash.has(file.hash)) byHash.set(file.hash, entryOf(file, 'shipped'));
    },
    addHarvested(file) {
      byHash.set(file.hash, entryOf(file, 'harvested'));
    },
  };
}

/**
 * The catalog for a version such as `10.0` or `10.0.13`: its own, else the nearest, with that said.
 * @throws CATALOG_NOT_FOUND
 */
export function chooseByVersion(catalogs: readonly LibraryCatalog[], reference: string): CatalogUse {
  if (!isVersion(reference)) {
    throw new AtlasError('CATALOG_NOT_FOUND', 'is neither a hash nor a QEMU version', {
      where: reference,
      remedy: remedyForNone,
    });
  }
  const choice = chooseCatalog(catalogs, { version: reference });
  if (choice === null) throw noCatalogAtAll();
  const { version } = choice.catalog;
  return useOf(
    choice.catalog,
    choice.match,
    choice.match === 'exact' ? null : nearestVersionAssumption(reference, version),
    choice.match === 'exact' ? null : reference,
  );
}

/** The words for a catalog of one version that stands for another. */
export function nearestVersionAssumption(wanted: string, found: string): string {
  return `there is no catalog of QEMU ${wanted}: the nearest, of QEMU ${found}, stands for it`;
}

export function entryOf(file: CatalogFile, source: LibraryCatalog['source']): LibraryCatalog {
  const { version, package: name } = file.catalog.qemu;
  return { hash: file.hash, version, package: name, source, catalog: file.catalog };
}

export function useOf(
  entry: LibraryCatalog,
  match: UsedCatalog['match'],
  assumption: string | null,
  runsAs: string | null = null,
): CatalogUse {
  return { entry, used: { hash: entry.hash, version: entry.version, match, assumption }, runsAs };
}

function noCatalogAtAll(): AtlasError {
  return new AtlasError('CATALOG_NOT_FOUND', 'there is no catalog at all', {
    where: 'data/qemu',
    remedy: 'harvest an installed QEMU: cpu-atlas harvest --qemu PATH --out data/qemu/VERSION',
  });
}
