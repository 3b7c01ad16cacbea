import { adviseOn } from './feature-advice.ts';
import type { MessageReader, ReadMessage } from './decoding.ts';
import { featureNamed, featuresListed } from './named-features.ts';
import { findFeaturesets, listFeatures, missingIn } from './xen-featureset.ts';

/** Source: libvirt virCPUCompareResult; Nova prints the number */
const compareResults: Readonly<Record<string, string>> = {
  '-1': 'the comparison itself failed, most often because the CPU map has no such model or feature',
  '0': 'INCOMPATIBLE: the target lacks a feature of the source’s CPU, or is of another vendor',
  '1': 'IDENTICAL',
  '2': 'SUPERSET: the target has all that is needed, and more',
};

export const novaMessages: MessageReader = {
  source: 'nova',
  read: (line) => {
    if (!/Unacceptable CPU info|CPU doesn't have compatibility|InvalidCPUInfo/i.test(line)) return null;
    const [, result] = /compatibility\.?\s*(-?[0-2])\b/.exec(line) ?? [];
    return {
      layer: 'hardware-or-kernel',
      meaning: `Nova asked libvirt to compare the source’s CPU with the target host and was told ${result === undefined ? 'that they do not fit' : `${result}: ${compareResults[result]}`}. Nova never names the feature.`,
      features: [],
      remedies: [
        'Compare both hosts in Atlas: it names each feature that the target lacks, and the layer that withholds it.',
        'Set cpu_mode=custom and cpu_models to a model that all hosts of the aggregate have (Atlas, Pools, writes nova.conf).',
      ],
    };
  },
};

const kubevirtLabel =
  /(?:cpu-feature|host-model-required-features|cpu-model|cpu-model-migration|supported-host-model-migration|host-model-cpu)\.node\.kubevirt\.io\/([\w.-]{1,80})/g;

export const kubevirtMessages: MessageReader = {
  source: 'kubevirt',
  read: (line) => {
    const labels = [...line.matchAll(kubevirtLabel)].map(([label, name = '']) => ({ label, name }));
    const features = labels
      .filter(({ label }) => /^(?:cpu-feature|host-model-required)/.test(label))
      .map(({ name }) => featureNamed(name, 'required'));
    const models = labels.filter(({ label }) => /^cpu-model|^supported-host|^host-model-cpu/.test(label));
    if (/NoSuitableNodesForHostModelMigration/.test(line) || labels.length > 0) {
      return {
        layer: 'hardware-or-kernel',
        meaning: [
          'No node carries all labels that KubeVirt derived from the CPU of the node where the VM first started (host-model).',
          ...(features.length === 0 ? [] : [`Required: ${features.map(({ name }) => name).join(', ')}.`]),
          ...(models.length === 0 ? [] : [`Model: ${models.map(({ name }) => name).join(', ')}.`]),
        ].join(' '),
        features,
        remedies: [
          ...adviseOn(features),
          'Give the VM a named model that all nodes have instead of host-model (Atlas, Pools, writes the VM’s spec); it takes effect at the next start.',
        ],
      };
    }
    return null;
  },
};

const xapiFaults: Readonly<Record<string, string>> = {
  VM_INCOMPATIBLE_WITH_THIS_HOST: 'The VM was last started on a CPU with features that this host does not have.',
  CANNOT_EVACUATE_HOST: 'At least one VM on the host fits no other host of the pool.',
  HOSTS_NOT_COMPATIBLE: 'The hosts’ CPUs do not fit together.',
  POOL_HOSTS_NOT_HOMOGENEOUS: 'The hosts’ CPUs differ in vendor or features.',
};

function readXapi(line: string): ReadMessage | null {
  const fault = Object.keys(xapiFaults).find((code) => line.includes(code));
  const isWorded = /CPU (?:with )?features this host's CPU does not have|CPU_HAS_FEATURES/i.test(line);
  const sets = findFeaturesets(line);
  const [first, second] = sets;
  if (fault === undefined && !isWorded && first === undefined) return null;
  const features =
    first === undefined ? [] : second === undefined ? listFeatures(first, 'in-set') : missingIn(first, second);
  const compared =
    second === undefined
      ? ''
      : features.length === 0
        ? ' The second set has all features of the first.'
        : ` In the second set ${features.map(({ name }) => name).join(', ')} ${features.length === 1 ? 'is' : 'are'} missing.`;
  return {
    layer: 'hardware-or-kernel',
    meaning: `${fault === undefined ? 'A CPU feature set as Xen writes it, 32 bits a word.' : xapiFaults[fault]}${compared}`,
    features,
    remedies: [
      ...(second === undefined ? [] : adviseOn(features)),
      'A VM keeps the feature set of its last start: shut it down and start it where it shall stay, or after the pool’s level was lowered.',
      ...(first === undefined
        ? ['Paste the cpu_info:features of the VM and of the host on one line to see the bits in which they differ.']
        : []),
    ],
  };
}

export const xapiMessages: MessageReader = { source: 'xapi', read: readXapi };

export const proxmoxMessages: MessageReader = {
  source: 'proxmox',
  read: (line) => {
    const [, list] =
      /(?:unsupported|unknown) (?:custom )?cpu (?:flags?|models?):? '?([\w.,+;-]{1,400})'?/i.exec(line) ?? [];
    if (list === undefined) return null;
    return {
      layer: 'config',
      meaning: 'The VM’s cpu option names something that this Proxmox release does not know or does not allow.',
      features: /flag/i.test(line) ? featuresListed(list, 'required') : [],
      remedies: ['Define a custom model in cpu-models.conf (Atlas writes it) and use cpu: custom-NAME.'],
    };
  },
};
