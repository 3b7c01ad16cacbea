import type { VmRecord } from '@cpu-atlas/core';
import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema } from './http-catalogs.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, kernelIrqchipSchema, smpTopologySchema } from './resolution.ts';
import { hostSnapshotSchema } from './snapshot.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);
const names = z.array(name);
const count = z.number().int().min(0);

const hostsPerRequest = 10_000;
const changesPerRequest = 1_000;
const vmsPerRequest = 20_000;
const listsPerRequest = 1_000;

/** Which hosts, with which QEMU, on which machine type. */
const fleetSchema = z.object({
  hosts: z.array(name).min(1).max(hostsPerRequest).optional().describe('Ids; left out: the whole fleet'),
  catalog: catalogReferenceSchema.optional().describe('One QEMU for all hosts; left out: each host’s own'),
  accel: acceleratorSchema.default('kvm'),
  machine: name.optional().describe('Left out: the newest versioned q35 that every host’s QEMU has'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
});

export const vmRecordSchema = z
  .object({
    name,
    host: name.describe('Id or name of the host on which it runs'),
    machine: name,
    cpu: z.string().min(1).max(limits.cpuStringLength).describe('The argument of -cpu'),
    accel: acceleratorSchema.optional(),
    kernelIrqchip: kernelIrqchipSchema.optional(),
    smp: smpTopologySchema.optional(),
  })
  .meta({ id: 'VmRecord' }) satisfies z.ZodType<VmRecord>;

const hostLists = z.array(z.array(name).min(1).max(hostsPerRequest)).max(listsPerRequest);

export const poolConstraintsSchema = z
  .object({
    together: hostLists.optional().describe('Lists of host ids that share a pool'),
    apart: hostLists.optional().describe('Lists of host ids no two of which share a pool'),
    minHosts: z.number().int().min(1).max(hostsPerRequest).optional(),
    requiredFeatures: z.array(name).max(512).optional(),
    requiredAbiLevel: z.number().int().min(1).max(4).optional().describe('3 for x86-64-v3'),
  })
  .meta({ id: 'PoolConstraints' });

const fleetChangeSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('add'), snapshot: hostSnapshotSchema, catalog: catalogReferenceSchema.optional() }),
    z.object({ kind: z.literal('remove'), host: name }),
    z.object({
      kind: z.literal('replace'),
      host: name,
      snapshot: hostSnapshotSchema.optional().describe('Another kernel or microcode; left out: as it is'),
      catalog: catalogReferenceSchema.optional().describe('Another QEMU; left out: as it is'),
    }),
    z.object({
      kind: z.literal('configure'),
      machine: name.optional(),
      kernelIrqchip: kernelIrqchipSchema.optional(),
    }),
  ])
  .meta({ id: 'FleetChange' });

export const planRequestSchema = z
  .discriminatedUnion('kind', [
    fleetSchema.extend({
      kind: z.literal('choices'),
      models: z.array(name).min(1).max(512).optional().describe('Left out: all'),
      lines: z
        .array(z.string().min(1).max(limits.cpuStringLength))
        .max(256)
        .optional()
        .describe('More arguments of -cpu to rank beside them, such as custom models'),
      wished: z
        .array(name)
        .max(256)
        .optional()
        .describe('Features to add where every host has them; left out: mitigations'),
      limit: z.number().int().min(1).max(512).default(32),
    }),
    fleetSchema.extend({
      kind: z.literal('pools'),
      constraints: poolConstraintsSchema.optional(),
      maxPools: z.number().int().min(1).max(16).default(8).describe('Of all vendors together'),
      load: z.number().min(0).max(0.95).default(0).describe('Part of a pool’s capacity that is in use'),
      capacity: z.record(name, z.number().positive()).optional().describe('By host id, in any unit; left out: 1'),
      countsNested: z.boolean().default(false),
    }),
    fleetSchema.extend({
      kind: z.literal('what-if'),
      changes: z.array(fleetChangeSchema).min(1).max(changesPerRequest),
      vms: z.array(vmRecordSchema).max(vmsPerRequest).optional(),
    }),
  ])
  .meta({
    id: 'PlanRequest',
    example: { kind: 'choices', hosts: ['node-a', 'node-b'], models: ['EPYC-Milan', 'EPYC-v4'] },
  });

const hostRefSchema = z.object({ id: z.string(), name: z.string() });

export const obstacleSchema = z
  .object({
    answer: z.enum(['no', 'unknown']),
    kind: z.string().describe('feature, nested, state, vendor, tsc, machine, …'),
    name: z.string(),
    bit: z.string().nullable(),
    reason: z.string(),
  })
  .meta({ id: 'Obstacle' });

const decidingSchema = z.object({ host: hostRefSchema, obstacle: obstacleSchema }).nullable();
const answerSchema = z.enum(['yes', 'no', 'unknown']);
const tally = { answer: answerSchema, yes: count, no: count, unknown: count, total: count };
const someHosts = { hostCount: count, firstHosts: z.array(hostRefSchema) };

export const rankedChoiceSchema = z
  .object({
    model: z.string(),
    deprecated: z.boolean(),
    isDefined: z.boolean().describe('False for host and max'),
    isOfVendor: z.boolean(),
    plain: z.object(tally).describe('The model as it is'),
    losses: z.array(z.object({ feature: z.string(), ...someHosts })),
    refusals: z.array(z.object({ reason: z.string(), ...someHosts })),
    line: z.object({ cpu: z.string(), removed: names, pinned: names, added: names }),
    proof: z.object({ ...tally, deciding: decidingSchema }).describe('The line under enforce, on every host'),
    features: names,
    abiLevel: count,
    wished: names,
  })
  .meta({ id: 'RankedChoice' });

const unplacedSchema = z.array(z.object({ host: hostRefSchema, obstacle: obstacleSchema }));

export const poolSchema = z
  .object({
    vendor: z.string(),
    machine: z.string(),
    hosts: z.array(z.string()).describe('Ids'),
    promised: names,
    abiLevel: count,
    afterLoss: z.object({ survives: z.boolean(), worst: hostRefSchema, capacityLeft: z.number() }),
    costs: z.array(
      z.object({
        ...someHosts,
        fingerprints: z.array(z.string()),
        isUndecided: z.boolean(),
        others: count,
        features: names,
        bits: z.array(z.string()),
        sentence: z.string(),
      }),
    ),
    cut: z.object({ other: count, ownLoss: names, otherLoss: names, sentence: z.string() }).nullable(),
  })
  .meta({ id: 'Pool' });

const contradictionSchema = z.object({ reason: z.string(), hosts: z.array(hostRefSchema) });

export const modelEffectSchema = z
  .object({
    effect: z.enum(['gained', 'lost', 'wider', 'narrower', 'undecided']),
    model: z.string(),
    before: z.object(tally),
    after: z.object(tally),
    deciding: decidingSchema,
  })
  .meta({ id: 'ModelEffect' });

const namedBits = z.array(z.object({ feature: z.string(), bit: z.string() }));

const answered = { machine: z.string(), assumptions: z.array(z.string()) };

export const planResultSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('choices'), ...answered, total: count, choices: z.array(rankedChoiceSchema) }),
    z.object({
      kind: z.literal('pools'),
      ...answered,
      choices: z.array(
        z.object({
          pools: z.array(poolSchema),
          keptShare: z.number(),
          keptShareBound: z.number(),
          isBest: z.boolean(),
          survivesLoss: z.boolean(),
        }),
      ),
      unknown: unplacedSchema,
      unfit: unplacedSchema,
      contradictions: z.array(contradictionSchema),
    }),
    z.object({
      kind: z.literal('what-if'),
      ...answered,
      models: z.array(modelEffectSchema),
      gained: namedBits,
      lost: namedBits,
      vms: z.array(
        z.object({
          effect: z.enum(['freed', 'stuck', 'wider', 'narrower', 'homeless']),
          vm: z.string(),
          targetsBefore: count,
          targetsAfter: count,
          obstacles: z.array(obstacleSchema),
        }),
      ),
    }),
  ])
  .meta({ id: 'PlanResult' });

export const vmsRequestSchema = z
  .object({
    hosts: z.array(name).min(1).max(hostsPerRequest).optional(),
    catalog: catalogReferenceSchema.optional(),
    at: asOfSchema.optional(),
    vms: z.array(vmRecordSchema).max(vmsPerRequest).default([]),
    text: z
      .string()
      .max(limits.requestBytes)
      .optional()
      .describe('CSV, JSON, or libvirt domain XML, besides or instead of vms'),
    host: name.optional().describe('Where VMs of the text run that do not say it'),
    drain: name.optional().describe('Id or name of a host to be emptied'),
    upgrade: z
      .object({
        hosts: z.array(name).min(1).max(hostsPerRequest).optional().describe('Left out: all'),
        catalog: catalogReferenceSchema,
      })
      .optional()
      .describe('A rolling upgrade of QEMU'),
  })
  .meta({
    id: 'VmsRequest',
    example: { text: 'name,machine,cpu,host\nweb-1,pc-q35-10.0,"EPYC-Rome,-xsaves",node-a\n', drain: 'node-a' },
  });

const reachSchema = z.object({
  hosts: z.array(z.string()).describe('Ids of hosts that are alike'),
  answer: answerSchema,
  trap: answerSchema,
  line: z.string().nullable().describe('The -cpu argument for the other side'),
  isOwnLine: z.boolean(),
  obstacles: z.array(obstacleSchema),
});

const drainSchema = z.object({
  host: hostRefSchema,
  moves: z.array(z.object({ vm: z.string(), to: hostRefSchema, line: z.string(), isTrap: z.boolean() })),
  stuck: z.array(
    z.object({
      vm: z.string(),
      answer: z.enum(['no', 'unknown']),
      nearest: hostRefSchema.nullable(),
      obstacles: z.array(obstacleSchema),
      mask: z.object({ features: names, cpu: z.string(), to: hostRefSchema }).nullable(),
    }),
  ),
});

const strandedSchema = z.object({
  vm: z.string(),
  answer: z.enum(['no', 'unknown']),
  obstacles: z.array(obstacleSchema),
});

const upgradeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('order'),
    steps: z.array(
      z.object({
        host: hostRefSchema,
        moves: z.array(z.object({ vm: z.string(), to: hostRefSchema, line: z.string() })),
      }),
    ),
  }),
  z.object({ kind: z.enum(['none', 'unknown']), reason: z.string(), stranded: z.array(strandedSchema) }),
]);

export const vmsResultSchema = z
  .object({
    groups: z.array(
      z.object({
        vms: z.array(z.string()),
        machine: z.string(),
        cpu: z.string(),
        home: z.array(z.string()).describe('Ids of the hosts that are like the one it runs on'),
        canLeave: answerSchema,
        targets: count,
        openTargets: count,
        reach: z.array(reachSchema),
      }),
    ),
    unread: z.array(z.object({ vm: z.string(), reason: z.string() })),
    notes: z.array(z.string()),
    assumptions: z.array(z.string()),
    drain: drainSchema.nullable(),
    upgrade: upgradeSchema.nullable(),
  })
  .meta({ id: 'VmsResult' });

export type PlanRequestBody = DeepReadonly<z.output<typeof planRequestSchema>>;
export type PlanResult = DeepReadonly<z.output<typeof planResultSchema>>;
export type PoolDocument = DeepReadonly<z.output<typeof poolSchema>>;
export type RankedChoiceDocument = DeepReadonly<z.output<typeof rankedChoiceSchema>>;
export type FleetChangeBody = Extract<PlanRequestBody, { readonly kind: 'what-if' }>['changes'][number];
export type VmsRequestBody = DeepReadonly<z.output<typeof vmsRequestSchema>>;
export type VmsResult = DeepReadonly<z.output<typeof vmsResultSchema>>;
