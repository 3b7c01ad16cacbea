import { useQuery } from '@tanstack/react-query';
import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';
import type { Catalog, HostSnapshot } from '@cpu-atlas/core';
import { faultOf } from './fault.ts';
import type { Fault } from './fault.ts';
import { pickCatalog, pickHost } from './pick-atlas.ts';
import { catalogQuery, catalogsQuery, hostQuery, hostsQuery, snapshotQuery } from './queries.ts';

/** What a link pins; '' where it does not say. */
export interface Pins {
  readonly host: string;
  readonly snapshot: string;
  readonly catalog: string;
}

/** Everything a matrix is computed from. */
export interface LoadedAtlas {
  readonly kind: 'ready';
  readonly host: HostSummary;
  /** The first hosts of the fleet, to choose another one from. */
  readonly hosts: readonly HostSummary[];
  readonly snapshotHash: string;
  readonly snapshot: HostSnapshot;
  readonly catalogHash: string;
  readonly catalog: Catalog;
  readonly catalogs: readonly CatalogSummary[];
  /** What is shown is the one before: another snapshot or catalog is on its way. */
  readonly isSuperseded: boolean;
}

export type Atlas =
  | { readonly kind: 'loading'; readonly what: string }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly retry: () => void }
  | LoadedAtlas;

const noHost: Fault = {
  code: 'HOST_NOT_FOUND',
  title: 'This backend knows no host of that name',
  detail: 'The link was made on another backend, or the host has left.',
  remedy: 'open the matrix of this host',
};

const noCatalog: Fault = {
  code: 'CATALOG_NOT_FOUND',
  title: 'There is no catalog to answer with',
  detail: 'No QEMU is installed on this host and the backend has no catalog.',
  remedy: 'install qemu-system-x86, then probe again',
};

/** Loads what a link pins, or the newest of what it leaves open. */
export function useAtlas(pins: Pins): Atlas {
  const hosts = useQuery(hostsQuery);
  const catalogs = useQuery(catalogsQuery);
  const listed = pickHost(hosts.data?.items, pins.host);
  // A large fleet is not listed whole: a host that is asked for by its id may be further down.
  const unlisted = useQuery(hostQuery(hosts.data !== undefined && listed === null ? pins.host : ''));
  const host = listed ?? unlisted.data?.summary ?? null;
  const snapshotHash = pins.snapshot || (host?.snapshotHash ?? '');
  const catalogHash = pins.catalog || (host === null ? '' : pickCatalog(host, catalogs.data?.items));
  const snapshot = useQuery(snapshotQuery(snapshotHash));
  const catalog = useQuery(catalogQuery(catalogHash));

  const failed = [hosts, snapshot, catalog].find(({ isError, data }) => isError && data === undefined);
  if (failed !== undefined) return { kind: 'fault', fault: faultOf(failed.error), retry: () => void failed.refetch() };
  if (hosts.data === undefined) return { kind: 'loading', what: 'host' };
  if (host === null && unlisted.isLoading) return { kind: 'loading', what: 'host' };
  if (host === null) return { kind: 'fault', fault: noHost, retry: () => void hosts.refetch() };
  if (catalogHash === '' && catalogs.isFetched) {
    return { kind: 'fault', fault: noCatalog, retry: () => void catalogs.refetch() };
  }
  if (snapshot.data === undefined) return { kind: 'loading', what: 'snapshot' };
  if (catalog.data === undefined) return { kind: 'loading', what: 'catalog' };
  return {
    kind: 'ready',
    host,
    hosts: hosts.data.items,
    snapshotHash: snapshot.data.hash,
    snapshot: snapshot.data.snapshot,
    catalogHash: catalog.data.hash,
    catalog: catalog.data.catalog,
    catalogs: catalogs.data?.items ?? [],
    isSuperseded: snapshot.isPlaceholderData || catalog.isPlaceholderData,
  };
}
