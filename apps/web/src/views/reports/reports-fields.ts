import { choiceField, flagField, listField, named, textField, timeField } from '../../navigation/fields.ts';

export const reportKinds = ['pivot', 'matrix', 'hosts', 'security', 'choices', 'baseline', 'comparison'] as const;
export type ReportKind = (typeof reportKinds)[number];

/** The state of the screen of reports: what is told; other screens link here with theirs. */
export const reportsFields = {
  kind: choiceField(reportKinds),
  format: choiceField(['xlsx', 'csv', 'json', 'md', 'html', 'pdf']),
  accel: choiceField(['kvm', 'tcg']),
  irqchip: choiceField(['', 'on', 'split', 'off']),
  /** Hash or version of one QEMU for all; '': each host's own. */
  catalog: textField(),
  /** The argument of `-cpu`, of security. */
  model: textField('host'),
  machine: textField(),
  rows: choiceField(['model', 'machine', 'host']),
  columns: choiceField(['host', 'machine', 'model']),
  isSplit: named('split', flagField()),
  isUnfolded: named('unfolded', flagField()),
  /** Ids; none: all of them, or of a matrix the own host. Two of a comparison. */
  hosts: listField(),
  models: listField(),
  machines: listField(),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
} as const;
