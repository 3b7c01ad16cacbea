import { choiceField, flagField, listField, named, textField, timeField } from '../../navigation/fields.ts';

/** The state of a comparison. */
export const compareFields = {
  /** As `formatItem` writes them. */
  items: listField(),
  /** The QEMU that answers for all of them; '': the newest one that is known. */
  catalog: textField(),
  /** For models, which have no machine type of their own. */
  machine: textField('q35'),
  accel: choiceField(['kvm', 'tcg']),
  /** Hosts as of that time, RFC 3339; '': now. */
  at: timeField(),
  search: textField(),
  showEqual: named('equal', flagField()),
} as const;
