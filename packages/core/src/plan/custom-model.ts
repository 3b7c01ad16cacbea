import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { locateFeature } from '../catalog/catalog-index.ts';
import { AtlasError } from '../errors.ts';
import { resolve } from '../resolve/resolve.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { Resolution } from '../resolve/resolution.ts';
import type { PlanRequest } from './fleet.ts';

/** A named CPU of one's own: a model of QEMU with features switched on and off, and properties set. */
export interface CustomModel {
  readonly name: string;
  /** The model that it starts from, `EPYC-Milan-v2`, `host`. */
  readonly base: string;
  /** In the order in which they were written; a later one wins. */
  readonly features: readonly { readonly name: string; readonly isOn: boolean }[];
  /** Properties that are no features: `kvm`, `hv-vendor-id`, `phys-bits`, `host-phys-bits`, `level`, … */
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

/** Something that keeps a custom model from working with a QEMU. */
export interface CustomModelFinding {
  readonly kind: 'name' | 'base-unknown' | 'feature-unknown' | 'property-unknown' | 'property-refused';
  readonly what: string;
  readonly remedy: string;
}

/** Names that need no quoting anywhere: on a command line, in a file, in a URL. */
const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/** The argument of `-cpu` that a custom model stands for. Assignments of properties come last, as they look best so. */
export function cpuArgumentOf({ base, features, properties }: Omit<CustomModel, 'name'>): string {
  const settled = new Map(features.map(({ name, isOn }) => [name, isOn]));
  return [
    base,
    ...[...settled].map(([name, isOn]) => `${name}=${isOn ? 'on' : 'off'}`),
    ...properties.map(({ name, value }) => `${name}=${value}`),
  ].join(',');
}

/** Everything of a custom model that a QEMU does not know. Empty: it can be used. */
export function checkCustomModel(index: CatalogIndex, model: CustomModel): CustomModelFinding[] {
  const version = `QEMU ${index.catalog.qemu.version}`;
  const findings: CustomModelFinding[] = [];
  if (!namePattern.test(model.name))
    findings.push({
      kind: 'name',
      what: `"${model.name.slice(0, 80)}" is no name`,
      remedy: 'use letters, digits, dots and dashes, up to 64',
    });
  if (index.modelByName.has(model.name))
    findings.push({
      kind: 'name',
      what: `${version} has a model ${model.name} of its own`,
      remedy: 'take another name',
    });
  if (!index.modelByName.has(model.base))
    findings.push({
      kind: 'base-unknown',
      what: `${version} has no CPU model ${model.base}`,
      remedy: 'start from a model that it has',
    });
  for (const { name } of model.features)
    if (locateFeature(index, name) === null)
      findings.push({
        kind: 'feature-unknown',
        what: `${version} has no feature ${name}`,
        remedy: `leave ${name} out, or take a newer QEMU`,
      });
  for (const { name } of model.properties)
    if (!index.otherProperties.has(name))
      findings.push({
        kind: 'property-unknown',
        what: `${version} has no CPU property ${name}`,
        remedy: `leave ${name} out`,
      });
  return findings;
}

/** What comes of a custom model on a host: a resolution like any other, under its own name. */
export type ResolvedCustomModel =
  | { readonly kind: 'resolved'; readonly cpu: string; readonly resolution: Resolution }
  | { readonly kind: 'invalid'; readonly findings: readonly CustomModelFinding[] };

/**
 * Resolves a custom model on a host.
 * @throws MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN, SNAPSHOT_INVALID
 */
export function resolveCustomModel(
  context: ResolveContext,
  model: CustomModel,
  { accel, machine, kernelIrqchip }: PlanRequest,
): ResolvedCustomModel {
  const findings = checkCustomModel(context.index, model);
  if (findings.length > 0) return { kind: 'invalid', findings };
  const cpu = cpuArgumentOf(model);
  try {
    return { kind: 'resolved', cpu, resolution: resolve(context, { accel, machine, kernelIrqchip, cpu }) };
  } catch (error) {
    if (!(error instanceof AtlasError) || !error.code.startsWith('CPU_')) throw error;
    const finding = {
      kind: 'property-refused',
      what: error.message,
      remedy: error.remedy ?? 'change its value',
    } as const;
    return { kind: 'invalid', findings: [finding] };
  }
}
