import { resolveCell } from '../../resolve/resolve.ts';
import type { ResolveContext } from '../../resolve/context.ts';
import type { ResolutionRequest } from '../../resolve/resolution.ts';
import { featureNames } from '../baseline-features.ts';
import type { PlanRequest } from '../fleet.ts';
import { compareCpus, type LibvirtComparison } from './compare-cpus.ts';
import type { LibvirtMapIndex } from './cpu-map.ts';
import type { LibvirtCpu, LibvirtError } from './cpu-definition.ts';
import { decodeCpu, type DecodedCpu } from './decode-cpu.ts';
import { bitsOfQemuFeatures, libvirtNameOf } from './observed-bits.ts';

/** A host as libvirt describes it to itself (`host-model`): the closest model of what `-cpu host` gives. */
export type LibvirtHost = DecodedCpu | LibvirtError | { readonly outcome: 'unknown'; readonly reason: string };

/**
 * Describes a host by libvirt's closest model, from what QEMU's `-cpu host` expands to there.
 * @throws MACHINE_TYPE_UNKNOWN, CPU_MODEL_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export function describeHost(index: LibvirtMapIndex, context: ResolveContext, request: PlanRequest): LibvirtHost {
  const { accel, machine, kernelIrqchip } = request;
  const model = accel === 'kvm' ? 'host,migratable=off' : 'max,migratable=off';
  const { resolution, words } = resolveCell(context, { accel, machine, kernelIrqchip, cpu: model });
  const isUnseen = accel === 'kvm' && context.facts.kvm === null && context.facts.observed.kvm === null;
  if (isUnseen) return { outcome: 'unknown', reason: resolution.unknowns[0] ?? 'KVM of that host was not observed' };
  const vendor = [...index.vendors.values()].find(({ cpuid }) => cpuid === resolution.vendor)?.name ?? null;
  const { family, model: number, stepping } = resolution;
  return decodeCpu(index, {
    kind: 'guest',
    bits: bitsOfQemuFeatures(index, featureNames(context.index, words.effective)),
    vendor,
    signature: { family, model: number, stepping },
    offered: null,
    preferred: [],
    migratable: false,
    fallback: 'allow',
  });
}

/** What libvirt's domain capabilities say of a model. */
export interface LibvirtUsability {
  readonly usable: 'yes' | 'no' | 'unknown';
  /** In libvirt's names; a feature that the map lacks stands under QEMU's. */
  readonly blockers: readonly string[];
}

/**
 * libvirt's `usable` and `blockers`: yes exactly when QEMU lists no unavailable feature for the model, whatever else
 * may keep it from starting.
 * Source: libvirt 9.0 and 11.3, recorded domain capabilities
 * @throws MACHINE_TYPE_UNKNOWN, CPU_MODEL_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export function usabilityOf(
  index: LibvirtMapIndex,
  context: ResolveContext,
  request: ResolutionRequest,
): LibvirtUsability {
  const { resolution } = resolveCell(context, request);
  const names = resolution.unavailableFeatures.map((name) => libvirtNameOf(index, name) ?? name);
  const blockers = [...new Set(names)];
  if (blockers.length > 0) return { usable: 'no', blockers };
  return { usable: resolution.status === 'unknown' ? 'unknown' : 'yes', blockers };
}

/** QEMU and libvirt side by side on one model and host. */
export interface StartComparison {
  readonly usability: LibvirtUsability;
  /** libvirt's check of the model by its own map, as `check='partial'` does it; null: the host cannot be described. */
  readonly partial: LibvirtComparison | null;
  /** Whether QEMU starts without `enforce`, and with it. */
  readonly qemu: 'starts' | 'refuses' | 'unknown';
  readonly enforce: 'starts' | 'refuses' | 'unknown';
  /** Where the two do not agree, in words that name the bit; empty: they do. */
  readonly differences: readonly string[];
}

/**
 * Whether a model starts on a host: what QEMU does, what libvirt says, and in which bit they differ.
 * @throws MACHINE_TYPE_UNKNOWN, CPU_MODEL_UNKNOWN, ACCELERATOR_UNKNOWN
 */
export function compareStart(
  index: LibvirtMapIndex,
  context: ResolveContext,
  { model, ...request }: PlanRequest & { readonly model: string },
): StartComparison {
  const { accel, machine, kernelIrqchip } = request;
  const launch = { accel, machine, kernelIrqchip, cpu: model };
  const { resolution } = resolveCell(context, launch);
  const usability = usabilityOf(index, context, launch);
  const host = describeHost(index, context, request);
  const asked: LibvirtCpu = { kind: 'guest', match: 'exact', model, features: [] };
  const isNamed = index.modelByName.has(model);
  const partial = host.outcome === 'ok' && isNamed ? compareCpus(index, host.cpu, asked) : null;
  const qemu = resolution.status === 'refused' ? 'refuses' : resolution.status === 'unknown' ? 'unknown' : 'starts';
  return {
    usability,
    partial,
    qemu,
    enforce: resolution.enforce,
    differences: listDifferences(qemu, usability, partial, resolution.refusal?.message ?? null),
  };
}

function listDifferences(
  qemu: StartComparison['qemu'],
  { usable, blockers }: LibvirtUsability,
  partial: LibvirtComparison | null,
  refusal: string | null,
): string[] {
  const differences: string[] = [];
  if (qemu === 'starts' && usable === 'no')
    differences.push(...blockers.map((name) => `libvirt calls it unusable for ${name}; QEMU starts without it`));
  if (qemu === 'refuses' && usable === 'yes')
    differences.push(`libvirt calls it usable; QEMU refuses: ${refusal ?? ''}`);
  if (usable === 'yes' && partial?.outcome === 'incompatible')
    differences.push(...partial.missing.map((name) => `libvirt's map asks for ${name}, which QEMU's model does not`));
  return differences;
}
