import { choiceField, flagField, textField } from '../../navigation/fields.ts';

/** The state of the screen of one host. */
export const hostFields = {
  /** '': the host on which the backend runs. */
  id: textField(),
  tab: choiceField(['overview', 'registers', 'timeline']),
  search: textField(),
  /** Registers: only bits in which silicon and KVM differ. */
  differing: flagField(),
  /** The unfolded register. */
  register: textField(),
  /** The unfolded observation of the timeline. */
  observation: textField(),
} as const;
