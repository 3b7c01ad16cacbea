import type { Catalog } from '@cpu-atlas/core';
import { parseCatalog, parseJsonText } from '@cpu-atlas/contract';
import type { CatalogLibrary } from '../catalog-library.ts';
import type { Store } from '../store/store.ts';

/** A catalog of the store, validated like any other: the store may be older than this code. @throws CATALOG_INVALID */
export async function readStoredCatalog(store: Store, hash: string): Promise<Catalog | null> {
  const stored = await store.contents.catalog(hash);
  if (stored === null) return null;
  return parseCatalog(parseJsonText(new TextDecoder().decode(stored.body), { code: 'CATALOG_INVALID', source: hash }));
}

/** Keeps the library up to date with the catalogs of the store, which any hub may add to. */
export interface StoredCatalogs {
  /** Lists them once. @throws STORE_FAILED; the next call tries again */
  open(): Promise<void>;
  close(): void;
}

export function followStoredCatalogs(
  store: Store,
  library: CatalogLibrary,
  onFault: (error: unknown) => void,
): StoredCatalogs {
  let isListed = false;
  const list = async (): Promise<void> => {
    library.addStored(await store.contents.catalogs());
    isListed = true;
  };
  const close = store.changes.subscribe(
    (changes) => {
      if (changes.some(({ kind }) => kind === 'catalog-new')) list().catch(onFault);
    },
    () => void list().catch(onFault),
  );
  return {
    async open() {
      if (!isListed) await list();
    },
    close,
  };
}
