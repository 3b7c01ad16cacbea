import {
  choiceField,
  flagField,
  listField,
  named,
  numberField,
  textField,
  timeField,
} from '../../navigation/fields.ts';
import { paneWidthLimits } from '../../navigation/matrix-fields.ts';

export const pivotAxes = ['model', 'machine', 'host', 'feature'] as const;
export type PivotAxisName = (typeof pivotAxes)[number];

/** The state of the matrix of the fleet: which two things are its axes, and what holds the others fast. */
export const pivotFields = {
  rows: choiceField(pivotAxes),
  columns: choiceField(['host', 'machine', 'model']),
  accel: choiceField(['kvm', 'tcg']),
  irqchip: choiceField(['', 'on', 'split', 'off']),
  /** Hash or version of one QEMU for all; `own`: each host's own. */
  catalog: textField('own'),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
  /** The machine type while it is no axis; '' counts all. */
  machine: textField('q35'),
  model: textField(),
  host: textField(),
  search: textField(),
  onlyDiffering: named('differing', flagField()),
  showDeprecated: named('deprecated', flagField()),
  density: choiceField(['compact', 'comfortable']),
  /** Families of models that are folded; `*` all. */
  folded: listField(),
  /** Classes of equal hosts or machine types shown one by one, by the name of any member. */
  unfolded: listField(),
  /** The explained cell: keys of its row and column. */
  row: textField(),
  column: textField(),
  paneWidth: named('pane', numberField(paneWidthLimits)),
} as const;
