import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { cubeMediaType, decodeCube } from '@cpu-atlas/core';
import { cubePath } from './paths.ts';
import type { CubeChoice } from './paths.ts';
import { requestBytes } from './request.ts';

/** A first cube of a large fleet may have to be computed. */
const timeoutMs = 60_000;
/** Hosts come and go; what did not change is answered by its tag. */
const pollMs = 30_000;

/** The folded cube of the fleet. */
export function cubeQuery(choice: CubeChoice) {
  const { at } = choice;
  const path = cubePath(choice);
  return queryOptions({
    queryKey: ['cube', path],
    queryFn: async ({ signal }) => decodeCube(await requestBytes(path, { signal, timeoutMs, accept: cubeMediaType })),
    placeholderData: keepPreviousData,
    refetchInterval: at === '' ? pollMs : false,
    staleTime: at === '' ? 5_000 : Infinity,
    structuralSharing: false,
  });
}
