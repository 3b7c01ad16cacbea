import type { AtlasError } from '@cpu-atlas/core';
import {
  dataDirectory,
  harvestDirectory,
  openHarvestCache,
  shippedDirectory,
  type HarvestCache,
} from '@cpu-atlas/server/library';
import { createAnswerer, type Answerer } from '../answerer.ts';
import { readOwnVersion } from '../own-version.ts';
import type { Surroundings } from '../program.ts';
import { createCatalogSource } from '../sources/catalog-source.ts';
import { createSnapshotSource } from '../sources/snapshot-source.ts';

/** Harvested catalogs of this user. */
export function openCache({ environment, terminal }: Surroundings): HarvestCache {
  return openHarvestCache({
    directory: harvestDirectory(dataDirectory(environment)),
    harvester: readOwnVersion(),
    onDamaged: (error: AtlasError) => terminal.err.write(`left out: ${error.toString()}\n`),
  });
}

export function openAnswerer(surroundings: Surroundings, options: { readonly looksForQemu: boolean }): Answerer {
  return createAnswerer(
    createSnapshotSource(options),
    createCatalogSource({ shippedDirectory, cache: openCache(surroundings) }),
  );
}
