import { readFileSync } from 'node:fs';
import { indexCatalog, type CatalogIndex } from '../catalog/catalog-index.ts';
import type { Catalog } from '../catalog/catalog.ts';

/** Releases whose catalogs ship with Atlas. */
export const shippedVersions = ['7.2.22', '10.0.13', '11.1.3'] as const;
export type ShippedVersion = (typeof shippedVersions)[number];

export function shippedCatalog(version: ShippedVersion): Catalog {
  const file = new URL(`../../../../data/qemu/${version}/catalog.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { catalog: Catalog }).catalog;
}

/** A shipped catalog, indexed; `runsAs` another release that it stands in for. */
export function shippedIndex(version: ShippedVersion, runsAs?: string): CatalogIndex {
  return indexCatalog(shippedCatalog(version), runsAs);
}
