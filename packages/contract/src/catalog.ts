import { AtlasError } from '@cpu-atlas/core';
import type {
  Catalog,
  CatalogProvenance,
  CpuModelInfo,
  FeatureDependency,
  FeatureExclusion,
  FeatureProperty,
  KvmCatalog,
  MachineType,
  OtherProperty,
  TcgCatalog,
  WordSpec,
} from '@cpu-atlas/core';
import { checkCatalogReferences } from './catalog-references.ts';
import {
  indexListSchema,
  indexTableSchema,
  propertyValuesListSchema,
  propertyValuesSchema,
  sparseWordsListSchema,
  sparseWordsSchema,
} from './catalog-tables.ts';
import { parseJsonText } from './json-text.ts';
import { checkShapeLimits, limits } from './limits.ts';
import { parseWith } from './parse.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);
const text = z.string().max(limits.textLength);
const register32 = z.number().int().min(0).max(0xffff_ffff);
const index = z.number().int().min(0).max(1_000_000);

export const wordSpecSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('cpuid'),
      leaf: register32,
      subleaf: register32.nullable(),
      register: z.enum(['EAX', 'EBX', 'ECX', 'EDX']),
    }),
    z.object({ kind: z.literal('msr'), index: register32 }),
  ])
  .meta({ id: 'WordSpec', description: 'A feature word: one CPUID register or one MSR' }) satisfies z.ZodType<WordSpec>;

export const featurePropertySchema = z
  .object({ name, word: index, bits: z.array(z.number().int().min(0).max(63)).min(1).max(64) })
  .meta({ id: 'FeatureProperty' }) satisfies z.ZodType<FeatureProperty>;

export const otherPropertySchema = z.object({
  name,
  type: text,
  maxOnly: z.literal(true).optional(),
}) satisfies z.ZodType<OtherProperty>;

export const featureDependencySchema = z.object({
  whenMissing: name,
  clears: z.array(name).max(4_096),
  clearsWords: z.array(index).max(1_024).optional(),
}) satisfies z.ZodType<FeatureDependency>;

export const featureExclusionSchema = z.object({
  features: z.array(name).max(4_096),
  clears: z.array(name).max(4_096),
}) satisfies z.ZodType<FeatureExclusion>;

export const machineTypeSchema = z
  .object({
    name,
    alias: name.optional(),
    deprecated: z.boolean(),
    isDefault: z.boolean(),
    defaultCpu: name.optional(),
    maxCpus: z.number().int().min(0).optional(),
  })
  .meta({ id: 'MachineType' }) satisfies z.ZodType<MachineType>;

export const cpuModelInfoSchema = z
  .object({
    name,
    deprecated: z.boolean(),
    migrationSafe: z.enum(['yes', 'no', 'unknown']),
    isStatic: z.boolean(),
  })
  .meta({ id: 'CpuModelInfo' }) satisfies z.ZodType<CpuModelInfo>;

const acceleratorShape = {
  features: sparseWordsListSchema,
  properties: propertyValuesListSchema,
  rows: z.array(z.tuple([index, index])).max(200_000),
  groups: indexTableSchema,
  machineGroups: indexListSchema,
  aliases: indexTableSchema,
  withheld: sparseWordsListSchema,
  forcesHostPhysBits: z.array(z.boolean()).max(10_000),
  groupProperties: propertyValuesListSchema,
};

export const kvmCatalogSchema = z.object({
  ...acceleratorShape,
  irqchipDefault: z.array(z.enum(['on', 'split'])).max(10_000),
  splitExtDestId: z.array(z.boolean()).max(10_000),
}) satisfies z.ZodType<KvmCatalog>;
export const tcgCatalogSchema = z.object({
  ...acceleratorShape,
  supported: sparseWordsSchema,
}) satisfies z.ZodType<TcgCatalog>;

/** A catalog: what one QEMU binary knows. */
export const catalogSchema = z
  .object({
    schema: z.literal('cpu-atlas/catalog/1'),
    qemu: z.object({ version: name, package: text }),
    words: z.array(wordSpecSchema).max(1_024),
    features: z.array(featurePropertySchema).max(20_000),
    aliases: z.record(name, name),
    otherProperties: z.array(otherPropertySchema).max(20_000),
    propertyDefaults: propertyValuesSchema,
    dependencies: z.array(featureDependencySchema).max(20_000),
    exclusions: z.array(featureExclusionSchema).max(20_000),
    pmuFeatures: z.array(name).max(20_000),
    machines: z.array(machineTypeSchema).max(10_000),
    models: z.array(cpuModelInfoSchema).max(10_000),
    tcg: tcgCatalogSchema.optional(),
    kvm: kvmCatalogSchema.optional(),
    notSeen: z.array(text).max(1_000),
    warningStyle: z.enum(['colon', 'brackets']),
  })
  .meta({ id: 'Catalog', description: 'What one QEMU binary knows about CPUs' }) satisfies z.ZodType<Catalog>;

export const catalogProvenanceSchema = z.object({
  harvestedAt: text,
  harvester: text,
  binary: z.object({ name: text, sizeBytes: z.number(), mtime: text }).optional(),
}) satisfies z.ZodType<CatalogProvenance>;

/**
 * Anything to a catalog whose references (indices into its own lists) all hold. Unknown keys are dropped.
 * @throws CATALOG_INVALID with the JSON path of the first problem
 */
export function parseCatalog(value: unknown, source?: string): Catalog {
  checkShapeLimits(value, { code: 'CATALOG_INVALID', values: limits.catalogValues, where: source });
  const catalog = parseWith(catalogSchema, value, {
    code: 'CATALOG_INVALID',
    source,
    remedy: 'harvest it again: cpu-atlas harvest --qemu PATH --out DIR',
  });
  checkCatalogReferences(catalog, source);
  return catalog;
}

/**
 * JSON text of a catalog.
 * @throws CATALOG_INVALID, FILE_TOO_LARGE
 */
export function parseCatalogText(json: string, source: string): Catalog {
  if (json.length > limits.catalogBytes) {
    throw new AtlasError('FILE_TOO_LARGE', `a catalog has at most ${limits.catalogBytes} bytes`, { where: source });
  }
  return parseCatalog(parseJsonText(json, { code: 'CATALOG_INVALID', source }), source);
}
