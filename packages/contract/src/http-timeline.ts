import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema, usedCatalogSchema } from './http-catalogs.ts';
import { contentHashSchema } from './http-hosts.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, resolutionSchema } from './resolution.ts';
import { z } from './zod.ts';

/** Observations of one page of a timeline. Each is compared with the one before it. */
const observationsPerPage = 50;

export const timelineParamsSchema = z.object({ id: z.string().min(1).max(limits.nameLength) });

export const observationsQuerySchema = z.object({
  cursor: z.string().min(1).max(limits.nameLength).optional().describe('nextCursor of the page before'),
  limit: z.coerce.number().int().min(1).max(observationsPerPage).default(20),
});

export const observationSchema = z
  .object({
    id: z.string(),
    snapshotHash: contentHashSchema,
    fingerprint: contentHashSchema,
    collectedAt: z.string().describe('When the snapshot was taken, RFC 3339, UTC'),
    firstSeenAt: z.string().describe('When the host was first heard to look like that'),
    lastSeenAt: z.string().describe('When it was last heard to look like that'),
    change: z
      .string()
      .nullable()
      .describe('What changed since the observation before, in short; null: it is the first'),
  })
  .meta({ id: 'Observation' });

export const observationListSchema = z
  .object({
    items: z.array(observationSchema).describe('Newest first'),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'ObservationList' });

/** A snapshot by its hash, or a host as it is or as it was. */
export const comparedSideSchema = z
  .union([
    z.strictObject({ snapshot: contentHashSchema }),
    z.strictObject({ host: z.string().min(1).max(limits.nameLength), at: asOfSchema.optional() }),
  ])
  .meta({ id: 'ComparedSide' });

export const comparisonRequestSchema = z
  .object({
    a: comparedSideSchema,
    b: comparedSideSchema,
    catalog: catalogReferenceSchema.optional().describe('One QEMU for both; left out: each with its own'),
  })
  .meta({
    id: 'ComparisonRequest',
    example: { a: { host: 'node-a', at: '2026-11-01T00:00:00Z' }, b: { host: 'node-a' } },
  });

export const changeCauseSchema = z.enum(['hardware', 'microcode', 'kernel', 'module-parameter', 'qemu']);

const names = z.array(z.string());

export const layerChangeSchema = z
  .object({
    cause: changeCauseSchema,
    summary: z.string(),
    gained: names.describe('Features that came with it'),
    lost: names,
    untold: names.describe('Features of which it is no longer known whether they are there'),
  })
  .meta({ id: 'LayerChange' });

const outcomeSchema = z.enum([...resolutionSchema.shape.status.options, 'not-offered']);

export const modelChangeSchema = z
  .object({
    accel: acceleratorSchema,
    machine: z.string(),
    model: z.string(),
    before: outcomeSchema,
    after: outcomeSchema,
    turn: z.enum(['gained', 'lost', 'narrowed', 'widened', 'untold', 'told']),
    featuresLost: names,
    featuresGained: names,
    causes: z.array(changeCauseSchema),
  })
  .meta({ id: 'ModelChange' });

const answeredSideSchema = z.object({ snapshotHash: contentHashSchema, catalog: usedCatalogSchema });

export const comparisonSchema = z
  .object({
    a: answeredSideSchema,
    b: answeredSideSchema,
    layers: z.array(layerChangeSchema),
    models: z.array(modelChangeSchema).describe('On the machine types that pc and q35 stand for'),
  })
  .meta({ id: 'Comparison' });

export type ObservationList = DeepReadonly<z.output<typeof observationListSchema>>;
export type Observation = DeepReadonly<z.output<typeof observationSchema>>;
export type ComparedSide = DeepReadonly<z.output<typeof comparedSideSchema>>;
export type Comparison = DeepReadonly<z.output<typeof comparisonSchema>>;
