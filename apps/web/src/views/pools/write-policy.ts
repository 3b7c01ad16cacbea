import { policyTargets } from '@cpu-atlas/core';
import type { CpuPolicy, LibvirtMapIndex, PolicyTargetName } from '@cpu-atlas/core';
import type { HostSummary, RankedChoiceDocument } from '@cpu-atlas/contract';

const nameLength = 63;

/** What a choice is for, as the exporters take it. */
export function writePolicy(
  { model, line }: Pick<RankedChoiceDocument, 'model' | 'line'>,
  { hosts, machine, accel, libvirt }: PolicyPlace,
): CpuPolicy {
  const vendors = new Set(hosts.flatMap(({ vendor }) => vendor ?? []));
  const versions = hosts.flatMap(({ qemu }) => qemu[0]?.version ?? []);
  const [vendor = null] = vendors;
  return {
    name: `atlas-${model}`
      .replaceAll(/[^A-Za-z0-9-]+/g, '-')
      .slice(0, nameLength)
      .replace(/-+$/, ''),
    model,
    aliases: [],
    vendor: vendors.size === 1 ? vendor : null,
    features: [
      ...line.added.map((name) => ({ name, isOn: true })),
      ...[...line.removed, ...line.pinned].map((name) => ({ name, isOn: false })),
    ],
    machine,
    accel,
    qemuVersion: [...new Set(versions)].sort().join(', ') || 'unknown',
    hosts: hosts.map(({ name }) => name),
    snapshots: hosts.map(({ snapshotHash }) => snapshotHash),
    libvirt,
  };
}

export interface PolicyPlace {
  readonly hosts: readonly HostSummary[];
  readonly machine: string;
  readonly accel: 'kvm' | 'tcg';
  /** The CPU map that names are checked against; null: they are not. */
  readonly libvirt: LibvirtMapIndex | null;
}

/** The target that a link names; the command line where it names none. */
export function readTarget(text: string): PolicyTargetName {
  const names = Object.keys(policyTargets) as readonly PolicyTargetName[];
  return names.find((name) => name === text) ?? 'qemu';
}
