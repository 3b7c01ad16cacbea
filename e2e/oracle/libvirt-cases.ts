import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexCpuMap, type LibvirtCpu, type LibvirtCpuMap, type LibvirtMapIndex } from '@cpu-atlas/core';
import { checkoutRoot } from './oracle-files.ts';

/** The recorded releases of libvirt, whose maps ship with Atlas. */
export const recordedReleases = ['9.0.0', '11.3.0'] as const;
export type RecordedRelease = (typeof recordedReleases)[number];

const maps = new Map<string, LibvirtMapIndex>();

/** The shipped map of a release. */
export function shippedMap(release: RecordedRelease): LibvirtMapIndex {
  const known = maps.get(release);
  if (known !== undefined) return known;
  const file = join(checkoutRoot, 'data/libvirt', release, 'cpu-map.json');
  if (!existsSync(file)) throw new Error(`no libvirt map ${release}`);
  const index = indexCpuMap(JSON.parse(readFileSync(file, 'utf8')) as LibvirtCpuMap);
  maps.set(release, index);
  return index;
}

/** A `<cpu>` as the oracle writes it. */
export type RecordedCpu = Omit<LibvirtCpu, 'kind'>;

/** Policies are there in guests only. */
export const guestCpu = (cpu: RecordedCpu): LibvirtCpu => ({ ...cpu, kind: 'guest' });
export const hostCpu = (cpu: RecordedCpu): LibvirtCpu => ({ ...cpu, kind: 'host' });

/** libvirt's definitions of guests have a mode, those of hosts have none, and neither of them has policies. */
export const inputCpu = (cpu: RecordedCpu): LibvirtCpu =>
  cpu.mode === undefined && cpu.match === undefined ? hostCpu(cpu) : guestCpu(cpu);

/** What of a definition is compared: all but the topology, and features without their order. */
export function comparable(cpu: RecordedCpu): object {
  const { model, vendor, features } = cpu;
  const policies = features.map(({ name, policy }) => `${policy ?? ''} ${name}`).sort();
  return { model, vendor, features: policies };
}

/** The record of a release among those by release; some cases are the same for both. */
export function ofRelease<T>(byLibvirt: Readonly<Record<string, T>>, release: RecordedRelease): T | undefined {
  return byLibvirt[`libvirt-${release}`] ?? byLibvirt.both;
}
