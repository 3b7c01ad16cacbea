import type { Catalog } from '@cpu-atlas/core';
import type { Cursor } from '../grid/cursor.ts';
import type { MatrixPicture } from '../matrix/matrix-grid.ts';
import type { LoadedAtlas } from '../api/use-atlas.ts';
import type { MatrixState, ViewState } from '../navigation/route.ts';

/** The explained cell by the name of its machine type; a link may say `q35`. */
export function nameCell({ machines }: Pick<Catalog, 'machines'>, cell: MatrixState['cell']): MatrixState['cell'] {
  if (cell === null) return null;
  const aliased = machines.find(({ alias }) => alias === cell.machine);
  return aliased === undefined ? cell : { ...cell, machine: aliased.name };
}

/** Where the explained cell is on the screen; null when it is folded away or filtered out. */
export function findChosen(picture: MatrixPicture, cell: MatrixState['cell']): Cursor | null {
  if (cell === null) return null;
  const model = picture.models.findIndex(
    (entry) => entry.kind === 'model' && (entry.label === cell.model || entry.aliases.includes(cell.model)),
  );
  const machine = picture.machines.findIndex(({ machines }) => machines.includes(cell.machine));
  if (model < 0 || machine < 0) return null;
  return picture.isTransposed ? { row: machine, column: model } : { row: model, column: machine };
}

/** The cell at a place of the grid, as a link names it; null on a family. */
export function cellAt(picture: MatrixPicture, { row, column }: Cursor): MatrixState['cell'] {
  const [modelAt, machineAt] = picture.isTransposed ? [column, row] : [row, column];
  const entry = picture.models[modelAt];
  const machine = picture.machines[machineAt]?.machines[0];
  return entry?.kind !== 'model' || machine === undefined ? null : { model: entry.label, machine };
}

/** Folds or unfolds the family at a place of the model axis. */
export function toggleFamily(picture: MatrixPicture, state: MatrixState, index: number): Partial<MatrixState> {
  const entry = picture.models[index];
  if (entry?.kind !== 'family') return {};
  if (!entry.isOpen && state.folded.includes('*')) {
    const others = new Set(picture.models.flatMap((other) => (other.kind === 'family' ? [other.label] : [])));
    others.delete(entry.label);
    return { folded: [...others] };
  }
  return {
    folded: entry.isOpen ? [...state.folded, entry.label] : state.folded.filter((family) => family !== entry.label),
  };
}

/** Shows the machine types of a column one by one, or as one again. */
export function toggleColumn(picture: MatrixPicture, state: MatrixState, index: number): Partial<MatrixState> {
  const entry = picture.machines[index];
  const machines = entry === undefined ? [] : (picture.matrix.columns[entry.column]?.machines ?? []);
  if (entry === undefined || machines.length === 0) return {};
  const others = state.unfolded.filter((name) => !machines.includes(name));
  return { unfolded: entry.fold === 'closed' ? [...others, entry.key] : others };
}

/** The same selection as a report; a search and the switches leave the models and machine types that are in sight. */
export function reportOf(
  { host, catalogHash }: Pick<LoadedAtlas, 'host' | 'catalogHash'>,
  { accel, irqchip, search, onlyDiffering, machines: only }: MatrixState,
  { matrix, models, machines }: MatrixPicture,
): Partial<ViewState<'reports'>> {
  const places = models.flatMap((entry) => (entry.kind === 'family' ? entry.models : [entry.model]));
  const names = [...new Set(places)].flatMap((place) => matrix.models[place]?.name ?? []);
  return {
    ...{ kind: 'matrix', accel, irqchip, catalog: catalogHash, hosts: [host.id] },
    models: search.trim() === '' && !onlyDiffering ? [] : names,
    machines: only === '' ? [] : machines.flatMap((entry) => entry.machines),
  };
}
