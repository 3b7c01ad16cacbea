import { CpuidTable, brandOf, isUnknown } from '@cpu-atlas/core';
import type { HostSnapshot, UnknownReason } from '@cpu-atlas/core';
import { formatTable, type Cell } from './table.ts';
import type { Paint } from './terminal.ts';

/** A snapshot for people: what is known of each layer, and why the others are not. */
export function formatSnapshot(snapshot: HostSnapshot, paint: Paint): string {
  const rows: Cell[][] = [
    ['host', snapshot.host.name],
    ['collected', snapshot.collectedAt],
    ...hardwareRows(snapshot, paint),
    ...kernelRows(snapshot, paint),
    ...qemuRows(snapshot, paint),
  ];
  return formatTable(rows);
}

function hardwareRows({ hardware }: HostSnapshot, paint: Paint): Cell[][] {
  if (hardware === undefined) return [['CPU', 'not looked at']];
  if (isUnknown(hardware)) return unknownRows('CPU', hardware.unknown, paint);
  return [
    ...hardware.cpus.map((group): Cell[] => {
      const name = brandOf(new CpuidTable(group.cpuid, 'hardware.cpus.cpuid'));
      return ['CPU', `${name?.trim() || 'unnamed'} (CPUs ${group.cpus}, ${group.cpuid.length} CPUID entries)`];
    }),
    ...(hardware.microcode === undefined ? [] : [['microcode', hardware.microcode]]),
    ...(hardware.hypervisor === undefined ? [] : [['runs under', hardware.hypervisor]]),
  ];
}

function kernelRows({ kernel }: HostSnapshot, paint: Paint): Cell[][] {
  if (kernel === undefined) return [['kernel', 'not looked at']];
  if (isUnknown(kernel)) return unknownRows('kernel', kernel.unknown, paint);
  const { kvm, release } = kernel;
  if (isUnknown(kvm)) return [['kernel', release], ...unknownRows('KVM', kvm.unknown, paint)];
  const counts = `${kvm.supportedCpuid.length} CPUID entries, ${kvm.featureMsrs.length} feature MSRs`;
  return [
    ['kernel', release],
    ['KVM', `API ${kvm.apiVersion}, ${counts}`],
  ];
}

function qemuRows({ qemu, unreadQemu = [] }: HostSnapshot, paint: Paint): Cell[][] {
  if (qemu === undefined) return [['QEMU', 'not looked at']];
  const known = qemu.map(({ path, version, package: name }): Cell[] => [
    'QEMU',
    `${version} ${path}${name === undefined ? '' : ` (${name})`}`,
  ]);
  const unread = unreadQemu.flatMap(({ path, unknown }) => unknownRows(`QEMU ${path}`, unknown, paint));
  return known.length + unread.length === 0 ? [['QEMU', 'none found']] : [...known, ...unread];
}

function unknownRows(layer: string, { code, reason, remedy }: UnknownReason, paint: Paint): Cell[][] {
  return [
    [layer, { text: `? ${code}: ${reason}`, paint: paint.warn }],
    ['', `→ ${remedy}`],
  ];
}
