import { choiceField, flagField, named, numberField, textField, timeField } from '../../navigation/fields.ts';

/** The state of the list of models. */
export const modelsFields = {
  search: textField(),
  /** Hash of the QEMU's catalog; '': the newest one that is known. */
  catalog: textField(),
  vendor: choiceField(['', 'AMD', 'Intel', 'other']),
  /** One line for each version instead of one for all. */
  isUnfolded: named('versions', flagField()),
  showDeprecated: named('deprecated', flagField()),
  sort: textField(),
  tab: choiceField(['known', 'custom']),
  /** The custom model that is edited; '': a new one. */
  custom: textField(),
  /** What is open beside the custom models. */
  side: choiceField(['', 'edit', 'import']),
} as const;

export const modelTabs = ['definition', 'features', 'runs', 'guest'] as const;

/** The state of one model. */
export const modelFields = {
  name: textField(),
  catalog: textField(),
  machine: textField('q35'),
  accel: choiceField(['kvm', 'tcg']),
  tab: choiceField(modelTabs),
  search: textField(),
  /** Only steps in which a feature bit changed. */
  onlyBits: named('bits', flagField()),
  /** Whose QEMU answers where it runs: each host's own, or the one shown. */
  asked: choiceField(['own', 'this']),
  /** Hosts as of that time, RFC 3339; '': now. */
  at: timeField(),
  /** The host that the guest of the last tab runs on. */
  host: textField(),
  smp: textField('4'),
  vcpu: numberField({ least: 0, initial: 0, most: 65_535 }),
  /** The unfolded CPUID entry, `0x00000007.0`. */
  leaf: textField(),
} as const;
