import { useInfiniteQuery } from '@tanstack/react-query';
import type { HostList, HostSummary } from '@cpu-atlas/contract';
import { useEffect, useMemo } from 'react';
import { requestJson } from '../../api/request.ts';

/** Hosts of one answer. */
const pageLength = 1_000;
const timeoutMs = 15_000;
const pollMs = 30_000;

export interface HostFilter {
  readonly search: string;
  readonly freshness: string;
  readonly source: string;
  /** RFC 3339; '': now. */
  readonly at: string;
}

export interface LoadedHosts {
  readonly hosts: readonly HostSummary[];
  /** Counts of the newest answer; null before the first. */
  readonly newest: HostList | null;
  readonly isPending: boolean;
  /** Pages are still on their way. */
  readonly isGrowing: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
}

/** The hosts that the filters leave, page after page until all are there. */
export function useHostList(filter: HostFilter): LoadedHosts {
  const query = useInfiniteQuery({
    queryKey: ['host-list', filter],
    queryFn: ({ signal, pageParam }) =>
      requestJson<HostList>(`/hosts?${writeQuery(filter, pageParam)}`, { signal, timeoutMs }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }: HostList) => nextCursor ?? undefined,
    placeholderData: (before) => before,
    // What was does not change.
    refetchInterval: filter.at === '' ? pollMs : false,
  });
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const hosts = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  return {
    hosts,
    newest: data?.pages.at(-1) ?? null,
    isPending: query.isPending,
    isGrowing: hasNextPage,
    error: data === undefined ? query.error : null,
    retry: () => void query.refetch(),
  };
}

function writeQuery({ search, freshness, source, at }: HostFilter, cursor: string): string {
  const parameters = new URLSearchParams({ limit: String(pageLength) });
  if (search.trim() !== '') parameters.set('q', search.trim());
  if (freshness !== '') parameters.set('freshness', freshness);
  if (source !== '') parameters.set('source', source);
  if (at !== '') parameters.set('at', at);
  if (cursor !== '') parameters.set('cursor', cursor);
  return parameters.toString();
}
