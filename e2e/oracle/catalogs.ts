import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexCatalog, type Catalog, type CatalogIndex } from '@cpu-atlas/core';
import { checkoutRoot } from './oracle-files.ts';

/** Shipped catalogs that the oracle's recordings need, by the version that was recorded. */
export const shippedVersions = ['7.2.22', '10.0.13', '11.1.3'] as const;
export type ShippedVersion = (typeof shippedVersions)[number];

export function shippedCatalog(version: ShippedVersion): Catalog {
  const file = join(checkoutRoot, 'data', 'qemu', version, 'catalog.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { catalog: Catalog }).catalog;
}

export function shippedIndex(version: ShippedVersion, runsAs?: string): CatalogIndex {
  return indexCatalog(shippedCatalog(version), runsAs);
}
