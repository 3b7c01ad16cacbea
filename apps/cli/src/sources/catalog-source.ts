import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { identifyBinary, loadCatalogFile } from '@cpu-atlas/catalog';
import { AtlasError, isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot, QemuBinary } from '@cpu-atlas/core';
import {
  chooseCatalog,
  entryOf,
  isVersion,
  listShippedCatalogs,
  nearestVersionAssumption,
  RecentMap,
  useOf,
  type CatalogUse,
  type HarvestCache,
  type LibraryCatalog,
  type ShippedCatalog,
} from '@cpu-atlas/server/library';
import { fileKey, ownHostKey, type LoadedSnapshot } from './snapshot-source.ts';

/** Catalogs by path, version or hash; each file is read once for each of its changes. */
export interface CatalogSource {
  /** `10.0`, `sha256:…`, a file, or a folder that `harvest` wrote. @throws CATALOG_NOT_FOUND, CATALOG_INVALID, FILE_TOO_LARGE */
  load(reference: string): Promise<CatalogUse>;
  /** What answers for a host when nobody says: its first QEMU's own catalog, else the nearest. */
  forHost(host: LoadedSnapshot | null): Promise<CatalogUse>;
}

export interface CatalogSourceOptions {
  readonly shippedDirectory: string;
  readonly cache: HarvestCache;
}

const keptCatalogs = 8;

export function createCatalogSource({ shippedDirectory, cache }: CatalogSourceOptions): CatalogSource {
  const kept = new RecentMap<string, LibraryCatalog>(keptCatalogs);
  const uses = new RecentMap<string, Promise<CatalogUse>>(keptCatalogs);
  let shipped: Promise<readonly ShippedCatalog[]> | null = null;
  const listShipped = (): Promise<readonly ShippedCatalog[]> => (shipped ??= listShippedCatalogs(shippedDirectory));

  const read = async (path: string, source: LibraryCatalog['source']): Promise<LibraryCatalog> => {
    const key = fileKey(path);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const entry = entryOf(await loadCatalogFile(path), source);
    kept.set(key, entry);
    return entry;
  };

  const byVersion = async (wanted: { version: string; package?: string | undefined }): Promise<CatalogUse> => {
    const choice = chooseCatalog(await listShipped(), wanted);
    if (choice === null) throw noCatalog(wanted.version, 'no catalog is shipped with this CPU Atlas');
    const entry = await read(choice.catalog.path, 'shipped');
    const assumption = choice.match === 'exact' ? null : nearestVersionAssumption(wanted.version, entry.version);
    return useOf(entry, choice.match, assumption, choice.match === 'exact' ? null : wanted.version);
  };

  const byHash = async (hash: string): Promise<CatalogUse> => {
    for (const { path } of await listShipped()) {
      const entry = await read(path, 'shipped');
      if (entry.hash === hash) return useOf(entry, 'exact', null);
    }
    const harvested = (await cache.list()).find((file) => file.hash === hash);
    if (harvested === undefined) throw noCatalog(hash, 'there is no catalog of that hash');
    return useOf(entryOf(harvested, 'harvested'), 'exact', null);
  };

  const once = (key: string, find: () => Promise<CatalogUse>): Promise<CatalogUse> => {
    const found = uses.get(key) ?? find();
    uses.set(key, found);
    return found;
  };

  return {
    async load(reference) {
      if (reference.startsWith('sha256:')) return once(reference, () => byHash(reference));
      if (isVersion(reference)) return once(reference, () => byVersion({ version: reference }));
      return useOf(await read(catalogPath(reference), 'harvested'), 'exact', null);
    },
    async forHost(host) {
      const [binary] = host?.snapshot.qemu ?? [];
      if (host === null || binary === undefined) return newestShipped(await listShipped(), read, host);
      const isSelf = host.key === ownHostKey;
      return once(JSON.stringify([isSelf, binary.path, binary.version, binary.catalog]), async () => {
        const named = binary.catalog === undefined ? null : await byHash(binary.catalog).catch(() => null);
        if (named !== null) return named;
        const own = isSelf ? await ownCatalog(binary, host.snapshot, cache) : null;
        return own ?? standIn(binary, await byVersion(binary));
      });
    },
  };
}

async function newestShipped(
  shipped: readonly ShippedCatalog[],
  read: (path: string, source: 'shipped') => Promise<LibraryCatalog>,
  loaded: LoadedSnapshot | null,
): Promise<CatalogUse> {
  const [newest] = shipped;
  if (newest === undefined) throw noCatalog('data/qemu', 'no catalog is shipped with this CPU Atlas');
  const entry = await read(newest.path, 'shipped');
  const host = loaded === null ? 'no host is given' : `no QEMU is known on ${loaded.snapshot.host.name}`;
  return useOf(entry, 'nearest', `${host}: the catalog of QEMU ${entry.version} answers`);
}

/** The catalog that was harvested from this very binary of this host, if there is one. */
async function ownCatalog(
  binary: QemuBinary,
  { kernel }: HostSnapshot,
  cache: HarvestCache,
): Promise<CatalogUse | null> {
  const identity = await identifyBinary(binary.path).catch(() => null);
  if (identity === null) return null;
  const hasKvm = kernel !== undefined && !isUnknown(kernel) && !isUnknown(kernel.kvm);
  const file = await cache.read(identity, hasKvm ? 'opens' : 'closed');
  return file === null ? null : useOf(entryOf(file, 'harvested'), 'exact', null);
}

function standIn(binary: QemuBinary, { entry }: CatalogUse): CatalogUse {
  const what = `${binary.path} (QEMU ${binary.version}) is not harvested: the shipped catalog of QEMU ${entry.version} stands for it`;
  return useOf(entry, 'nearest', what);
}

function catalogPath(reference: string): string {
  if (!existsSync(reference)) throw noCatalog(reference, 'is neither a file, a QEMU version nor a hash');
  return statSync(reference).isDirectory() ? join(reference, 'catalog.json') : reference;
}

function noCatalog(where: string, what: string): AtlasError {
  return new AtlasError('CATALOG_NOT_FOUND', what, {
    where,
    remedy: 'name a catalog file, a version such as 10.0, or harvest one: cpu-atlas harvest --qemu PATH --out DIR',
  });
}
