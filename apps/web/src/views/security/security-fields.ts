import { choiceField, flagField, named, numberField, textField, timeField } from '../../navigation/fields.ts';
import { paneWidthLimits } from '../../navigation/matrix-fields.ts';

/** The state of the screen of mitigations: which guest, and which cell is explained. */
export const securityFields = {
  /** The argument of `-cpu`. */
  model: textField('host'),
  /** '': the newest versioned q35 that every host's QEMU has. */
  machine: textField(),
  accel: choiceField(['kvm', 'tcg']),
  irqchip: choiceField(['', 'on', 'split', 'off']),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
  search: textField(),
  /** Only flags that are not as they should be on some host. */
  onlyGaps: named('gaps', flagField()),
  flag: textField(),
  /** Id of the first host of the explained column. */
  host: textField(),
  paneWidth: named('pane', numberField(paneWidthLimits)),
} as const;
