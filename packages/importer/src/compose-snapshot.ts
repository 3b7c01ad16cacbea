import { limits, parseSnapshot } from '@cpu-atlas/contract';
import type { HardwareLayer, HostSnapshot, QemuBinary, UnknownLayer, UnreadQemu } from '@cpu-atlas/core';
import type { ImportOptions, TextFormat } from './import-types.ts';

/** What a text tells of a host. What it leaves out is unknown. */
export interface ReadHost {
  readonly format: TextFormat;
  /** What the host is called when nobody names it: its CPU, its QEMU. */
  readonly fallbackName: string;
  readonly hardware?: HardwareLayer | undefined;
  readonly qemu?: readonly QemuBinary[] | undefined;
  readonly unreadQemu?: readonly UnreadQemu[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** How the collector of an imported snapshot begins; the format follows in brackets. */
const collector = 'cpu-atlas import';

/** Of what each format speaks, for the reasons of unknown layers. */
const formatTitles = {
  'cpuid-raw': 'a cpuid dump',
  'proc-cpuinfo': '/proc/cpuinfo',
  'virsh-capabilities': 'virsh capabilities',
  'virsh-domcapabilities': 'virsh domcapabilities',
  'libvirt-cpudata': "libvirt's CPU data",
  qmp: 'a QMP reply',
  snapshot: 'a snapshot',
} as const satisfies Record<TextFormat, string>;

/**
 * A host snapshot of what a text tells. Layers of which it says nothing are unknown, with the reason.
 * @throws SNAPSHOT_INVALID where the options do not fit (a name too long, a time that is none)
 */
export function composeSnapshot(host: ReadHost, options: ImportOptions): HostSnapshot {
  const name = clip(options.hostName ?? host.fallbackName);
  const labels = { ...host.labels, ...options.labels };
  const snapshot: HostSnapshot = {
    schema: 'cpu-atlas/host-snapshot/1',
    host: { id: clip(`import:${name}`), name, ...(Object.keys(labels).length > 0 && { labels }) },
    collectedAt: options.collectedAt,
    collector: `${collector} (${host.format})`,
    hardware: host.hardware ?? notTold(host.format, 'the CPU itself'),
    kernel: notTold(host.format, 'the kernel and its KVM'),
    ...(host.qemu !== undefined && { qemu: host.qemu }),
    ...(host.unreadQemu !== undefined && { unreadQemu: host.unreadQemu }),
  };
  return parseSnapshot(snapshot, options.source);
}

function notTold(format: TextFormat, what: string): UnknownLayer {
  return {
    unknown: {
      code: 'NOT_IN_IMPORT',
      reason: `the host was imported; ${formatTitles[format]} does not tell ${what}`,
      remedy: 'run on that host: cpu-atlas probe',
    },
  };
}

function clip(name: string): string {
  const clean = name.trim().slice(0, limits.nameLength);
  return clean === '' ? 'unnamed' : clean;
}
