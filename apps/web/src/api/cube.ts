import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { cubeMediaType, decodeCube } from '@cpu-atlas/core';
import type { ViewState } from '../navigation/route.ts';
import { requestBytes } from './request.ts';

/** A first cube of a large fleet may have to be computed. */
const timeoutMs = 60_000;
/** Hosts come and go; what did not change is answered by its tag. */
const pollMs = 30_000;

/** What decides a cube. */
export type CubeChoice = Pick<ViewState<'pivot'>, 'accel' | 'irqchip' | 'catalog' | 'at'>;

/** The folded cube of the fleet. */
export function cubeQuery({ accel, irqchip, catalog, at }: CubeChoice) {
  const parameters = new URLSearchParams({ catalog, accel });
  if (irqchip !== '' && accel === 'kvm') parameters.set('kernelIrqchip', irqchip);
  if (at !== '') parameters.set('at', at);
  const path = `/cube?${parameters.toString()}`;
  return queryOptions({
    queryKey: ['cube', path],
    queryFn: async ({ signal }) => decodeCube(await requestBytes(path, { signal, timeoutMs, accept: cubeMediaType })),
    placeholderData: keepPreviousData,
    refetchInterval: at === '' ? pollMs : false,
    staleTime: at === '' ? 5_000 : Infinity,
    structuralSharing: false,
  });
}
