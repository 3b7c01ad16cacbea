import { choiceField, flagField, listField, named, textField } from '../../navigation/fields.ts';

/** The state of a comparison. */
export const compareFields = {
  /** As `formatItem` writes them. */
  items: listField(),
  /** The QEMU that answers for all of them; '': the newest one that is known. */
  catalog: textField(),
  /** For models, which have no machine type of their own. */
  machine: textField('q35'),
  accel: choiceField(['kvm', 'tcg']),
  search: textField(),
  showEqual: named('equal', flagField()),
} as const;
