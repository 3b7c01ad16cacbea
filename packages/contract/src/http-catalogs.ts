import type { DeepReadonly } from './deep-readonly.ts';
import { contentHashSchema } from './http-hosts.ts';
import { limits } from './limits.ts';
import { z } from './zod.ts';

/** A catalog by hash (`sha256:…`), by version (`10.0`, `10.0.13`), or left out for the one of this host's QEMU. */
export const catalogReferenceSchema = z
  .string()
  .min(1)
  .max(limits.nameLength)
  .describe('sha256:… or a QEMU version such as 10.0; left out: the catalog of the host’s first QEMU');

export const catalogSummarySchema = z
  .object({
    hash: contentHashSchema,
    version: z.string(),
    package: z.string(),
    source: z
      .enum(['shipped', 'harvested', 'fleet'])
      .describe('Comes with Atlas; harvested by this server; harvested on a host that joined'),
    machineTypes: z.number().int(),
    models: z.number().int(),
    hasTcg: z.boolean(),
    hasKvm: z.boolean(),
    notSeen: z.array(z.string()),
  })
  .meta({ id: 'CatalogSummary' });

export const catalogListSchema = z
  .object({ items: z.array(catalogSummarySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'CatalogList' });

export const ofCatalogQuerySchema = z.object({ catalog: catalogReferenceSchema.optional() });

/** How a list or an answer came to its catalog. */
export const usedCatalogSchema = z
  .object({
    hash: contentHashSchema,
    version: z.string(),
    match: z.enum(['exact', 'nearest']),
    assumption: z.string().nullable().describe('What was assumed when the match is not exact, in plain words'),
  })
  .meta({ id: 'UsedCatalog' });

export const modelSummarySchema = z
  .object({
    name: z.string(),
    deprecated: z.boolean(),
    migrationSafe: z.enum(['yes', 'no', 'unknown']),
    isStatic: z.boolean(),
    vendor: z.string(),
    family: z.string().describe('Product line, for folding: AMD EPYC, Intel Skylake …'),
  })
  .meta({ id: 'ModelSummary' });

export const modelListSchema = z
  .object({ catalog: usedCatalogSchema, items: z.array(modelSummarySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'ModelList' });

export const machineTypeSummarySchema = z
  .object({
    name: z.string(),
    alias: z.string().nullable(),
    deprecated: z.boolean(),
    isDefault: z.boolean(),
    defaultCpu: z.string().nullable(),
    maxCpus: z.number().int().nullable(),
    hasTcg: z.boolean().describe('Whether the catalog tells this machine type under TCG'),
    hasKvm: z.boolean().describe('Whether the catalog tells this machine type under KVM'),
  })
  .meta({ id: 'MachineTypeSummary' });

export const machineTypeListSchema = z
  .object({ catalog: usedCatalogSchema, items: z.array(machineTypeSummarySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'MachineTypeList' });

export const featureSummarySchema = z
  .object({
    name: z.string(),
    aliases: z.array(z.string()).describe('Other names that this QEMU accepts'),
    word: z.string().describe('Feature word: 7.0.EBX, msr.10a'),
    bits: z.array(z.string()).describe('CPUID.07H.0:EBX[5], MSR 10AH[3]; a few names hold two bits'),
    facts: z
      .object({
        description: z.string(),
        linux: z.string().nullable().describe('Name in /proc/cpuinfo'),
        libvirt: z.string().nullable().describe("Name in libvirt's CPU map"),
        requires: z.array(
          z.object({ feature: z.string(), why: z.string(), enforcedBy: z.enum(['qemu', 'architecture']) }),
        ),
        isMigratable: z.boolean(),
        isAutoenabled: z.boolean(),
        pool: z.enum(['intersect', 'accumulate']).describe('How a pool of hosts combines the bit'),
        source: z.string(),
      })
      .nullable()
      .describe('Curated facts; null for a feature that is newer than this CPU Atlas'),
  })
  .meta({ id: 'FeatureSummary' });

export const featureListSchema = z
  .object({ catalog: usedCatalogSchema, items: z.array(featureSummarySchema), nextCursor: z.string().nullable() })
  .meta({ id: 'FeatureList' });

export type CatalogSummary = DeepReadonly<z.output<typeof catalogSummarySchema>>;
export type UsedCatalog = DeepReadonly<z.output<typeof usedCatalogSchema>>;
export type ModelSummary = DeepReadonly<z.output<typeof modelSummarySchema>>;
export type MachineTypeSummary = DeepReadonly<z.output<typeof machineTypeSummarySchema>>;
export type FeatureSummary = DeepReadonly<z.output<typeof featureSummarySchema>>;
