import { asOfSchema } from './as-of.ts';
import { baselineModes } from '@cpu-atlas/core';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema } from './http-catalogs.ts';
import { comparedSideSchema } from './http-timeline.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, kernelIrqchipSchema } from './resolution.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);
const names = z.array(name).min(1).max(10_000);
const axis = z.enum(['model', 'machine', 'host']);

export const reportFormatSchema = z
  .enum(['csv', 'xlsx', 'json', 'md', 'html', 'pdf'])
  .meta({ id: 'ReportFormat', example: 'xlsx' });

/** What every report has besides its kind. */
const written = {
  format: reportFormatSchema,
  maxRows: z.number().int().min(1).max(10_000).optional().describe('Rows of each table, for a preview; left out: all'),
};

const asked = {
  catalog: catalogReferenceSchema.optional().describe('One QEMU for all hosts; left out: each host’s own'),
  accel: acceleratorSchema.default('kvm'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
};

const onHosts = {
  hosts: names.optional().describe('Ids; left out: the whole fleet'),
  ...asked,
  machine: name.optional().describe('Left out: the newest versioned q35 that every host’s QEMU has'),
};

export const reportRequestSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('matrix'),
      ...written,
      ...asked,
      hosts: names.max(64).optional().describe('Ids, a sheet each; left out: the own host'),
      snapshot: z.string().optional().describe('Hash of one snapshot, instead of hosts'),
      models: names.optional(),
      machines: names.optional(),
    }),
    z.object({
      kind: z.literal('pivot'),
      ...written,
      ...asked,
      rows: axis.default('model'),
      columns: axis.default('host'),
      models: names.optional(),
      machines: names.optional(),
      hosts: names.optional(),
      isSplit: z.boolean().default(false).describe('A sheet for each item of the third axis; else it is counted'),
      isFolded: z.boolean().default(true).describe('Hosts, and machine types, that come out the same share a column'),
    }),
    z.object({
      kind: z.literal('comparison'),
      ...written,
      a: comparedSideSchema,
      b: comparedSideSchema,
      catalog: catalogReferenceSchema.optional(),
    }),
    z.object({
      kind: z.literal('baseline'),
      ...written,
      ...onHosts,
      mode: z.enum(baselineModes).default('all-you-can-enable'),
      migratable: z.boolean().default(true),
    }),
    z.object({
      kind: z.literal('choices'),
      ...written,
      ...onHosts,
      models: names.max(512).optional(),
      limit: z.number().int().min(1).max(512).default(32),
    }),
    z.object({ kind: z.literal('hosts'), ...written, hosts: names.optional(), at: asOfSchema.optional() }),
    z.object({
      kind: z.literal('security'),
      ...written,
      ...onHosts,
      model: z.string().min(1).max(limits.cpuStringLength).describe('The argument of -cpu'),
    }),
  ])
  .meta({ id: 'ReportRequest', example: { kind: 'pivot', rows: 'model', columns: 'host', format: 'xlsx' } });

export type ReportRequestBody = DeepReadonly<z.output<typeof reportRequestSchema>>;
/** As it is sent: what has a default may be left out. */
export type ReportRequestInput = z.input<typeof reportRequestSchema>;
export type ReportFormatName = z.output<typeof reportFormatSchema>;
