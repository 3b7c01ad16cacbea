import type { LibvirtMapIndex } from './cpu-map.ts';
import { failure, featuresOf, type LibvirtCpu, type LibvirtError } from './cpu-definition.ts';
import { decodeCpu, type DecodedCpu, type OfferedModel } from './decode-cpu.ts';
import { libvirtHolds } from './libvirt-rules.ts';

export interface LibvirtBaselineOptions {
  /** Models that the hypervisor has; absent: all of the map. */
  readonly offered?: readonly OfferedModel[];
  /** Features, in libvirt's names, that the hypervisor of the *calling* host has; absent: no such restriction. */
  readonly hypervisorFeatures?: readonly string[];
  /** Leave out what is not migratable. */
  readonly migratable?: boolean;
}

interface Common {
  readonly bits: bigint;
  readonly vendor: string | null;
  /** A definition without a vendor makes an answer without one. */
  readonly tellsVendor: boolean;
}

/** What all definitions have, and whose CPUs they are. */
function intersect(index: LibvirtMapIndex, cpus: readonly LibvirtCpu[]): Common | LibvirtError {
  let bits: bigint | null = null;
  let vendor: string | null = null;
  for (const [at, cpu] of cpus.entries()) {
    const features = featuresOf(index, cpu, 'all');
    if (features.outcome === 'error') return features;
    bits = bits === null ? features.value : bits & features.value;
    const ofModel = cpu.model === undefined ? null : (index.modelByName.get(cpu.model)?.vendor ?? null);
    // The first definition speaks only for itself: without a vendor, that of its model does not count.
    const own = cpu.vendor ?? (at === 0 ? null : ofModel);
    if (own === null) continue;
    if (!index.vendors.has(own)) return failure(`libvirt ${index.map.release} has no CPU vendor ${own}`);
    if (vendor !== null && vendor !== own) return failure(`CPU vendors do not match: ${vendor} and ${own}`);
    vendor = own;
  }
  return { bits: bits ?? 0n, vendor, tellsVendor: cpus.every((cpu) => cpu.vendor !== undefined) };
}

/**
 * libvirt's baseline: what all definitions have, described by the closest model.
 * Source: libvirt 9.0 and 11.3, recorded baseline cases
 */
export function baselineCpus(
  index: LibvirtMapIndex,
  cpus: readonly LibvirtCpu[],
  { offered, hypervisorFeatures, migratable = false }: LibvirtBaselineOptions = {},
): DecodedCpu | LibvirtError {
  if (cpus.length === 0) return failure('there is no CPU to take a baseline of');
  const common = intersect(index, cpus);
  if ('outcome' in common) return common;
  const allowed = hypervisorFeatures?.reduce((sum, name) => sum | (index.featureByName.get(name)?.bits ?? 0n), 0n);
  const bits = allowed === undefined ? common.bits : common.bits & allowed;
  if (bits === 0n) return failure('the CPUs have no feature in common');
  const models = [...new Set(cpus.flatMap(({ model }) => model ?? []))];
  const isOneModel = models.length === 1 && cpus.every(({ model }) => model !== undefined);
  // Before a list of models could be preferred, only a name that all input shares was.
  const preferred = isOneModel || libvirtHolds('inputModelsPreferred', index.map.release) ? models : [];
  const decoded = decodeCpu(index, {
    kind: 'guest',
    bits,
    vendor: common.vendor,
    signature: null,
    offered: offered ?? null,
    preferred,
    migratable,
    fallback: 'allow',
  });
  if (decoded.outcome === 'error') return decoded;
  const { vendor, ...unnamed } = decoded.cpu;
  const fallback = models.length === 1 && decoded.cpu.model === models[0] ? 'forbid' : 'allow';
  return {
    ...decoded,
    cpu: { ...unnamed, fallback, ...(common.tellsVendor && vendor !== undefined ? { vendor } : {}) },
  };
}
