import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import { loadCatalogFile, saveCatalogFile } from '@cpu-atlas/catalog';
import type { BinaryIdentity, CatalogFile } from '@cpu-atlas/catalog';

/**
 * Harvested catalogs in a directory, one file a binary, named by what tells the binary from its successor. A harvest
 * that saw KVM and one that did not are kept apart, so that KVM that appears later is harvested too.
 */
export interface HarvestCache {
  /** The catalog of this very binary; null when there is none yet, or a damaged one. */
  read(identity: BinaryIdentity, kvm: 'opens' | 'closed'): Promise<CatalogFile | null>;
  /** @throws STORE_FAILED */
  write(identity: BinaryIdentity, file: CatalogFile): Promise<void>;
  /** All that can be read. */
  list(): Promise<readonly CatalogFile[]>;
}

export interface HarvestCacheOptions {
  readonly directory: string;
  /** Version of Atlas: another one harvests again. */
  readonly harvester: string;
  readonly onDamaged: (error: AtlasError) => void;
}

export function openHarvestCache({ directory, harvester, onDamaged }: HarvestCacheOptions): HarvestCache {
  const pathOf = (identity: BinaryIdentity, seen: 'kvm' | 'tcg'): string => {
    const words = [harvester, identity.path, identity.sizeBytes, identity.mtime].join('\n');
    const digest = createHash('sha256').update(words).digest('hex').slice(0, 24);
    return join(directory, `${digest}-${seen}.json`);
  };
  const load = async (path: string): Promise<CatalogFile | null> => {
    try {
      return await loadCatalogFile(path);
    } catch (error) {
      if (!(error instanceof AtlasError)) throw error;
      if (error.code !== 'CATALOG_NOT_FOUND') onDamaged(error);
      return null;
    }
  };
  return {
    async read(identity, kvm) {
      const withKvm = await load(pathOf(identity, 'kvm'));
      if (withKvm !== null || kvm === 'opens') return withKvm;
      return load(pathOf(identity, 'tcg'));
    },
    async write(identity, file) {
      try {
        await mkdir(directory, { recursive: true, mode: 0o755 });
        await saveCatalogFile(pathOf(identity, file.catalog.kvm === undefined ? 'tcg' : 'kvm'), file);
      } catch (cause) {
        throw new AtlasError('STORE_FAILED', `the harvested catalog cannot be kept: ${String(cause)}`, {
          where: directory,
          remedy: 'check owner, permissions and space of the data directory',
          cause,
        });
      }
    },
    async list() {
      const names = await readdir(directory).catch(() => []);
      const files = await Promise.all(
        names.filter((name) => name.endsWith('.json')).map((name) => load(join(directory, name))),
      );
      return files.filter((file) => file !== null);
    },
  };
}
