import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema, usedCatalogSchema } from './http-catalogs.ts';
import { contentHashSchema } from './http-hosts.ts';
import { limits } from './limits.ts';
import { problemSchema } from './problem.ts';
import {
  acceleratorSchema,
  featureVerdictSchema,
  featureWordInfoSchema,
  kernelIrqchipSchema,
  resolutionRequestSchema,
  resolutionSchema,
} from './resolution.ts';
import { z } from './zod.ts';

const hostReference = z.string().min(1).max(limits.nameLength).describe('Id of a host; left out: this one');

/** One question: which host (or which snapshot of it), which catalog, and what would be launched. */
export const resolutionItemSchema = resolutionRequestSchema
  .extend({
    id: z
      .union([z.string().max(limits.nameLength), z.number()])
      .optional()
      .describe('Comes back with the answer'),
    host: hostReference.optional(),
    snapshot: contentHashSchema.optional().describe('Instead of host: this very snapshot'),
    catalog: catalogReferenceSchema.optional(),
    at: asOfSchema.optional().describe('The host as of that time, RFC 3339; left out: now'),
    explain: z.boolean().optional().describe('Also tell each feature: state, blocker, evidence, remedy'),
  })
  .meta({ id: 'ResolutionItem' });

export const resolutionsRequestSchema = z
  .object({ requests: z.array(resolutionItemSchema).min(1).max(limits.requestsPerCall) })
  .meta({
    id: 'ResolutionsRequest',
    example: {
      requests: [{ host: 'node-a', accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan,+vmx', explain: true }],
    },
  });

const echoedId = z.union([z.string(), z.number()]).optional();

export const resolutionAnswerSchema = z
  .discriminatedUnion('ok', [
    z.object({
      id: echoedId,
      ok: z.literal(true),
      snapshotHash: contentHashSchema,
      catalog: usedCatalogSchema,
      resolution: resolutionSchema,
      features: z.array(featureVerdictSchema).optional(),
    }),
    z.object({ id: echoedId, ok: z.literal(false), error: problemSchema }),
  ])
  .meta({ id: 'ResolutionAnswer' });

export const resolutionsResultSchema = z
  .object({ resolutions: z.array(resolutionAnswerSchema) })
  .meta({ id: 'ResolutionsResult' });

export const matrixQuerySchema = z.object({
  host: hostReference.optional(),
  snapshot: contentHashSchema.optional(),
  catalog: catalogReferenceSchema.optional(),
  accel: acceleratorSchema.default('kvm'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
});

/** The order of the codes in `HostMatrixDocument.status`. */
export const matrixStatuses = ['runnable', 'filtered', 'refused', 'unknown', 'not-offered'] as const;

/** Cell of model m and column c at `m * columns.length + c`. */
export const hostMatrixSchema = z
  .object({
    snapshotHash: contentHashSchema,
    catalog: usedCatalogSchema,
    accel: acceleratorSchema,
    kernelIrqchip: kernelIrqchipSchema.nullable(),
    models: z.array(z.object({ name: z.string(), deprecated: z.boolean(), family: z.string(), vendor: z.string() })),
    columns: z.array(
      z.object({ machines: z.array(z.string()), aliases: z.array(z.string()), deprecated: z.boolean() }),
    ),
    status: z
      .array(z.number().int().min(0).max(4))
      .describe('0 runnable, 1 filtered, 2 refused, 3 unknown, 4 not offered'),
    filteredCount: z.array(z.number().int()),
    enabledCount: z.array(z.number().int()),
    requestedCount: z.array(z.number().int()),
    aliasOf: z.array(z.number().int()).describe('Index of the model that the name stands for in that column, or -1'),
  })
  .meta({ id: 'HostMatrix' });

export const verificationRequestSchema = resolutionRequestSchema
  .extend({
    host: hostReference.optional(),
    qemu: z
      .string()
      .min(1)
      .max(4_096)
      .optional()
      .describe('Path of one of the host’s QEMU binaries; left out: the first'),
  })
  .meta({ id: 'VerificationRequest', example: { accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' } });

const shownValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

export const differenceSchema = z
  .object({ what: z.string(), atlas: shownValue, qemu: shownValue })
  .meta({ id: 'Difference', description: 'One thing in which Atlas and QEMU disagree' });

export const liveCpuSchema = z
  .object({
    path: z.string(),
    featureWords: z.array(featureWordInfoSchema),
    filteredFeatures: z.array(featureWordInfoSchema),
    unavailableFeatures: z.array(z.string()),
    properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.undefined()])),
  })
  .meta({ id: 'LiveCpu', description: 'What QEMU says of the first CPU of a paused machine' });

export const verificationResultSchema = z
  .object({
    outcome: z.enum(['equal', 'different', 'could-not-tell']),
    differences: z.array(differenceSchema),
    reason: z.string().optional().describe('Why it could not be told'),
    command: z.array(z.string()).describe('The QEMU command line that was run'),
    durationMs: z.number(),
    notCompared: z.array(z.string()).describe('What Atlas does not know or QEMU does not show'),
    otherMessages: z.array(z.string()).describe('What QEMU printed besides what Atlas foretold'),
    live: liveCpuSchema.nullable().describe('What QEMU said; null when it did not get as far as having a CPU'),
    exit: z
      .object({ status: z.number().nullable(), signal: z.string().nullable(), stderr: z.string() })
      .nullable()
      .describe('How QEMU ended; null when it was never started'),
    resolution: resolutionSchema,
    catalog: usedCatalogSchema,
  })
  .meta({ id: 'VerificationResult' });

export type ResolutionItem = DeepReadonly<z.output<typeof resolutionItemSchema>>;
export type ResolutionsRequest = DeepReadonly<z.input<typeof resolutionsRequestSchema>>;
export type ResolutionAnswer = DeepReadonly<z.output<typeof resolutionAnswerSchema>>;
export type MatrixQuery = DeepReadonly<z.output<typeof matrixQuerySchema>>;
export type HostMatrixDocument = DeepReadonly<z.output<typeof hostMatrixSchema>>;
export type VerificationRequest = DeepReadonly<z.output<typeof verificationRequestSchema>>;
export type VerificationResult = DeepReadonly<z.output<typeof verificationResultSchema>>;
