import type { ImportFormat } from './import-types.ts';

/** How an operator comes by a text of one format, and what Atlas learns from it. */
export interface FormatGuide {
  readonly format: ImportFormat;
  readonly title: string;
  /** A command whose output is such a text, run on the host. */
  readonly command: string;
  /** Layers that the text tells: whole, or in part. */
  readonly tells: readonly ToldLayer[];
  /** What stays unknown, in one sentence. */
  readonly leavesOpen: string;
}

export interface ToldLayer {
  readonly layer: 'hardware' | 'kernel' | 'qemu';
  readonly isWhole: boolean;
}

const whole = (layer: ToldLayer['layer']): ToldLayer => ({ layer, isWhole: true });
const part = (layer: ToldLayer['layer']): ToldLayer => ({ layer, isWhole: false });

const guides = {
  snapshot: {
    title: 'host snapshot of CPU Atlas',
    command: 'cpu-atlas probe --out host.json',
    tells: [whole('hardware'), whole('kernel'), whole('qemu')],
    leavesOpen: 'Nothing but what the probe itself could not read.',
  },
  'cpuid-raw': {
    title: 'raw CPUID dump',
    command: 'cpuid -1 -r',
    tells: [whole('hardware')],
    leavesOpen: 'What the kernel, its KVM and QEMU make of the CPU; with -1, whether all CPUs are equal.',
  },
  'proc-cpuinfo': {
    title: '/proc/cpuinfo',
    command: 'cat /proc/cpuinfo',
    tells: [part('hardware')],
    leavesOpen: 'A flag that is missing may be there all the same; KVM and QEMU are not told.',
  },
  'virsh-capabilities': {
    title: 'virsh capabilities',
    command: 'virsh capabilities',
    tells: [part('hardware')],
    leavesOpen: "What is within libvirt's model of the CPU, and what KVM and QEMU make of it.",
  },
  'virsh-domcapabilities': {
    title: 'virsh domcapabilities',
    command: 'virsh domcapabilities --virttype kvm',
    tells: [part('qemu')],
    leavesOpen: 'The CPU itself and the kernel; features that libvirt does not list.',
  },
  'libvirt-cpudata': {
    title: "libvirt's CPU data",
    command: 'tests/cputestdata/cpu-gather.py gather, of the libvirt sources',
    tells: [whole('hardware')],
    leavesOpen: 'What the kernel, its KVM and QEMU make of the CPU.',
  },
  qmp: {
    title: 'QMP replies',
    command:
      'printf \'%s\\n\' \'{"execute":"qmp_capabilities"}\' \'{"execute":"query-version"}\' \'{"execute":"query-kvm"}\' \'{"execute":"query-cpu-model-expansion","arguments":{"type":"static","model":{"name":"host","props":{"migratable":false}}}}\' \'{"execute":"query-cpu-definitions"}\' \'{"execute":"quit"}\' | qemu-system-x86_64 -machine none,accel=kvm -nodefaults -display none -S -qmp stdio',
    tells: [whole('qemu')],
    leavesOpen: 'Which layer withholds a feature: the CPU itself and the kernel are not told.',
  },
  zip: {
    title: 'ZIP archive of any of these',
    command: 'zip hosts.zip node-a.txt node-b.xml',
    tells: [],
    leavesOpen: 'As its files; each one is a host, named after its file.',
  },
} as const satisfies Record<ImportFormat, Omit<FormatGuide, 'format'>>;

/** A guide to each format, the one that tells most first. */
export const formatGuides: readonly FormatGuide[] = Object.entries(guides).map(([format, guide]) => ({
  // The keys of the table are the formats: `satisfies` proves it.
  format: format as ImportFormat,
  ...guide,
}));
