import { choiceField, clampTo, flagField, listField, named, numberField, textField, type Field } from './fields.ts';

export const paneWidthLimits = { least: 320, initial: 400, most: 760 } as const;

export function clampPaneWidth(width: number): number {
  return clampTo(paneWidthLimits, width);
}

/** The explained cell, or null. */
export type CellName = { readonly model: string; readonly machine: string } | null;

/** `EPYC-Milan-v2@pc-q35-10.0`. */
const cellField: Field<CellName> = {
  initial: null,
  parse: (text) => {
    const at = text.lastIndexOf('@');
    return at <= 0 || at === text.length - 1 ? null : { model: text.slice(0, at), machine: text.slice(at + 1) };
  },
  format: (cell) => (cell === null ? '' : `${cell.model}@${cell.machine}`),
};

/** The state of the matrix of one host. */
export const matrixFields = {
  /** Host, snapshot and catalog are pinned by the first load, so that a link shows the same cells elsewhere. */
  host: textField(),
  accel: choiceField(['kvm', 'tcg']),
  /** '': what the machine type does by itself. */
  irqchip: choiceField(['', 'on', 'split', 'off']),
  /** A machine family, a machine type, or '' for all. */
  machines: textField(),
  search: textField(),
  onlyDiffering: named('differing', flagField()),
  showDeprecated: named('deprecated', flagField()),
  isTransposed: named('transposed', flagField()),
  density: choiceField(['compact', 'comfortable']),
  /** Families folded; `*` all. */
  folded: listField(),
  /** Machine columns shown one machine type at a time. */
  unfolded: listField(),
  cell: cellField,
  /** Width of the inspector in pixels. */
  paneWidth: named('pane', numberField(paneWidthLimits)),
  snapshot: textField(),
  catalog: textField(),
} as const;
