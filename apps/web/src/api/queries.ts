import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Catalog, HostSnapshot } from '@cpu-atlas/core';
import type {
  CatalogSummary,
  HostList,
  HostSummary,
  VerificationRequest,
  VerificationResult,
} from '@cpu-atlas/contract';
import { requestJson } from './request.ts';

const quickMs = 15_000;
const probeMs = 60_000;
const verifyMs = 120_000;
/** Ages and harvest progress move by themselves. */
const pollMs = 30_000;
const busyPollMs = 1_000;

export const hostsQuery = queryOptions({
  queryKey: ['hosts'],
  queryFn: ({ signal }) => requestJson<HostList>('/hosts', { signal, timeoutMs: quickMs }),
  refetchInterval: ({ state }) => (state.data?.items.some(isBusy) === true ? busyPollMs : pollMs),
  staleTime: 5_000,
});

export const catalogsQuery = queryOptions({
  queryKey: ['catalogs'],
  queryFn: ({ signal }) =>
    requestJson<{ readonly items: readonly CatalogSummary[] }>('/catalogs', { signal, timeoutMs: quickMs }),
  staleTime: pollMs,
});

/** Something named by its content never changes: it is loaded once. What was shown stays until the next is there. */
export function snapshotQuery(hash: string) {
  return queryOptions({
    queryKey: ['snapshot', hash],
    queryFn: async ({ signal }) => ({
      hash,
      snapshot: await requestJson<HostSnapshot>(`/snapshots/${encodeURIComponent(hash)}`, {
        signal,
        timeoutMs: quickMs,
      }),
    }),
    enabled: hash !== '',
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function catalogQuery(hash: string) {
  return queryOptions({
    queryKey: ['catalog', hash],
    queryFn: async ({ signal }) => ({
      hash,
      catalog: await requestJson<Catalog>(`/catalogs/${encodeURIComponent(hash)}`, { signal, timeoutMs: quickMs }),
    }),
    enabled: hash !== '',
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

export function requestProbe(host: string): Promise<{ readonly summary: HostSummary }> {
  return requestJson('/probes', { timeoutMs: probeMs, body: { host } });
}

export function requestVerification(request: VerificationRequest): Promise<VerificationResult> {
  return requestJson('/verifications', { timeoutMs: verifyMs, body: request });
}

function isBusy(host: HostSummary): boolean {
  return host.isProbing || host.qemu.some(({ harvest }) => harvest.state === 'running' || harvest.state === 'waiting');
}
