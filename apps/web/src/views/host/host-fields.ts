import { choiceField, flagField, textField, timeField } from '../../navigation/fields.ts';

/** The state of the screen of one host. */
export const hostFields = {
  /** '': the host on which the backend runs. */
  id: textField(),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
  tab: choiceField(['overview', 'registers', 'timeline']),
  search: textField(),
  /** Registers: only bits in which silicon and KVM differ. */
  differing: flagField(),
  /** The unfolded register. */
  register: textField(),
  /** The unfolded observation of the timeline. */
  observation: textField(),
} as const;
