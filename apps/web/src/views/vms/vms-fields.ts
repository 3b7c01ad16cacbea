import { choiceField, textField, timeField } from '../../navigation/fields.ts';

/** The state of the screen of VMs. The list itself is no part of the address. */
export const vmsFields = {
  tab: choiceField(['list', 'reach', 'drain', 'upgrade']),
  /** Hash or version of one QEMU for all hosts; '': each host's own. */
  catalog: textField(),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
  search: textField(),
  /** The explained move: the group by its first VM, the class of hosts by its first host. */
  vm: textField(),
  host: textField(),
  /** The host that is emptied, and the QEMU that all get. */
  drain: textField(),
  upgrade: textField(),
} as const;
