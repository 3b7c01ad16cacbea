import { resolve } from '@cpu-atlas/core';
import type { HostMatrix, ResolveContext } from '@cpu-atlas/core';

/** Which cells filter a feature: 1 where they do, numbered as in the matrix. */
export interface FeatureCells {
  /** Asks what is not known yet first. */
  readonly cellsFiltering: (feature: string) => Uint8Array;
  /** Resolves one more column; false when all are done. */
  readonly advance: () => boolean;
}

/**
 * Resolves the cells that filter something, and remembers which feature is filtered where. A whole matrix takes a
 * fraction of a second: `advance` does it in slices while nobody waits.
 */
export function createFeatureCells(context: ResolveContext, matrix: HostMatrix): FeatureCells {
  const none = new Uint8Array(matrix.status.length);
  const marks = new Map<string, Uint8Array>();
  let next = 0;
  const advance = () => {
    if (next >= matrix.columns.length) return false;
    markColumn(context, matrix, { column: next, marks });
    next += 1;
    return next < matrix.columns.length;
  };
  return {
    advance,
    cellsFiltering: (feature) => {
      while (advance());
      return marks.get(feature) ?? none;
    },
  };
}

interface Marking {
  readonly column: number;
  readonly marks: Map<string, Uint8Array>;
}

function markColumn(context: ResolveContext, matrix: HostMatrix, { column, marks }: Marking): void {
  const machine = matrix.columns[column]?.machines[0];
  if (machine === undefined) return;
  matrix.models.forEach(({ name }, model) => {
    const at = model * matrix.columns.length + column;
    if ((matrix.filteredCount[at] ?? 0) === 0) return;
    const { unavailableFeatures } = resolve(context, {
      accel: matrix.accel,
      machine,
      cpu: name,
      kernelIrqchip: matrix.kernelIrqchip ?? undefined,
    });
    for (const feature of unavailableFeatures) {
      const known = marks.get(feature) ?? new Uint8Array(matrix.status.length);
      known[at] = 1;
      marks.set(feature, known);
    }
  });
}
