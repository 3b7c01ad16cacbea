import { adviseOn } from './feature-advice.ts';
import type { MessageReader, ReadMessage } from './decoding.ts';
import { featureNamed, featuresListed } from './named-features.ts';

const names = "[\\w.,'+ -]{1,4000}";

/** After a start or on a migration: what the guest got is not what was asked for. */
function readSpecification(line: string): ReadMessage | null {
  if (!/guest CPU doesn't match specification/i.test(line)) return null;
  const [, extraList = ''] = new RegExp(`extra features: (${names}?)(?:, missing features:|$)`, 'i').exec(line) ?? [];
  const [, missingList = ''] = new RegExp(`missing features: (${names})`, 'i').exec(line) ?? [];
  const extra = featuresListed(extraList, 'extra');
  const missing = featuresListed(missingList, 'missing');
  return {
    layer: extra.length > 0 && missing.length === 0 ? 'qemu' : 'hardware-or-kernel',
    meaning: [
      'libvirt compared the CPU that QEMU made with the one that the domain is bound to (check=full), and they differ.',
      ...(extra.length === 0 ? [] : [`QEMU turned on ${list(extra)}, which the domain does not have.`]),
      ...(missing.length === 0 ? [] : [`This host cannot give ${list(missing)}.`]),
    ].join(' '),
    features: [...extra, ...missing],
    remedies: [
      ...adviseOn([...extra, ...missing]),
      ...(extra.length === 0
        ? []
        : [
            'Extra features come with another QEMU or machine type: keep the machine type versioned and compare both releases in Atlas (Stability), or disable them in the domain.',
          ]),
      ...(missing.length === 0 ? [] : ['Migrate to a host that has them all: ask Atlas which.']),
    ],
  };
}

function readHostLacks(line: string): ReadMessage | null {
  const [, written] =
    new RegExp(`(?:host|hypervisor) CPU does not provide required features: (${names})`, 'i').exec(line) ?? [];
  if (written === undefined) return null;
  const features = featuresListed(written, 'missing');
  return {
    layer: 'hardware-or-kernel',
    meaning: `The domain requires ${list(features)}, and libvirt’s picture of this host does not have ${features.length === 1 ? 'it' : 'them'}.`,
    features,
    remedies: [
      ...adviseOn(features),
      'libvirt may judge by its own CPU map: Atlas shows what QEMU itself would do beside it.',
      'Choose a model that all hosts have (Atlas, Pools), or make the features optional in the domain.',
    ],
  };
}

interface Fixed {
  readonly pattern: RegExp;
  readonly message: (match: RegExpExecArray) => ReadMessage;
}

const fixed: readonly Fixed[] = [
  {
    pattern:
      /CPU vendors? (?:do not match|of host .{1,80} and guest .{1,80} (?:don't|do not) match)|CPU vendors do not match/i,
    message: () => ({
      layer: 'guest-cpu',
      meaning:
        'The CPUs compared are of different vendors. No live migration crosses vendors, and no baseline mixes them.',
      features: [],
      remedies: ['Keep a pool for each vendor.'],
    }),
  },
  {
    pattern: /Unknown CPU (?:model|feature):? '?([\w.+-]{1,80})'?/i,
    message: ([whole, name = '']) => {
      const isModel = /model/i.test(whole);
      return {
        layer: 'config',
        meaning: isModel
          ? `libvirt’s CPU map has no model ${name}: its release is too old, or QEMU’s name differs from libvirt’s (versions -vN are spelled otherwise).`
          : `libvirt’s CPU map has no feature ${name}.`,
        features: isModel ? [] : [featureNamed(name, 'required')],
        remedies: ['Look the name up in Atlas: names of QEMU, libvirt and Linux stand side by side.'],
      };
    },
  },
  {
    pattern: /CPU model '?([\w.+-]{1,80})'? is not supported by hypervisor/i,
    message: ([, model = '']) => ({
      layer: 'qemu',
      meaning: `The QEMU on that host does not offer ${model}, or libvirt holds it unusable there.`,
      features: [],
      remedies: ['Look at the model’s row in Atlas: it shows on which hosts and QEMUs it runs, and what blocks it.'],
    }),
  },
  {
    pattern:
      /(?:guest and host CPU are not compatible|the CPU is incompatible with host CPU|Requested operation is not valid: .{0,200}CPU)/i,
    message: () => ({
      layer: 'hardware-or-kernel',
      meaning: 'libvirt found the guest’s CPU incompatible with this host. The message names no feature.',
      features: [],
      remedies: [
        'Resolve the domain’s CPU on that host in Atlas: it names each feature with the layer that withholds it.',
      ],
    }),
  },
];

function list(features: readonly { readonly name: string }[]): string {
  return features.map(({ name }) => name).join(', ');
}

export const libvirtMessages: MessageReader = {
  source: 'libvirt',
  read: (line) => {
    const read = readSpecification(line) ?? readHostLacks(line);
    if (read !== null) return read;
    for (const { pattern, message } of fixed) {
      const match = pattern.exec(line);
      if (match !== null) return message(match);
    }
    return null;
  },
};
