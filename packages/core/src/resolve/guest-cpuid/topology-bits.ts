import type { Topology } from '../topology.ts';
import type { ShareLevel } from './caches.ts';

export type TopologyLevel = ShareLevel;

/** Levels from the lowest bits of the APIC id up. */
export const topologyLevels = ['thread', 'core', 'module', 'die', 'socket'] as const;

/** Bits that tell apart this many. */
export function bitsFor(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/** Where the APIC id of a level begins: the number of bits below it. */
export function offsetOf(level: TopologyLevel, { threads, cores, modules, dies }: Topology): number {
  const widths = [threads, cores, modules, dies].slice(0, topologyLevels.indexOf(level));
  return widths.reduce((sum, count) => sum + bitsFor(count), 0);
}

/** CPUs in one of a level. */
export function cpusIn(level: TopologyLevel, { threads, cores, modules, dies }: Topology): number {
  return [threads, cores, modules, dies].slice(0, topologyLevels.indexOf(level)).reduce((product, n) => product * n, 1);
}
