import { namesOf, type LibvirtMapIndex } from './cpu-map.ts';
import { featuresOf, type FeaturePolicy, type LibvirtCpu } from './cpu-definition.ts';

/** libvirt's words: `superset`: the host has all that is asked for, and more. */
export type CompareOutcome = 'identical' | 'superset' | 'incompatible' | 'error';

export interface LibvirtComparison {
  readonly outcome: CompareOutcome;
  /** One sentence: why it is so. */
  readonly reason: string;
  /** Features, in libvirt's names: asked for and not there, or there and forbidden. */
  readonly missing: readonly string[];
  readonly forbidden: readonly string[];
  /** What the host has beyond what was asked for. */
  readonly extra: readonly string[];
}

const x86 = new Set(['x86_64', 'i686']);

const verdict = (
  outcome: CompareOutcome,
  reason: string,
  lists: Partial<Pick<LibvirtComparison, 'missing' | 'forbidden' | 'extra'>> = {},
): LibvirtComparison => ({ outcome, reason, missing: [], forbidden: [], extra: [], ...lists });

/** The sets behind each policy; a string where the map lacks a name. */
function setsOf(index: LibvirtMapIndex, host: LibvirtCpu, cpu: LibvirtCpu): Record<Sets, bigint> | string {
  const sets = { host: 0n, force: 0n, require: 0n, optional: 0n, disable: 0n, forbid: 0n };
  const own = featuresOf(index, host, 'all');
  if (own.outcome === 'error') return own.reason;
  sets.host = own.value;
  for (const policy of ['force', 'require', 'optional', 'disable', 'forbid'] as const) {
    const found = featuresOf(index, cpu, policy);
    if (found.outcome === 'error') return found.reason;
    sets[policy] = found.value;
  }
  return sets;
}

type Sets = FeaturePolicy | 'host';

/**
 * libvirt's comparison of a CPU definition with a host.
 * Source: libvirt 9.0 and 11.3, 35 of 35 recorded compare cases
 */
export function compareCpus(index: LibvirtMapIndex, host: LibvirtCpu, cpu: LibvirtCpu): LibvirtComparison {
  if (host.model === undefined) return verdict('incompatible', 'the CPU model of the host is not known');
  if (cpu.arch !== undefined && !x86.has(cpu.arch))
    return verdict('incompatible', `architecture ${cpu.arch} is not that of the host`);
  if (cpu.vendor !== undefined && cpu.vendor !== host.vendor)
    return verdict('incompatible', `the CPU of the host is not of vendor ${cpu.vendor}`);
  const sets = setsOf(index, host, cpu);
  if (typeof sets === 'string') return verdict('error', sets);
  const forbidden = sets.forbid & sets.host;
  if (forbidden !== 0n)
    return verdict('incompatible', 'the host has forbidden features', { forbidden: namesOf(index, forbidden) });
  const required = sets.require & ~sets.force & ~sets.optional & ~sets.disable;
  const missing = required & ~sets.host;
  if (missing !== 0n)
    return verdict('incompatible', 'the host lacks required features', { missing: namesOf(index, missing) });
  const extra = sets.host & ~(sets.optional | required | sets.disable | sets.force);
  if (extra === 0n) return verdict('identical', 'the host has what is asked for, and nothing else');
  const lists = { extra: namesOf(index, extra) };
  if (cpu.kind === 'guest' && cpu.match === 'strict')
    return verdict('incompatible', 'the host has more than a strict match allows', lists);
  return verdict('superset', 'the host has all that is asked for, and more', lists);
}
