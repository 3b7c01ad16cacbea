import { computeHostMatrix, createContext as createResolveContext, indexCatalog } from '@cpu-atlas/core';
import type {
  Accelerator,
  Catalog,
  HostMatrix,
  HostSnapshot,
  KernelIrqchip,
  MatrixRequest,
  ResolveContext,
} from '@cpu-atlas/core';
import { useMemo } from 'react';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { faultOf } from '../api/fault.ts';
import type { Fault } from '../api/fault.ts';

export type ComputedMatrix =
  | {
      readonly kind: 'computed';
      readonly context: ResolveContext;
      readonly matrix: HostMatrix;
    }
  | { readonly kind: 'fault'; readonly fault: Fault };

interface Prepared {
  readonly context: ResolveContext;
  /** Matrices computed so far, so that a switch flipped back answers at once. */
  readonly computed: Map<string, ComputedMatrix>;
}

/** The matrix of one host under one accelerator, by the core, in this browser. */
export function useHostMatrix(
  { catalog, catalogHash, snapshot, host }: Pick<LoadedAtlas, 'catalog' | 'catalogHash' | 'snapshot' | 'host'>,
  { accel, irqchip }: { readonly accel: Accelerator; readonly irqchip: KernelIrqchip | '' },
): ComputedMatrix {
  // A catalog that only stands in for a binary is resolved with the rules of that binary's release.
  const standsFor = host.qemu.find((qemu) => qemu.catalog === catalogHash && qemu.catalogMatch === 'nearest')?.version;
  const prepared = useMemo(() => attempt(() => prepare(catalog, snapshot, standsFor)), [catalog, snapshot, standsFor]);
  return useMemo((): ComputedMatrix => {
    if ('fault' in prepared) return { kind: 'fault', fault: prepared.fault };
    const { context, computed } = prepared.value;
    const kernelIrqchip = irqchip === '' || accel === 'tcg' ? undefined : irqchip;
    const key = `${accel} ${kernelIrqchip ?? ''}`;
    const known = computed.get(key) ?? compute(context, { accel, kernelIrqchip });
    computed.set(key, known);
    return known;
  }, [prepared, accel, irqchip]);
}

function prepare(catalog: Catalog, snapshot: HostSnapshot, standsFor: string | undefined): Prepared {
  return { context: createResolveContext(indexCatalog(catalog, standsFor), snapshot), computed: new Map() };
}

function compute(context: ResolveContext, request: MatrixRequest): ComputedMatrix {
  const computed = attempt(() => computeHostMatrix(context, request));
  if ('fault' in computed) return { kind: 'fault', fault: computed.fault };
  return { kind: 'computed', context, matrix: computed.value };
}

function attempt<T>(compute: () => T): { readonly value: T } | { readonly fault: Fault } {
  try {
    return { value: compute() };
  } catch (thrown) {
    return { fault: faultOf(thrown) };
  }
}
