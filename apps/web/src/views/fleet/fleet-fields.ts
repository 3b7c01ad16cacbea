import { choiceField, textField } from '../../navigation/fields.ts';

/** The state of the screen that runs the fleet. */
export const fleetFields = {
  tab: choiceField(['import', 'join', 'tokens', 'audit']),
  sort: textField(),
} as const;
