import { type AtlasError } from '@cpu-atlas/core';
import { InvalidArgumentError, Option } from 'commander';
import {
  dataDirectory,
  harvestDirectory,
  openHarvestCache,
  shippedDirectory,
  type HarvestCache,
} from '@cpu-atlas/server/library';
import { createAnswerer, type Answerer } from '../answerer.ts';
import type { Terminal } from '../output/terminal.ts';
import { readOwnVersion } from '../own-version.ts';
import type { Surroundings } from '../program.ts';
import { createCatalogSource } from '../sources/catalog-source.ts';
import { createSnapshotSource } from '../sources/snapshot-source.ts';

/** `--format`: people read on terminals, programs read pipes. */
export function formatOption(terminal: Terminal): Option {
  return new Option('--format <format>', 'table for people, json for programs')
    .choices(['table', 'json'])
    .default(terminal.isOutTerminal ? 'table' : 'json', 'table on a terminal, else json');
}

export const irqchipOption = (): Option =>
  new Option('--kernel-irqchip <mode>', 'of -machine or -accel; left out: what the machine type does').choices([
    'on',
    'split',
    'off',
  ]);

/** A whole number of at least `least`, for an option. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

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
