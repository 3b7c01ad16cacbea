import { resolve } from '@cpu-atlas/core';
import type { HostMatrix, ResolveContext } from '@cpu-atlas/core';
import type { GridNote } from '../grid/grid-model.ts';
import type { MachineEntry } from './machine-axis.ts';
import { readCell } from './cell.ts';

/** What a model loses on one machine type, in words behind its row. */
export interface RowNotes {
  readonly noteOf: (model: number) => GridNote | null;
}

/** The column that speaks for its row: the one that stands for most machine types, the newest of them. */
export function pickSpokesman(machines: readonly MachineEntry[]): MachineEntry | null {
  return machines.reduce<MachineEntry | null>(
    (best, entry) => (best === null || entry.machines.length > best.machines.length ? entry : best),
    null,
  );
}

/** Resolves a row when it is first shown, and remembers what it said. */
export function createRowNotes(context: ResolveContext, matrix: HostMatrix, entry: MachineEntry): RowNotes {
  const known = new Map<number, GridNote | null>();
  return {
    noteOf: (model) => {
      const remembered = known.get(model);
      if (remembered !== undefined) return remembered;
      const note = writeNote(context, matrix, { model, entry });
      known.set(model, note);
      return note;
    },
  };
}

function writeNote(
  context: ResolveContext,
  matrix: HostMatrix,
  { model, entry }: { readonly model: number; readonly entry: MachineEntry },
): GridNote | null {
  const name = matrix.models[model]?.name;
  const machine = entry.machines[0];
  const { outcome } = readCell(matrix, { model, column: entry.column });
  if (
    name === undefined ||
    machine === undefined ||
    outcome === 'runs' ||
    outcome === 'not-offered' ||
    outcome === 'unknown'
  )
    return null;
  const { unavailableFeatures, refusal } = resolve(context, {
    accel: matrix.accel,
    machine,
    cpu: name,
    kernelIrqchip: matrix.kernelIrqchip ?? undefined,
  });
  if (outcome === 'filtered') return { kind: 'features', words: [...new Set(unavailableFeatures)] };
  const text = refusal?.message.split('\n')[0];
  return text === undefined ? null : { kind: 'prose', text };
}
