import { choiceField, flagField, named, textField } from '../../navigation/fields.ts';

export const stabilityTabs = ['changes', 'retirement', 'libvirt'] as const;

/** The state of the stability screen. */
export const stabilityFields = {
  tab: choiceField(stabilityTabs),
  accel: choiceField(['kvm', 'tcg']),
  search: textField(),
  /** Machine types without a version promise nothing. */
  showUnpromised: named('unpromised', flagField()),
  /** One step between releases, `10.0.13..11.1.3`; '': all. */
  step: textField(),
  kind: choiceField(['', 'machine-type', 'cpu-model']),
  fate: choiceField(['', 'retiring', 'new']),
  sort: textField(),
  /** Hash of the QEMU's catalog; '': the newest one that is known. */
  catalog: textField(),
  /** Release of libvirt; '': the newest one that is known. */
  release: textField(),
  /** Only disagreements over this bit, `libvirt CPUID.80000001H:ECX[2]`. */
  bit: textField(),
} as const;
