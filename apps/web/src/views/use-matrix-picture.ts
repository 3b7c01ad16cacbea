import { useMemo } from 'react';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import { listMachineEntries } from '../matrix/machine-axis.ts';
import { listModelEntries } from '../matrix/model-axis.ts';
import type { MatrixPicture } from '../matrix/matrix-grid.ts';
import { createRowNotes, pickSpokesman } from '../matrix/row-notes.ts';
import { readSearch } from '../matrix/search.ts';
import type { MatrixState } from '../navigation/route.ts';
import { findVerdict } from '../proofs/proof-verdict.ts';
import { useProofs } from '../proofs/use-proofs.ts';
import { useFeatureCells } from './use-feature-cells.ts';
import type { ComputedMatrix } from './use-host-matrix.ts';

/** What the search field says about the present text. */
export interface SearchReport {
  readonly feature: string | null;
  /** How many cells on the screen filter that feature. */
  readonly cells: number;
  readonly suggestions: readonly string[];
}

interface PictureSource {
  readonly atlas: LoadedAtlas;
  readonly state: MatrixState;
  readonly computed: Extract<ComputedMatrix, { kind: 'computed' }>;
}

/** The matrix as the controls want it: filtered, folded, searched, with the proofs of this session. */
export function useMatrixPicture({ atlas, state, computed }: PictureSource): {
  readonly picture: MatrixPicture;
  readonly search: SearchReport;
} {
  const { context, matrix } = computed;
  const { catalog, catalogHash, snapshotHash } = atlas;
  const { vendor: hostVendor } = atlas.host;
  const { proofs } = useProofs();
  const { machines: only, showDeprecated, onlyDiffering, folded, unfolded, isTransposed, accel, irqchip } = state;

  const machines = useMemo(
    () => listMachineEntries(matrix, { machines: catalog.machines, only, showDeprecated, unfolded: new Set(unfolded) }),
    [matrix, catalog, only, showDeprecated, unfolded],
  );
  const columns = useMemo(() => [...new Set(machines.map(({ column }) => column))], [machines]);
  const featureCells = useFeatureCells(context, matrix);
  const searchIndex = useMemo(
    () => ({ models: matrix.models, features: catalog.features.map(({ name }) => name), aliases: catalog.aliases }),
    [matrix, catalog],
  );
  const meaning = useMemo(() => readSearch(state.search, searchIndex), [state.search, searchIndex]);
  const highlighted = useMemo(
    () => (meaning.feature === null ? null : featureCells.cellsFiltering(meaning.feature)),
    [meaning, featureCells],
  );
  const found = useMemo(() => {
    if (meaning.models === null || highlighted === null) return meaning.models;
    const models = new Set(meaning.models);
    matrix.models.forEach((_, model) => {
      if (columns.some((column) => highlighted[model * matrix.columns.length + column] === 1)) models.add(model);
    });
    return models;
  }, [meaning, highlighted, matrix, columns]);
  const models = useMemo(
    () =>
      listModelEntries(matrix, columns, { showDeprecated, onlyDiffering, found, hostVendor, folded: new Set(folded) }),
    [matrix, columns, showDeprecated, onlyDiffering, found, hostVendor, folded],
  );
  const explained = state.cell?.machine;
  const notes = useMemo(() => {
    const entry =
      machines.find((shown) => explained !== undefined && shown.machines.includes(explained)) ??
      pickSpokesman(machines);
    return entry === null ? null : { machine: entry.machines[0] ?? '', rows: createRowNotes(context, matrix, entry) };
  }, [context, matrix, machines, explained]);
  const picture = useMemo((): MatrixPicture => {
    const proofOf = (model: string, names: readonly string[]) =>
      findVerdict(proofs, { snapshot: snapshotHash, catalog: catalogHash, accel, irqchip, model, machines: names });
    return { matrix, models, machines, isTransposed, highlighted, feature: meaning.feature, notes, proofOf };
  }, [
    matrix,
    models,
    machines,
    isTransposed,
    highlighted,
    meaning,
    notes,
    proofs,
    snapshotHash,
    catalogHash,
    accel,
    irqchip,
  ]);
  const search = useMemo(
    (): SearchReport => ({
      feature: meaning.feature,
      cells: highlighted === null ? 0 : countCells(picture, highlighted),
      suggestions: meaning.suggestions,
    }),
    [meaning, highlighted, picture],
  );
  return { picture, search };
}

function countCells({ matrix, models, machines }: MatrixPicture, marks: Uint8Array): number {
  const columns = matrix.columns.length;
  const shown = new Set(models.flatMap((entry) => (entry.kind === 'family' ? entry.models : [entry.model])));
  let count = 0;
  for (const model of shown) {
    for (const entry of machines) count += (marks[model * columns + entry.column] ?? 0) * entry.machines.length;
  }
  return count;
}
