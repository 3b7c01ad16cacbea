import { AtlasError } from '@cpu-atlas/core';
import type { SmpTopology } from '@cpu-atlas/core';
import { parseWith } from './parse.ts';
import { smpTopologySchema } from './resolution.ts';

const remedy = 'write a count or counts by name: 8 or cpus=8,sockets=1,cores=4,threads=2';

/**
 * The argument of `-smp` to its counts: `8`, `cpus=8,cores=4,threads=2`, `8,sockets=2`. `maxcpus`, which is
 * about CPUs that are plugged in later, is not resolved.
 * @throws REQUEST_INVALID
 */
export function parseSmp(argument: string, source = 'smp'): SmpTopology {
  const counts: Record<string, number> = {};
  for (const [at, part] of argument.split(',').entries()) {
    const [key, digits] = part.includes('=') ? splitPair(part) : ['cpus', part];
    if ((at > 0 && !part.includes('=')) || !/^\d{1,9}$/.test(digits)) {
      throw new AtlasError('REQUEST_INVALID', `${JSON.stringify(part.slice(0, 60))} is no count of a topology`, {
        where: source,
        remedy,
      });
    }
    if (!Object.hasOwn(smpTopologySchema.shape, key)) {
      throw new AtlasError('REQUEST_INVALID', `${JSON.stringify(key.slice(0, 60))} is no level of a topology`, {
        where: source,
        remedy,
      });
    }
    counts[key] = Number(digits);
  }
  return parseWith(smpTopologySchema, counts, { code: 'REQUEST_INVALID', remedy, source });
}

function splitPair(part: string): [key: string, digits: string] {
  const at = part.indexOf('=');
  return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}
