import { useInfiniteQuery } from '@tanstack/react-query';
import type { VmRecord } from '@cpu-atlas/core';
import type { VmsResult } from '@cpu-atlas/contract';
import { useEffect, useMemo } from 'react';
import { requestJson } from '../../api/request.ts';
import { joinMoves } from './moves.ts';
import type { Moves } from './moves.ts';
import type { PlanInput } from './plan-input.ts';
import type { HostFold } from './select-hosts.ts';

/** Classes whose moves are asked for at once: the rows appear bit by bit. */
const rowsAtOnce = 6;
const timeoutMs = 120_000;

export interface LoadedMoves {
  readonly moves: Moves;
  readonly unread: VmsResult['unread'];
  readonly done: number;
  readonly isGrowing: boolean;
  readonly error: Error | null;
  readonly retry: () => void;
}

interface MoveQuestion {
  readonly input: PlanInput;
  readonly folds: readonly HostFold[];
  readonly machine: string;
  readonly cpu: string;
  readonly isAsked: boolean;
}

/** Where a VM that booted on a host of each class can go, row after row. */
export function useMoves({ input, folds, machine, cpu, isAsked }: MoveQuestion): LoadedMoves {
  const { accel, kernelIrqchip, catalog, at } = input.request;
  const hosts = useMemo(() => input.hosts.map(({ id }) => id), [input.hosts]);
  const vmOn = (key: string): VmRecord => ({ name: key, host: key, machine, cpu, accel, kernelIrqchip });
  const query = useInfiniteQuery({
    queryKey: ['moves', input.request, input.stamp, machine, cpu],
    queryFn: ({ signal, pageParam }) =>
      requestJson<VmsResult>('/vms', {
        signal,
        timeoutMs,
        body: {
          hosts,
          ...(catalog === undefined ? {} : { catalog }),
          ...(at === undefined ? {} : { at }),
          vms: folds.slice(pageParam, pageParam + rowsAtOnce).map(({ key }) => vmOn(key)),
        },
      }),
    initialPageParam: 0,
    getNextPageParam: (_, __, from: number) => (from + rowsAtOnce < folds.length ? from + rowsAtOnce : undefined),
    enabled: isAsked && machine !== '' && folds.length > 0,
    staleTime: Infinity,
  });
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const moves = useMemo(() => joinMoves(folds, data?.pages ?? []), [folds, data]);
  return {
    moves,
    unread: data?.pages.flatMap(({ unread }) => unread) ?? [],
    done: Math.min(folds.length, (data?.pages.length ?? 0) * rowsAtOnce),
    isGrowing: data === undefined || hasNextPage,
    error: isError ? query.error : null,
    retry: () => void (data === undefined ? query.refetch() : fetchNextPage()),
  };
}
