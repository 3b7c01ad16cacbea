import { useQuery } from '@tanstack/react-query';
import type { CatalogSummary } from '@cpu-atlas/contract';
import { indexCatalog } from '@cpu-atlas/core';
import type { Catalog, CatalogIndex } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { faultOf } from '../../api/fault.ts';
import type { Fault } from '../../api/fault.ts';
import { catalogQuery, catalogsQuery } from '../../api/queries.ts';

export interface LoadedCatalog {
  readonly kind: 'ready';
  readonly hash: string;
  readonly index: CatalogIndex;
  readonly catalogs: readonly CatalogSummary[];
  /** What is shown is the one before: another is on its way. */
  readonly isSuperseded: boolean;
}

export type ChosenCatalog =
  | { readonly kind: 'loading' }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly retry: () => void }
  | LoadedCatalog;

const none: Fault = {
  code: 'CATALOG_NOT_FOUND',
  title: 'There is no catalog to answer with',
  detail: 'The backend knows no QEMU.',
  remedy: 'install qemu-system-x86 and harvest it: cpu-atlas harvest',
};

/** The catalog of a link; where it names none, that of the newest QEMU that is known. */
export function useCatalog(hash: string): ChosenCatalog {
  const catalogs = useQuery(catalogsQuery);
  const chosen = hash || newestCatalog(catalogs.data?.items ?? []);
  const catalog = useQuery(catalogQuery(chosen));
  const index = useCatalogIndex(catalog.data?.catalog);
  const failed = [catalogs, catalog].find(({ isError, data }) => isError && data === undefined);
  if (failed !== undefined) return { kind: 'fault', fault: faultOf(failed.error), retry: () => void failed.refetch() };
  if (catalogs.isFetched && chosen === '') return { kind: 'fault', fault: none, retry: () => void catalogs.refetch() };
  if (index === null || catalog.data === undefined) return { kind: 'loading' };
  return {
    kind: 'ready',
    hash: catalog.data.hash,
    index,
    catalogs: catalogs.data?.items ?? [],
    isSuperseded: catalog.isPlaceholderData,
  };
}

export function useCatalogIndex(catalog: Catalog | undefined): CatalogIndex | null {
  return useMemo(() => (catalog === undefined ? null : indexCatalog(catalog)), [catalog]);
}

/** The newest release; '' where there is none. */
export function newestCatalog(catalogs: readonly CatalogSummary[]): string {
  return sortCatalogs(catalogs)[0]?.hash ?? '';
}

/** Newest release first. */
export function sortCatalogs(catalogs: readonly CatalogSummary[]): readonly CatalogSummary[] {
  return [...catalogs].sort((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }));
}
