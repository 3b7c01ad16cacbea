import { useQueries } from '@tanstack/react-query';
import { featureNeeds, indexCatalog, modelReach, readDefinition } from '@cpu-atlas/core';
import type { CatalogIndex, Cube, FeatureNeed, ModelReach } from '@cpu-atlas/core';
import { useMemo } from 'react';
import { catalogQuery } from '../../api/queries.ts';
import { useCube } from '../pivot/use-cube.ts';
import type { ModelPart } from './model-view.tsx';

export interface LoadedReach {
  readonly cube: Cube | undefined;
  readonly reach: readonly ModelReach[];
  readonly needs: readonly FeatureNeed[];
  readonly error: Error | null;
  readonly isSuperseded: boolean;
  /** Catalogs are on their way: what hosts lack is not told of all yet. */
  readonly isWaiting: boolean;
  readonly retry: () => void;
}

const nothing: readonly ModelReach[] = [];

/** What becomes of the model on every host of the fleet, with what hosts lack as far as their QEMU's catalog is loaded. */
export function useReach({ loaded, state }: ModelPart): LoadedReach {
  const { accel, machine, name, asked, at } = state;
  const { cube, error, isSuperseded, retry } = useCube({
    accel,
    irqchip: '',
    catalog: asked === 'own' ? 'own' : loaded.hash,
    at,
  });
  const { indexes, isWaiting } = useIndexes(cube, loaded);
  const reach = useMemo(() => {
    if (cube === undefined) return nothing;
    const askedOf = (catalog: string) => {
      const index = indexes.get(catalog);
      return index === undefined ? null : (readDefinition(index, accel, { model: name, machine })?.features ?? null);
    };
    return modelReach(cube, { model: name, machine, askedOf });
  }, [cube, indexes, accel, name, machine]);
  const needs = useMemo(() => featureNeeds(reach), [reach]);
  return { cube, reach, needs, error, isSuperseded, isWaiting, retry };
}

/** The catalogs of all QEMUs that answer. */
function useIndexes(
  cube: Cube | undefined,
  { hash, index }: ModelPart['loaded'],
): { readonly indexes: ReadonlyMap<string, CatalogIndex>; readonly isWaiting: boolean } {
  const wanted = [...new Set(cube?.sheets.map(({ qemu }) => qemu.catalog) ?? [])].filter((one) => one !== hash);
  const { loaded, isWaiting } = useQueries({
    queries: wanted.map((one) => catalogQuery(one)),
    combine: (results) => ({
      loaded: results.flatMap(({ data }) => (data === undefined ? [] : [data])),
      isWaiting: results.some(({ isPending }) => isPending),
    }),
  });
  const indexes = useMemo(
    () => new Map([[hash, index], ...loaded.map((one) => [one.hash, indexCatalog(one.catalog)] as const)]),
    [hash, index, loaded],
  );
  return { indexes, isWaiting };
}
