import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCatalogFile } from '@cpu-atlas/catalog';
import type { CatalogFile } from '@cpu-atlas/catalog';
import { AtlasError } from '@cpu-atlas/core';
import { chooseCatalog, compareVersions, isVersion, type WantedVersion } from './catalog-choice.ts';

/** A catalog that comes with Atlas, known by the version in its path before it is read. */
export interface ShippedCatalog {
  readonly version: string;
  readonly package: string;
  readonly path: string;
}

/** Where the catalogs of this checkout lie: a folder for each QEMU version, with a `catalog.json` in it. */
export const shippedDirectory = fileURLToPath(new URL('../../../data/qemu', import.meta.url));

/** What is shipped, newest first; nothing is read but names. @throws STORE_FAILED */
export async function listShippedCatalogs(directory: string): Promise<readonly ShippedCatalog[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && isVersion(entry.name))
      .map(({ name }) => ({ version: name, package: '', path: join(directory, name, 'catalog.json') }))
      .sort(compareVersions);
  } catch (cause) {
    throw new AtlasError('STORE_FAILED', 'the shipped catalogs cannot be listed', {
      where: directory,
      remedy: 'run cpu-atlas from a whole checkout',
      cause,
    });
  }
}

/** Reads shipped catalogs, each once, when they are needed. */
export interface ShippedCatalogs {
  /** The one nearest to a version (the newest for null), as far as it can be read. */
  nearest(wanted: WantedVersion | null): Promise<CatalogFile | null>;
  all(): Promise<readonly CatalogFile[]>;
}

/** `onDamaged` hears of each catalog that cannot be read; it is left out. */
export function openShippedCatalogs(directory: string, onDamaged: (error: unknown) => void): ShippedCatalogs {
  const listing = listShippedCatalogs(directory).catch((error: unknown) => {
    onDamaged(error);
    return [];
  });
  const files = new Map<string, Promise<CatalogFile | null>>();
  const read = (path: string): Promise<CatalogFile | null> => {
    const reading =
      files.get(path) ??
      loadCatalogFile(path).catch((error: unknown) => {
        onDamaged(error);
        return null;
      });
    files.set(path, reading);
    return reading;
  };
  return {
    async nearest(wanted) {
      const shipped = await listing;
      const chosen = wanted === null ? shipped[0] : chooseCatalog(shipped, wanted)?.catalog;
      return chosen === undefined ? null : read(chosen.path);
    },
    async all() {
      const shipped = await listing;
      const loaded = await Promise.all(shipped.map(({ path }) => read(path)));
      return loaded.filter((file) => file !== null);
    },
  };
}
