import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema } from './http-catalogs.ts';
import { acceleratorSchema, kernelIrqchipSchema } from './resolution.ts';
import { z } from './zod.ts';

/** `own`: every host is asked with its own first QEMU. */
export const ownCatalog = 'own';

export const cubeQuerySchema = z.object({
  catalog: z
    .union([z.literal(ownCatalog), catalogReferenceSchema])
    .default(ownCatalog)
    .describe('One QEMU for all hosts, by hash or version; own: each host with its own'),
  accel: acceleratorSchema.default('kvm'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
});

const names = z.array(z.string());
const numbers = z.array(z.number().int());

export const cubeSheetSchema = z
  .object({
    qemu: z.object({ version: z.string(), package: z.string(), catalog: z.string(), runsAs: z.string().nullable() }),
    models: z.array(z.object({ name: z.string(), deprecated: z.boolean(), family: z.string(), vendor: z.string() })),
    machines: z.array(z.object({ machines: names, aliases: names, deprecated: z.boolean() })),
    features: names,
    classCount: z.number().int(),
    columnCount: z.number().int(),
    classOf: numbers.describe('Class of model m on machine types t at m * machines.length + t; 65535: not offered'),
    aliasOf: numbers.describe('Index into models of the model that a name stands for there; -1: none'),
    status: numbers.describe('Of class k in column c at c * classCount + k: runnable, filtered, refused, unknown'),
    filteredCount: numbers,
    supported: numbers.describe('Bytes of bits, one row of features a column: the accelerator has the feature'),
    supportUnknown: numbers.describe('As supported: it is not known'),
  })
  .meta({ id: 'CubeSheet' });

/** The cube as JSON, for readers without its binary form; docs/cube.md tells both. */
export const cubeSchema = z
  .object({
    accel: acceleratorSchema,
    kernelIrqchip: kernelIrqchipSchema.nullable(),
    at: z.string().nullable(),
    sheets: z.array(cubeSheetSchema),
    fingerprints: names,
    sheetOf: numbers.describe('Sheet of each fingerprint; -1: its QEMU is not known'),
    columnOf: numbers.describe('Column of each fingerprint in its sheet'),
    hosts: z.object({
      ids: names,
      names,
      fingerprintOf: numbers.describe('Index into fingerprints; -1: nothing is known'),
      freshness: numbers.describe('0 fresh, 1 stale, 2 unreachable; what is not fresh counts as unknown'),
    }),
  })
  .meta({ id: 'Cube' });

export type CubeQuery = DeepReadonly<z.output<typeof cubeQuerySchema>>;
export type CubeJson = DeepReadonly<z.output<typeof cubeSchema>>;
