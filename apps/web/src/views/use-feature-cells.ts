import type { HostMatrix, ResolveContext } from '@cpu-atlas/core';
import { useEffect, useMemo } from 'react';
import { createFeatureCells } from '../matrix/feature-cells.ts';
import type { FeatureCells } from '../matrix/feature-cells.ts';

const firstMs = 400;
const sliceMs = 30;

/** Which cells filter which feature; found out in slices while the matrix is looked at. */
export function useFeatureCells(context: ResolveContext, matrix: HostMatrix): FeatureCells {
  const cells = useMemo(() => createFeatureCells(context, matrix), [context, matrix]);
  useEffect(() => {
    const step = () => {
      if (cells.advance()) timer = setTimeout(step, sliceMs);
    };
    let timer = setTimeout(step, firstMs);
    return () => clearTimeout(timer);
  }, [cells]);
  return cells;
}
