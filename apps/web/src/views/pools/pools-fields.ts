import { choiceField, flagField, named, numberField, textField, timeField } from '../../navigation/fields.ts';
import type { Field } from '../../navigation/fields.ts';

/** Long enough for some thousand ids; a link that says more is cut at a whole id. */
const idsLength = 65_536;

/** Texts that may hold commas. */
export function textsField(): Field<readonly string[]> {
  return { initial: [], parse: readTexts, format: writeTexts };
}

/** As `textsField`, but none at all (`-`) differs from what the link does not say (null). */
export function chosenField(): Field<readonly string[] | null> {
  return {
    initial: null,
    parse: (text) => (text === '' ? null : text === '-' ? [] : readTexts(text)),
    format: (value) => (value === null ? '' : value.length === 0 ? '-' : writeTexts(value)),
  };
}

function readTexts(text: string): readonly string[] {
  const whole = text.length <= idsLength ? text : text.slice(0, text.lastIndexOf(',', idsLength));
  return whole
    .split(',')
    .filter((item) => item !== '')
    .map((item) => item.replaceAll('%2C', ',').replaceAll('%25', '%'));
}

function writeTexts(texts: readonly string[]): string {
  return texts.map((text) => text.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',');
}

/** The state of the pool planner. */
export const poolsFields = {
  tab: choiceField(['hosts', 'choices', 'baselines', 'partition', 'what-if', 'migration']),
  /** Hosts chosen by hand, by id; null: those that search and labels leave. */
  hosts: chosenField(),
  search: textField(),
  /** `rack=r1`; values of one label are alternatives, labels are not. */
  labels: named('label', textsField()),
  listing: choiceField(['hosts', 'classes']),
  /** Hash or version of one QEMU for all; '': each host's own. */
  catalog: textField(),
  /** '': the newest that every host's QEMU has. */
  machine: textField(),
  accel: choiceField(['kvm', 'tcg']),
  irqchip: choiceField(['', 'on', 'split', 'off']),
  /** As of that time, RFC 3339; '': now. */
  at: timeField(),
  sort: textField(),
  /** The ranked model that is looked at; '': the best. */
  model: textField(),
  /** What the choice is written as. */
  target: textField('qemu'),
  keepsAll: named('nonmigratable', flagField()),
  /** Release of libvirt that is asked beside; '': none. */
  libvirt: textField('11.3.0'),
  /** `3` pools, `3s`: those that survive the loss of a host; '': the first choice. */
  split: textField(),
  minHosts: named('min', numberField({ least: 1, initial: 1, most: 10_000 })),
  maxPools: named('max', numberField({ least: 1, initial: 8, most: 16 })),
  level: choiceField(['', '1', '2', '3', '4']),
  required: textsField(),
  /** Per cent of a pool's capacity in use. */
  load: numberField({ least: 0, initial: 0, most: 95 }),
  countsNested: named('nested', flagField()),
  /** Hosts of equal values of this label stay together. */
  togetherBy: named('by', textField()),
  together: textField(),
  apart: textField(),
  /** What-if: hosts left out, another QEMU, irqchip, machine type; '': as it is. */
  out: textsField(),
  toCatalog: named('to-qemu', textField()),
  toIrqchip: named('to-irqchip', choiceField(['', 'on', 'split', 'off'])),
  toMachine: named('to-machine', textField()),
  /** Migration: the `-cpu` argument of the VM, and the move that is explained (ids of hosts). */
  cpu: textField('host'),
  picture: choiceField(['matrix', 'graph']),
  from: textField(),
  to: textField(),
} as const;
