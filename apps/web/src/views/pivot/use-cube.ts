import { useQuery } from '@tanstack/react-query';
import type { Cube } from '@cpu-atlas/core';
import { cubeQuery } from '../../api/cube.ts';
import type { CubeChoice } from '../../api/paths.ts';

export interface LoadedCube {
  readonly cube: Cube | undefined;
  readonly error: Error | null;
  /** What is shown is the one before. */
  readonly isSuperseded: boolean;
  readonly retry: () => void;
}

/** The folded cube that the front panel asks for. */
export function useCube(choice: CubeChoice): LoadedCube {
  const query = useQuery(cubeQuery(choice));
  return {
    cube: query.data,
    error: query.data === undefined ? query.error : null,
    isSuperseded: query.isPlaceholderData,
    retry: () => void query.refetch(),
  };
}
