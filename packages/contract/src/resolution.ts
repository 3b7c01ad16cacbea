import type {
  Blocker,
  FeatureVerdict,
  LevelRaise,
  Refusal,
  Resolution,
  ResolutionRequest,
  ResolvedProperties,
  SmpTopology,
  X86CPUFeatureWordInfo,
} from '@cpu-atlas/core';
import { limits } from './limits.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);

export const acceleratorSchema = z.enum(['kvm', 'tcg']).meta({ id: 'Accelerator' });
export const kernelIrqchipSchema = z.enum(['on', 'split', 'off']).meta({ id: 'KernelIrqchip' });

/** 0 has a meaning of its own to some releases of QEMU. */
const topologyCount = z.number().int().min(0).max(65_536).optional();
export const smpTopologySchema = z
  .object({
    cpus: topologyCount,
    sockets: topologyCount,
    dies: topologyCount,
    clusters: topologyCount,
    modules: topologyCount,
    cores: topologyCount,
    threads: topologyCount,
  })
  .meta({ id: 'SmpTopology', description: '-smp; what is left out is 1' }) satisfies z.ZodType<SmpTopology>;

export const resolutionRequestSchema = z.object({
  accel: acceleratorSchema,
  machine: name.describe('Name or alias of a machine type'),
  cpu: z.string().max(limits.cpuStringLength).describe('The argument of -cpu'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  smp: smpTopologySchema.optional(),
}) satisfies z.ZodType<ResolutionRequest>;

export const featureWordInfoSchema = z
  .object({
    'cpuid-input-eax': z.number(),
    'cpuid-input-ecx': z.number().optional(),
    'cpuid-register': z.enum(['EAX', 'EBX', 'ECX', 'EDX']),
    features: z.number(),
  })
  .meta({ id: 'X86CPUFeatureWordInfo', description: "QMP's shape" }) satisfies z.ZodType<X86CPUFeatureWordInfo>;

export const blockerSchema = z
  .object({
    layer: z.enum(['hardware', 'kernel', 'qemu', 'config', 'dependency', 'not-observed']),
    evidence: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'Blocker' }) satisfies z.ZodType<Blocker>;

export const featureVerdictSchema = z
  .object({
    name: z.string(),
    bit: z.string(),
    state: z.enum(['enabled', 'filtered', 'missing', 'absent', 'unknown']),
    requested: z.boolean(),
    supported: z.enum(['yes', 'no', 'unknown']),
    blocker: blockerSchema.optional(),
  })
  .meta({ id: 'FeatureVerdict' }) satisfies z.ZodType<FeatureVerdict>;

export const resolvedPropertiesSchema = z
  .object({
    type: z.string(),
    level: z.number(),
    'min-level': z.number(),
    xlevel: z.number(),
    'min-xlevel': z.number(),
    xlevel2: z.number(),
    'min-xlevel2': z.number(),
    family: z.number(),
    model: z.number(),
    stepping: z.number(),
    vendor: z.string(),
    'model-id': z.string(),
    'phys-bits': z.number().nullable(),
    'guest-phys-bits': z.number().nullable(),
    'host-phys-bits': z.boolean(),
    'host-phys-bits-limit': z.number(),
    'ucode-rev': z.number().nullable(),
    pmu: z.boolean(),
  })
  .meta({ id: 'ResolvedProperties' }) satisfies z.ZodType<ResolvedProperties>;

export const refusalSchema = z
  .object({
    by: z.enum(['usage', 'enforce', 'accelerator', 'abort']),
    message: z.string(),
    remedy: z.string(),
  })
  .meta({ id: 'Refusal' }) satisfies z.ZodType<Refusal>;

export const levelRaiseSchema = z.object({
  level: z.enum(['level', 'xlevel', 'xlevel2']),
  to: z.number(),
  because: z.string(),
}) satisfies z.ZodType<LevelRaise>;

export const resolutionSchema = z
  .object({
    status: z.enum(['runnable', 'filtered', 'refused', 'unknown']),
    accel: acceleratorSchema,
    machine: z.string(),
    cpu: z.string(),
    cpuModel: z.string(),
    aliasOf: z.string().optional(),
    featureWords: z.array(featureWordInfoSchema),
    filteredFeatures: z.array(featureWordInfoSchema),
    msrFeatures: z.array(z.object({ index: z.string(), enabled: z.string(), filtered: z.string() })),
    unavailableFeatures: z.array(z.string()),
    warnings: z.array(z.string()),
    refusal: refusalSchema.optional(),
    enforce: z.enum(['starts', 'refuses', 'unknown']),
    properties: resolvedPropertiesSchema,
    level: z.number(),
    xlevel: z.number(),
    xlevel2: z.number(),
    vendor: z.string(),
    family: z.number(),
    model: z.number(),
    stepping: z.number(),
    modelId: z.string(),
    levelRaises: z.array(levelRaiseSchema),
    unknowns: z.array(z.string()),
    assumptions: z.array(z.string()),
  })
  .meta({ id: 'Resolution' }) satisfies z.ZodType<Resolution>;
