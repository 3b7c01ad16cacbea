import { choiceField, textField } from '../../navigation/fields.ts';

/** The state of the list of hosts. */
export const hostsFields = {
  search: textField(),
  freshness: choiceField(['', 'fresh', 'stale', 'unreachable']),
  source: choiceField(['', 'self', 'agent', 'import', 'demo']),
  sort: textField('name'),
} as const;
