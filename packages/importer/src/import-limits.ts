import { limits } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';

/** What an import may cost. Everything beyond is refused before it costs memory or time. */
export const importLimits = {
  /** One text. `cpuid -r` of 512 CPUs has 2.1 MB, `/proc/cpuinfo` of 512 CPUs 0.6 MB. */
  textBytes: limits.requestBytes,
  /** Objects, arrays or elements inside each other. */
  depth: limits.depth,
  /** Linux on x86 has at most 8,192 CPUs. */
  cpus: 8_192,
  /** Kinds of CPU (groups of equal CPUID) in one host. */
  cpuKinds: 1_024,
  /** Leaves and subleaves of one CPU. Cascade Lake has 64. */
  cpuidEntries: 2_048,
  /** Elements of an XML document. `virsh capabilities` has one a CPU and a few hundred more. */
  xmlElements: 200_000,
  /** JSON documents in one text. A libvirt session with its commands has some hundred. */
  jsonDocuments: 10_000,
  /** Values in one JSON document. The largest reply that is read, of query-cpu-definitions, has some thousand. */
  jsonValues: 1_000_000,
  /** Words in the flags line of `/proc/cpuinfo`. About 150 are in use. */
  flagWords: 1_024,
  zip: {
    archiveBytes: limits.requestBytes,
    files: 2_000,
    /** All files together, unpacked. */
    totalBytes: 64 * 1024 * 1024,
    /** Unpacked size over packed size, for files above 1 MiB. 512 equal CPUs in `cpuid -r` reach 116. */
    ratio: 250,
    ratioFromBytes: 1024 * 1024,
    nameLength: limits.nameLength,
  },
} as const;

/** @throws IMPORT_TOO_LARGE */
export function refuseAbove(count: number, limit: number, what: string, where: string): void {
  if (count <= limit) return;
  throw new AtlasError('IMPORT_TOO_LARGE', `has more than ${limit} ${what}`, { where, remedy: 'import it in parts' });
}
