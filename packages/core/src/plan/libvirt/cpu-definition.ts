import { AtlasError } from '../../errors.ts';
import type { LibvirtBits, LibvirtMapIndex } from './cpu-map.ts';

/** What a guest's `<feature>` asks of a feature; a host's features have none. */
export type FeaturePolicy = 'force' | 'require' | 'optional' | 'disable' | 'forbid';

export interface LibvirtCpuFeature {
  readonly name: string;
  /** Absent in the description of a host. */
  readonly policy?: FeaturePolicy;
}

/** A `<cpu>` element of libvirt, of a host (`kind: 'host'`) or of a guest. */
export interface LibvirtCpu {
  readonly kind: 'host' | 'guest';
  readonly arch?: string;
  readonly mode?: 'custom' | 'host-model' | 'host-passthrough' | 'maximum';
  readonly match?: 'exact' | 'minimum' | 'strict';
  readonly model?: string;
  readonly fallback?: 'allow' | 'forbid';
  /** Name of the vendor in the map: `Intel`. */
  readonly vendor?: string;
  readonly features: readonly LibvirtCpuFeature[];
}

/** What stands in the way of an answer that libvirt, too, would answer with an error. */
export interface LibvirtError {
  readonly outcome: 'error';
  readonly reason: string;
}

export type Settled<T> = { readonly outcome: 'ok'; readonly value: T } | LibvirtError;

/** @param reason as a sentence, without a full stop */
export const failure = (reason: string): LibvirtError => ({ outcome: 'error', reason });

/**
 * The features that a definition stands for: all of them (`all`: those of the model, with what is required and forced,
 * without what is disabled and forbidden), or those of one policy (`require`: with those of the model).
 * Source: libvirt 9.0 and 11.3, recorded baseline and compare cases
 */
export function featuresOf(
  index: LibvirtMapIndex,
  cpu: LibvirtCpu,
  policy: FeaturePolicy | 'all',
): Settled<LibvirtBits> {
  if (cpu.kind === 'host' && policy !== 'require' && policy !== 'all') return { outcome: 'ok', value: 0n };
  const withModel = cpu.model !== undefined && (policy === 'require' || policy === 'all');
  const model = cpu.model === undefined ? undefined : index.modelByName.get(cpu.model);
  if (withModel && model === undefined) return failure(`libvirt ${index.map.release} has no CPU model ${cpu.model}`);
  let value = withModel && model !== undefined ? model.bits : 0n;
  for (const feature of cpu.features) {
    const own = feature.policy ?? 'require';
    if (policy === 'all' ? own === 'optional' : own !== policy) continue;
    const known = index.featureByName.get(feature.name);
    if (known === undefined) return failure(`libvirt ${index.map.release} has no CPU feature ${feature.name}`);
    const isTaken = policy === 'all' && (own === 'disable' || own === 'forbid');
    value = isTaken ? value & ~known.bits : value | known.bits;
  }
  return { outcome: 'ok', value };
}

/** A list of features with one of them set to a policy: where it stands, or at the end. */
export function withFeature(features: readonly LibvirtCpuFeature[], feature: LibvirtCpuFeature): LibvirtCpuFeature[] {
  const isThere = features.some(({ name }) => name === feature.name);
  if (!isThere) return [...features, feature];
  return features.map((known) => (known.name === feature.name ? feature : known));
}

/** Adds `disable` for what a model once had, where the definition does not speak of it. */
export function disableRemoved(
  features: readonly LibvirtCpuFeature[],
  removed: readonly string[],
): readonly LibvirtCpuFeature[] {
  const named = new Set(features.map(({ name }) => name));
  const missing = removed.filter((name) => !named.has(name));
  return [...features, ...missing.map((name) => ({ name, policy: 'disable' as const }))];
}

/** libvirt's release as one number that compares. @throws CPU_MAP_INVALID */
export function libvirtReleaseOf(version: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(version);
  if (!match)
    throw new AtlasError('CPU_MAP_INVALID', `"${version.slice(0, 40)}" is not a libvirt release`, { where: 'release' });
  return Number(match[1]) * 1_000_000 + Number(match[2]) * 1000 + Number(match[3] ?? 0);
}
