import { hostFreshness } from '@cpu-atlas/core';
import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { limits } from './limits.ts';
import { hostSnapshotSchema } from './snapshot.ts';
import { z } from './zod.ts';

/** `sha256:` and 64 hex digits: the name of a snapshot or catalog by its content. */
export const contentHashSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hex digits')
  .meta({ id: 'ContentHash', example: `sha256:${'0123456789abcdef'.repeat(4)}` });

/** Whether a layer of a host is known; `unknown` never means empty. */
export const layerStateSchema = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('known') }),
    z.object({ state: z.literal('unknown'), code: z.string(), reason: z.string(), remedy: z.string() }),
  ])
  .meta({ id: 'LayerState' });

/** How far the harvest of a QEMU binary is. `machinesTotal` is of the phase; null until QEMU has told its machine types. */
export const harvestStateSchema = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('done') }),
    z.object({ state: z.literal('off'), reason: z.string() }),
    z.object({ state: z.literal('waiting') }),
    z.object({
      state: z.literal('running'),
      phase: z.enum(['discover', 'tcg', 'kvm']).describe('Each machine type is launched once for each accelerator'),
      machinesDone: z.number().int(),
      machinesTotal: z.number().int().nullable(),
    }),
    z.object({ state: z.literal('failed'), code: z.string(), reason: z.string(), remedy: z.string() }),
  ])
  .meta({ id: 'HarvestState' });

export const qemuSummarySchema = z
  .object({
    path: z.string(),
    version: z.string(),
    package: z.string().nullable(),
    catalog: contentHashSchema
      .nullable()
      .describe('The catalog that answers for this binary; null: there is none at all'),
    catalogVersion: z.string().nullable().describe('QEMU version of that catalog'),
    catalogMatch: z
      .enum(['exact', 'nearest', 'none'])
      .describe('exact: harvested from this very binary; nearest: another binary of a version close to it'),
    harvest: harvestStateSchema,
  })
  .meta({ id: 'QemuSummary' });

/** From where a host is known: the server's own probe, an agent that joined, an import, or the demo fleet. */
export const hostSourceSchema = z.enum(['self', 'agent', 'import', 'demo']);

export const freshnessStateSchema = z.enum(hostFreshness);

/** Whether what is known of a host can still be believed. Only a fresh host counts; the others are unknown in answers. */
export const hostFreshnessSchema = z
  .object({
    state: freshnessStateSchema,
    lastSeenAt: z.string().describe('When the host was last heard, RFC 3339, UTC'),
    silentSeconds: z.number().describe('Time since then, when this answer was made'),
  })
  .meta({ id: 'HostFreshness' });

export const hostSummarySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    source: hostSourceSchema,
    freshness: hostFreshnessSchema,
    collectedAt: z.string().describe('When the snapshot was taken, RFC 3339, UTC'),
    ageSeconds: z.number().describe('Age of the snapshot when this answer was made'),
    isSelf: z.boolean().describe('The host on which this server runs'),
    isProbing: z.boolean(),
    cpuName: z.string().nullable(),
    vendor: z.string().nullable(),
    kernelRelease: z.string().nullable(),
    hypervisor: z.string().nullable(),
    snapshotHash: contentHashSchema,
    fingerprint: contentHashSchema.describe('Equal for hosts whose answers are equal'),
    agentVersion: z.string().nullable().describe('Of the CPU Atlas on that host; null where there is none'),
    takesCommands: z.boolean().describe('Whether it can be asked to probe and to prove a cell at this moment'),
    layers: z.object({
      hardware: layerStateSchema,
      kernel: layerStateSchema,
      kvm: layerStateSchema,
      qemu: layerStateSchema,
    }),
    qemu: z.array(qemuSummarySchema),
  })
  .meta({ id: 'HostSummary' });

export const hostListSchema = z
  .object({
    items: z.array(hostSummarySchema),
    nextCursor: z.string().nullable(),
    total: z.number().int().describe('Hosts that the filters leave, on all pages'),
    byFreshness: z.object({
      fresh: z.number().int(),
      stale: z.number().int(),
      unreachable: z.number().int(),
    }),
    self: layerStateSchema.describe('Whether the host on which this server runs could be probed'),
  })
  .meta({ id: 'HostList' });

export const hostDetailSchema = z
  .object({
    summary: hostSummarySchema,
    snapshot: hostSnapshotSchema,
    selfCheck: z
      .object({
        outcome: z.enum(['passed', 'failed', 'could-not-tell']),
        unavailableFeatures: z.array(z.string()),
        reason: z.string(),
      })
      .describe('-cpu host must filter nothing; where it does, Atlas misread the host or QEMU has a defect'),
  })
  .meta({ id: 'HostDetail' });

export const probeRequestSchema = z
  .object({ host: z.string().max(limits.nameLength).optional().describe('Id of the host; left out: this one') })
  .meta({ id: 'ProbeRequest', example: { host: 'node-a' } });

export const probeResultSchema = z.object({ summary: hostSummarySchema }).meta({ id: 'ProbeResult' });

/** What an operator says about a host; it wins over what the host says. Left out: stays as it is. */
export const hostChangeSchema = z
  .object({
    name: z.string().max(limits.nameLength).optional().describe('Empty: the name that the host tells'),
    labels: z
      .record(z.string().min(1).max(limits.nameLength), z.string().max(limits.nameLength))
      .refine((labels) => Object.keys(labels).length <= 64, 'must have at most 64 entries')
      .optional()
      .describe('Replace those given before; labels of the host itself stay beside them'),
  })
  .meta({ id: 'HostChange', example: { name: 'node-a', labels: { rack: 'r1' } } });

/** Cursor paging of collections. */
export const pageQuerySchema = z.object({
  cursor: z.string().max(limits.nameLength).optional().describe('nextCursor of the page before'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** One value or several: `?label=a&label=b`. */
function severalOf<T extends z.ZodType>(schema: T) {
  return z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(schema).max(32).optional(),
  );
}

/** `rack=r1`: the label has that value; `rack`: it has the label. All of them must hold. */
const labelFilterSchema = z.string().min(1).max(limits.textLength);

export const hostListQuerySchema = pageQuerySchema.extend({
  q: z
    .string()
    .max(limits.nameLength)
    .optional()
    .describe('Words that all occur in name, id, labels, CPU name or kernel, in any case'),
  label: severalOf(labelFilterSchema).describe('rack=r1 or rack; all of them must hold'),
  freshness: severalOf(freshnessStateSchema).describe('Any of them'),
  source: severalOf(hostSourceSchema).describe('Any of them'),
  at: asOfSchema
    .optional()
    .describe('As the fleet was at that time, RFC 3339; hosts that were not known yet are left out'),
});

/** One host, as it is or as it was. */
export const hostQuerySchema = z.object({ at: asOfSchema.optional() });

export type HostListQuery = DeepReadonly<z.output<typeof hostListQuerySchema>>;
export type FreshnessState = z.output<typeof freshnessStateSchema>;
export type HostFreshnessDocument = DeepReadonly<z.output<typeof hostFreshnessSchema>>;
export type LayerState = DeepReadonly<z.output<typeof layerStateSchema>>;
export type HarvestState = DeepReadonly<z.output<typeof harvestStateSchema>>;
export type QemuSummary = DeepReadonly<z.output<typeof qemuSummarySchema>>;
export type HostSummary = DeepReadonly<z.output<typeof hostSummarySchema>>;
export type HostList = DeepReadonly<z.output<typeof hostListSchema>>;
export type HostDetail = DeepReadonly<z.output<typeof hostDetailSchema>>;
