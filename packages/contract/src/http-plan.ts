import { baselineModes, type CustomModel, type LibvirtCpuMap } from '@cpu-atlas/core';
import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema, usedCatalogSchema } from './http-catalogs.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, blockerSchema, kernelIrqchipSchema } from './resolution.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);
const names = z.array(name);
const text = z.string().max(limits.textLength);

/** Hosts in one request that names them. */
const hostsPerRequest = 10_000;
/** Features in one CPU definition; libvirt's longest map has 364. */
const featuresPerCpu = 2_000;

export const libvirtReleaseSchema = z
  .string()
  .regex(/^\d{1,3}\.\d{1,3}(\.\d{1,3})?$/)
  .describe('Release of libvirt whose map and rules answer, such as 11.3.0');

/** What of the request decides a cell, shared by the answers about many hosts. */
const planSchema = z.object({
  hosts: z.array(name).min(1).max(hostsPerRequest).optional().describe('Ids; left out: the whole fleet'),
  catalog: catalogReferenceSchema.optional().describe('One QEMU for all hosts; left out: each host’s own'),
  accel: acceleratorSchema.default('kvm'),
  machine: name.optional().describe('Left out: the newest versioned q35 that every host’s QEMU has'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
});

export const baselineRequestSchema = planSchema
  .extend({
    mode: z.enum(baselineModes).default('all-you-can-enable'),
    migratable: z.boolean().default(true).describe('Leave out what does not survive a migration'),
    libvirt: libvirtReleaseSchema.optional().describe('Also tell what this libvirt would answer'),
  })
  .meta({
    id: 'BaselineRequest',
    example: { hosts: ['node-a', 'node-b'], mode: 'best-predefined-model', libvirt: '11.3.0' },
  });

const editedModelSchema = z.object({ model: z.string(), added: z.array(z.string()), removed: z.array(z.string()) });

const counted = {
  name: z.string(),
  bit: z.string(),
  have: z.number().int().describe('Hosts that have it'),
  of: z.number().int().describe('Hosts that answer'),
};

const droppedFeatureSchema = z.object({
  ...counted,
  because: z.enum(['host', 'model']),
  decidingHost: z.string().nullable(),
  lackedBy: z.array(z.string()),
  blocker: blockerSchema.nullable(),
});

const accumulatedFeatureSchema = z.object({
  ...counted,
  hadBy: z.array(z.string()),
  outcome: z.enum(['told', 'cannot-be-told']),
  decidingHost: z.string().nullable(),
});

const abiReachSchema = z
  .object({
    level: z.number().int(),
    name: z.string().nullable(),
    short: z.array(z.object({ name: z.string(), lacks: z.array(z.string()) })),
  })
  .meta({ id: 'AbiReach' });

const presetVerdictSchema = z.object({ id: z.string(), isMet: z.boolean(), lacks: z.array(z.string()) });

const vendorBaselineSchema = z
  .object({
    vendor: z.string().nullable(),
    outcome: z.enum(['found', 'none', 'unknown']),
    answering: z.number().int(),
    hosts: z.number().int(),
    cpu: z.string().nullable().describe('The argument of -cpu that every host starts'),
    model: editedModelSchema.nullable(),
    features: z.array(z.string()),
    openFeatures: z.array(z.string()),
    dropped: z.array(droppedFeatureSchema),
    accumulated: z.array(accumulatedFeatureSchema),
    verdicts: z.array(
      z.object({
        hosts: z.array(z.object({ id: z.string(), name: z.string() })),
        verdict: z.enum(['starts', 'refuses', 'unknown']),
        reasons: z.array(z.string()),
      }),
    ),
    silent: z.array(z.object({ id: z.string(), name: z.string(), reason: z.string() })),
    betterModels: z.array(
      z.object({
        model: z.string(),
        runsOn: z.number().int(),
        of: z.number().int(),
        decidingHost: z.string(),
        lacks: z.array(z.string()),
      }),
    ),
    reasons: z.array(z.string()),
    abi: abiReachSchema.describe('ABI level of the features'),
    presets: z.array(presetVerdictSchema),
  })
  .meta({ id: 'VendorBaseline' });

/** A `<cpu>` of libvirt. */
export const libvirtCpuSchema = z
  .object({
    kind: z.enum(['host', 'guest']).default('guest'),
    arch: name.optional(),
    mode: z.enum(['custom', 'host-model', 'host-passthrough', 'maximum']).optional(),
    match: z.enum(['exact', 'minimum', 'strict']).optional(),
    model: name.optional(),
    fallback: z.enum(['allow', 'forbid']).optional(),
    vendor: name.optional(),
    features: z
      .array(z.object({ name, policy: z.enum(['force', 'require', 'optional', 'disable', 'forbid']).optional() }))
      .max(featuresPerCpu)
      .default([]),
  })
  .meta({ id: 'LibvirtCpu' });

const libvirtBaselineSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('ok'), release: z.string(), cpu: libvirtCpuSchema }),
  z.object({ outcome: z.literal('error'), release: z.string(), reason: z.string() }),
  z.object({ outcome: z.literal('unknown'), release: z.string(), reason: z.string() }),
]);

export const baselineResultSchema = z
  .object({
    mode: z.enum(baselineModes),
    migratable: z.boolean(),
    accel: acceleratorSchema,
    machine: z.string(),
    kernelIrqchip: kernelIrqchipSchema.nullable(),
    outcome: z.enum(['found', 'none', 'unknown']),
    reason: z.string(),
    vendors: z.array(vendorBaselineSchema),
    assumptions: z.array(z.string()),
    libvirt: libvirtBaselineSchema.nullable().describe('What libvirt would answer for the same hosts'),
  })
  .meta({ id: 'BaselineResult' });

export const cpuComparisonRequestSchema = planSchema
  .extend({
    cpu: libvirtCpuSchema,
    libvirt: libvirtReleaseSchema.default('11.3.0'),
    hostCpu: libvirtCpuSchema.optional().describe('Instead of hosts: a host as libvirt describes it'),
  })
  .meta({
    id: 'CpuComparisonRequest',
    example: {
      cpu: { model: 'Skylake-Server', features: [{ name: 'avx512f', policy: 'require' }] },
      libvirt: '11.3.0',
    },
  });

const comparisonSchema = z
  .object({
    outcome: z.enum(['identical', 'superset', 'incompatible', 'error', 'unknown']),
    reason: z.string(),
    missing: z.array(z.string()),
    forbidden: z.array(z.string()),
    extra: z.array(z.string()),
  })
  .meta({ id: 'CpuComparison' });

export const cpuComparisonResultSchema = z
  .object({
    libvirt: z.string(),
    comparisons: z.array(
      z.object({
        host: z.string().nullable().describe('Id; null: the description that was sent'),
        hostModel: z.string().nullable().describe('The model by which libvirt describes the host'),
        comparison: comparisonSchema,
      }),
    ),
  })
  .meta({ id: 'CpuComparisonResult' });

const namedBitSchema = z.object({ name: z.string().nullable(), bit: z.string() });
const shown = z.union([z.string(), z.number(), z.boolean()]);
const differenceFields = {
  gained: z.array(namedBitSchema),
  lost: z.array(namedBitSchema),
  properties: z.array(z.object({ name: z.string(), before: shown, after: shown })),
};

export const stabilityResultSchema = z
  .object({
    releases: z.array(z.string()),
    changes: z.array(
      z.object({
        ...differenceFields,
        accel: acceleratorSchema,
        from: z.string(),
        to: z.string(),
        isPromised: z.boolean(),
        cells: z.array(z.object({ model: z.string(), machines: z.array(z.string()) })),
      }),
    ),
    names: z.array(
      z.object({
        kind: z.enum(['machine-type', 'cpu-model']),
        name: z.string(),
        since: z.string().nullable(),
        deprecatedSince: z.string().nullable(),
        removedIn: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'StabilityReport' });

export const modelStepsQuerySchema = z.object({
  catalog: catalogReferenceSchema.optional(),
  accel: acceleratorSchema.default('kvm'),
  family: name.default('pc-q35').describe('Machine types without their version'),
});

export const modelStepsSchema = z
  .object({
    catalog: usedCatalogSchema,
    model: z.string(),
    family: z.string(),
    steps: z.array(z.object({ ...differenceFields, since: z.string(), before: z.string() })),
  })
  .meta({ id: 'ModelSteps' });

export const presetsResultSchema = z
  .object({
    abiLevels: z.array(z.object({ level: z.number().int(), name: z.string(), adds: z.array(z.string()) })),
    presets: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        abiLevel: z.number().int().optional(),
        needs: z.array(z.array(z.string())),
        why: z.string(),
        source: z.string(),
        secondHand: z.boolean(),
      }),
    ),
    securityFlags: z.array(
      z.object({
        flag: z.string(),
        vendors: z.array(z.string()),
        kind: z.enum(['mitigation', 'immunity', 'weakness', 'control', 'performance']),
        advice: z.enum(['add', 'if-immune', 'optional']),
        against: z.array(z.string()),
        vulnerability: z.string().nullable(),
        text: z.string(),
        excludedBy: z.array(z.string()).optional(),
        needs: z.array(z.string()).optional(),
        source: z.string(),
        secondHand: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'Presets' });

export const customModelSchema = z
  .object({
    name,
    base: name,
    features: z
      .array(z.object({ name, isOn: z.boolean() }))
      .max(featuresPerCpu)
      .default([]),
    properties: z
      .array(
        z.object({
          name,
          value: z
            .string()
            .max(limits.nameLength)
            .regex(/^[^,\0-\x1f]*$/),
        }),
      )
      .max(100)
      .default([]),
  })
  .meta({ id: 'CustomModel' }) satisfies z.ZodType<CustomModel>;

/** Models in one request or file. */
const customModels = 1_000;

export const customModelCheckRequestSchema = z
  .object({
    models: z.array(customModelSchema).max(customModels).default([]),
    file: z
      .object({ format: z.enum(['proxmox', 'cpudef']), text: z.string().max(1024 * 1024) })
      .optional()
      .describe('Proxmox’s cpu-models.conf, or QEMU’s old [cpudef] sections'),
    catalog: catalogReferenceSchema.optional(),
  })
  .meta({
    id: 'CustomModelCheckRequest',
    example: {
      file: { format: 'proxmox', text: 'cpu-model: pool\n    flags +pcid;-hle\n    reported-model Haswell\n' },
    },
  });

export const customModelCheckResultSchema = z
  .object({
    catalog: usedCatalogSchema,
    models: z.array(
      z.object({
        model: customModelSchema,
        cpu: z.string().describe('The argument of -cpu that it stands for'),
        findings: z.array(
          z.object({
            kind: z.enum(['name', 'base-unknown', 'feature-unknown', 'property-unknown', 'property-refused']),
            what: z.string(),
            remedy: z.string(),
          }),
        ),
      }),
    ),
    proxmox: z.object({ text: z.string(), leftOut: z.array(z.string()) }).describe('The same as cpu-models.conf'),
  })
  .meta({ id: 'CustomModelCheckResult' });

/** Names that need no quoting anywhere: on a command line, in a file, in a URL. */
const savedNameSchema = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/);
/** Of QEMU: nothing that would begin another option of `-cpu`. */
const qemuName = name.regex(/^[^,=\s\0-\x1f]+$/);

export const customModelParamsSchema = z.object({ name: savedNameSchema });
export const customModelQuerySchema = z.object({
  version: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('Absent: the newest one'),
});

/** What a custom model is besides its name. */
export const customModelContentSchema = z
  .object({
    base: qemuName,
    features: z
      .array(z.object({ name: qemuName, isOn: z.boolean() }))
      .max(featuresPerCpu)
      .default([]),
    properties: z
      .array(z.object({ name: qemuName, value: customModelSchema.shape.properties.unwrap().element.shape.value }))
      .max(100)
      .default([]),
  })
  .meta({
    id: 'CustomModelContent',
    example: { base: 'Skylake-Server-v4', features: [{ name: 'md-clear', isOn: true }] },
  });

export const savedCustomModelSchema = z
  .object({
    version: z.number().int().describe('From 1 on; a version never changes'),
    savedAt: z.string(),
    savedBy: z.string(),
    model: customModelSchema,
    cpu: z.string().describe('The argument of -cpu that it stands for; send it where a CPU is asked for'),
  })
  .meta({ id: 'SavedCustomModel' });

export const customModelListSchema = z
  .object({
    items: z.array(savedCustomModelSchema),
    proxmox: customModelCheckResultSchema.shape.proxmox,
  })
  .meta({ id: 'CustomModelList' });

const bitPlace = z.tuple([
  z.string().regex(/^(?:msr\.[0-9a-f]{1,8}|[0-9a-f]{1,8}\.[0-9a-f]{1,2}\.E[ABCD]X)$/),
  z.number().int().min(0).max(63),
]);
const modelLimit = 2_000;

/** A file of `data/libvirt`. */
export const libvirtCpuMapSchema = z
  .object({
    schema: z.literal('cpu-atlas/libvirt-cpu-map/1'),
    release: libvirtReleaseSchema,
    source: text,
    vendors: z.array(z.object({ name, cpuid: name })).max(100),
    features: z
      .array(
        z.object({
          name,
          bits: z.array(bitPlace).min(1).max(8),
          migratable: z.literal(false).optional(),
          qemu: names.max(20).optional(),
        }),
      )
      .max(featuresPerCpu),
    models: z
      .array(
        z.object({
          name,
          vendor: name.optional(),
          ancestor: name.optional(),
          features: names.max(featuresPerCpu),
          removed: names.max(featuresPerCpu).optional(),
          signatures: z
            .array(
              z.object({
                family: z.number().int().min(0).max(270),
                model: z.number().int().min(0).max(255),
                steppings: z.array(z.number().int().min(0).max(15)).max(16).optional(),
              }),
            )
            .max(100)
            .optional(),
          decode: z.object({ host: z.boolean(), guest: z.boolean() }),
        }),
      )
      .max(modelLimit),
  })
  .meta({ id: 'LibvirtCpuMap' }) satisfies z.ZodType<LibvirtCpuMap>;

export type BaselineRequestBody = DeepReadonly<z.output<typeof baselineRequestSchema>>;
export type BaselineResult = DeepReadonly<z.output<typeof baselineResultSchema>>;
export type CpuComparisonRequest = DeepReadonly<z.output<typeof cpuComparisonRequestSchema>>;
export type CpuComparisonResult = DeepReadonly<z.output<typeof cpuComparisonResultSchema>>;
export type StabilityResult = DeepReadonly<z.output<typeof stabilityResultSchema>>;
export type ModelStepsResult = DeepReadonly<z.output<typeof modelStepsSchema>>;
export type CustomModelCheckRequest = DeepReadonly<z.output<typeof customModelCheckRequestSchema>>;
export type CustomModelContent = DeepReadonly<z.output<typeof customModelContentSchema>>;
export type SavedCustomModel = DeepReadonly<z.output<typeof savedCustomModelSchema>>;
export type CustomModelList = DeepReadonly<z.output<typeof customModelListSchema>>;
export type CustomModelCheckResult = DeepReadonly<z.output<typeof customModelCheckResultSchema>>;
