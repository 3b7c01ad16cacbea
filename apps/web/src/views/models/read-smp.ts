import type { SmpTopology } from '@cpu-atlas/core';

const levels = [
  'cpus',
  'sockets',
  'dies',
  'clusters',
  'modules',
  'cores',
  'threads',
] as const satisfies readonly (keyof SmpTopology)[];

/** The argument of `-smp`: `8`, `8,sockets=2`, `cpus=8,cores=4,threads=2`; null: it is none. */
export function readSmp(text: string): SmpTopology | null {
  const counts: Partial<Record<(typeof levels)[number], number>> = {};
  for (const [at, part] of text.trim().split(',').entries()) {
    const [key = '', digits = ''] = part.includes('=') ? part.split('=') : ['cpus', part];
    const level = levels.find((one) => one === key.trim());
    if (level === undefined || !/^\d{1,5}$/.test(digits.trim()) || (at > 0 && !part.includes('='))) return null;
    counts[level] = Number(digits);
  }
  return counts;
}
