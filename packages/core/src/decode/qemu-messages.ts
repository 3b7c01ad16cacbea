import { adviseOn } from './feature-advice.ts';
import type { DecodedFeature, MessageReader, ReadMessage } from './decoding.ts';
import { featureNamed, featureOfBit, featuresInMsr, featuresListed, titleOfMsr, wordKeyAt } from './named-features.ts';

/** Where a `check` warning says a bit lies: both spellings, and MSRs. */
const place =
  /(?:CPUID\.([0-9A-F]{1,8})H:(E[ABCD]X)|CPUID\[eax=([0-9A-F]{1,8})h(?:,ecx=([0-9A-F]{1,4})h)?\]\.(E[ABCD]X)|MSR\(([0-9A-F]{1,8})H\))(?:\.([\w.-]+))? \[bit (\d{1,2})\]/i;

function readPlace(line: string): DecodedFeature | null {
  const match = place.exec(line);
  if (match === null) return null;
  const [, colonLeaf, colonRegister, leaf, subleaf, register, msr, name, bit] = match;
  const written = name ?? null;
  if (msr !== undefined) return featureOfBit(`msr.${msr.toLowerCase()}`, Number(bit), written, 'missing');
  const key = wordKeyAt(
    Number.parseInt(colonLeaf ?? leaf ?? '0', 16),
    subleaf === undefined ? null : Number.parseInt(subleaf, 16),
    (colonRegister ?? register ?? '').toUpperCase(),
  );
  // The spelling with a colon tells no subleaf: the name does.
  const byName = written === null ? null : featureNamed(written, 'missing');
  return byName?.bit != null ? byName : featureOfBit(key, Number(bit), written, 'missing');
}

const useLess = 'Choose a model or a version of it that does not ask for it, or switch it off with feature=off.';

function readCheck(line: string): ReadMessage | null {
  const [, who] = /(host|TCG) doesn't support requested feature: /i.exec(line) ?? [];
  const feature = readPlace(line);
  if (who === undefined || feature === null) return null;
  if (who === 'TCG') {
    return {
      layer: 'qemu',
      meaning: `QEMU’s own emulation (TCG) does not implement ${feature.name}; the guest starts without it.`,
      features: [feature],
      remedies: ['Use KVM on a host that has it, or a newer QEMU.', useLess],
    };
  }
  return {
    layer: 'hardware-or-kernel',
    meaning: `The CPU model asks for ${feature.name}, and KVM on this host does not give it; the guest starts without it, unless enforce is set.`,
    features: [feature],
    remedies: [
      ...adviseOn([feature]),
      'Look at the cell in Atlas: it tells whether silicon, microcode, kernel or options withhold it.',
      useLess,
    ],
  };
}

function readDependency(line: string): ReadMessage | null {
  const feature = readPlace(line);
  if (feature === null || !line.includes('depends on other features that were not requested')) return null;
  return {
    layer: 'config',
    meaning: `${feature.name} was asked for without another feature that it needs, so QEMU leaves it out.`,
    features: [feature],
    remedies: ['Ask for what it needs, too (Atlas lists it with the feature), or leave it out.'],
  };
}

function readEnforce(line: string): ReadMessage | null {
  const [, who] = /(Host|TCG) doesn't support requested features\b/.exec(line) ?? [];
  if (who === undefined) return null;
  return {
    layer: who === 'TCG' ? 'qemu' : 'hardware-or-kernel',
    meaning:
      'enforce is set and at least one feature cannot be given, so QEMU does not start. The lines before name them.',
    features: [],
    remedies: ['Resolve the features that the warnings before this line name, or start without enforce.'],
  };
}

/** Source: QEMU target/i386/kvm/kvm.c, the message of a KVM_SET_MSRS that stopped early */
function readMsrFailure(line: string): ReadMessage | null {
  const match = /failed to (set|get) MSR 0x([0-9a-f]{1,8})(?: to 0x([0-9a-f]{1,16}))?/i.exec(line);
  if (match === null) return null;
  const index = Number.parseInt(match[2] ?? '0', 16);
  const title = titleOfMsr(index);
  const isVmx = index >= 0x480 && index <= 0x493;
  const features = match[3] === undefined ? [] : featuresInMsr(index, BigInt(`0x${match[3]}`), 'in-set');
  return {
    layer: 'kernel',
    meaning: `KVM refused the value that QEMU wanted in MSR ${index.toString(16)}H${title === null ? '' : ` (${title})`}, and QEMU aborts. The value allows a guest something that this host’s KVM does not.`,
    features,
    remedies: isVmx
      ? [
          'It is about nested virtualisation: the VM was started where KVM offers more VMX controls. Compare the kernels and the module option nested of both hosts, and switch off the vmx-… features in which they differ, or vmx itself.',
        ]
      : [
          'Compare the kernels of both hosts. For IA32_ARCH_CAPABILITIES (10AH) add arch-capabilities=off; otherwise switch off the feature that the MSR belongs to.',
        ],
  };
}

/** Of QEMU before 1.x to 2.x: the leaf, the flag's names, and its mask. People quote the middle of it, too. */
function readOldFlag(line: string): ReadMessage | null {
  const match =
    /(?:host cpuid ([0-9a-f]{4})_([0-9a-f]{4}) )?(?:lacks requested flag|flag restricted to guest)(?: '([^']+)')?/i.exec(
      line,
    );
  if (match === null) return null;
  const [, high, low, names = ''] = match;
  const features = names === '' ? [] : featuresListed(names.split('|')[0] ?? '', 'missing');
  const lacking = features.map(({ name }) => name).join(', ') || 'a feature that this line does not name';
  const leaf = high === undefined ? '' : ` (leaf ${high}${low}H)`;
  return {
    layer: 'hardware-or-kernel',
    meaning: `The host lacks ${lacking}${leaf}, which the model asks for. A QEMU of before 2.x wrote this.`,
    features,
    remedies: [...adviseOn(features), useLess],
  };
}

interface Fixed {
  readonly pattern: RegExp;
  readonly message: (match: RegExpExecArray) => ReadMessage;
}

const fixed: readonly Fixed[] = [
  {
    pattern: /KVM does not support userspace APIC/,
    message: () => ({
      layer: 'config',
      meaning:
        'kernel-irqchip=off asks QEMU to emulate the local APIC, which KVM on x86 does not allow on this machine type.',
      features: [],
      remedies: ['Use kernel-irqchip=on or split.'],
    }),
  },
  {
    pattern: /unable to find CPU model '([^']{1,80})'/,
    message: ([, model = '']) => ({
      layer: 'qemu',
      meaning: `This QEMU has no CPU model called ${model}: it is newer than the binary, or mistyped, or a name of libvirt’s only.`,
      features: [],
      remedies: ['Compare the models of both QEMUs in Atlas; choose one that both have, or upgrade QEMU.'],
    }),
  },
  {
    pattern: /CPU model '?host'? requires KVM|host CPU model requires KVM/i,
    message: () => ({
      layer: 'config',
      meaning: 'The model host passes the host’s CPU on, which only KVM can.',
      features: [],
      remedies: ['Start with -accel kvm, or take max under TCG.'],
    }),
  },
  {
    pattern: /Property '?[\w-]*-?(?:x86_64|i386)-cpu\.([\w.-]+)'? not found/,
    message: ([, property = '']) => ({
      layer: 'qemu',
      meaning: `This QEMU knows no CPU property called ${property}.`,
      features: [{ ...featureNamed(property, 'required') }],
      remedies: ['Leave it out on this host, or upgrade QEMU there.'],
    }),
  },
];

export const qemuMessages: MessageReader = {
  source: 'qemu',
  read: (line) => {
    const read =
      readCheck(line) ?? readDependency(line) ?? readEnforce(line) ?? readMsrFailure(line) ?? readOldFlag(line);
    if (read !== null) return read;
    for (const { pattern, message } of fixed) {
      const match = pattern.exec(line);
      if (match !== null) return message(match);
    }
    return null;
  },
};
