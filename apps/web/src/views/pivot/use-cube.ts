import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { cubeMediaType, decodeCube } from '@cpu-atlas/core';
import type { Cube } from '@cpu-atlas/core';
import { requestBytes } from '../../api/request.ts';
import type { ViewState } from '../../navigation/route.ts';

/** A first cube of a large fleet may have to be computed. */
const timeoutMs = 60_000;
/** Hosts come and go; what did not change is answered by its tag. */
const pollMs = 30_000;

type CubeState = Pick<ViewState<'pivot'>, 'accel' | 'irqchip' | 'catalog' | 'at'>;

export interface LoadedCube {
  readonly cube: Cube | undefined;
  readonly error: Error | null;
  /** What is shown is the one before. */
  readonly isSuperseded: boolean;
  readonly retry: () => void;
}

/** The folded cube that the front panel asks for. */
export function useCube(state: CubeState): LoadedCube {
  const parameters = new URLSearchParams({ catalog: state.catalog, accel: state.accel });
  if (state.irqchip !== '' && state.accel === 'kvm') parameters.set('kernelIrqchip', state.irqchip);
  if (state.at !== '') parameters.set('at', state.at);
  const path = `/cube?${parameters.toString()}`;
  const query = useQuery({
    queryKey: ['cube', path],
    queryFn: async ({ signal }) => decodeCube(await requestBytes(path, { signal, timeoutMs, accept: cubeMediaType })),
    placeholderData: keepPreviousData,
    refetchInterval: state.at === '' ? pollMs : false,
    staleTime: state.at === '' ? 5_000 : Infinity,
    structuralSharing: false,
  });
  return {
    cube: query.data,
    error: query.data === undefined ? query.error : null,
    isSuperseded: query.isPlaceholderData,
    retry: () => void query.refetch(),
  };
}
