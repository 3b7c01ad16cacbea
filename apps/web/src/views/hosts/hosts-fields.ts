import { choiceField, textField, timeField } from '../../navigation/fields.ts';

/** The state of the list of hosts. */
export const hostsFields = {
  search: textField(),
  freshness: choiceField(['', 'fresh', 'stale', 'unreachable']),
  source: choiceField(['', 'self', 'agent', 'import', 'demo']),
  sort: textField('name'),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
} as const;
