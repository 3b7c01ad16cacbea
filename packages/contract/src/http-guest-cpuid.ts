import type { DeepReadonly } from './deep-readonly.ts';
import { usedCatalogSchema } from './http-catalogs.ts';
import { contentHashSchema } from './http-hosts.ts';
import { resolutionItemSchema } from './http-resolutions.ts';
import { limits } from './limits.ts';
import { problemSchema } from './problem.ts';
import { refusalSchema, resolutionSchema } from './resolution.ts';
import { z } from './zod.ts';

/** vCPUs of one topology. Source: QEMU 11.1, cpu-max of pc-q35-11.1, rounded up */
const mostVcpus = 65_536;

export const guestCpuidItemSchema = resolutionItemSchema
  .omit({ explain: true })
  .extend({ vcpu: z.number().int().min(0).max(mostVcpus).default(0).describe('Index of the vCPU') })
  .meta({ id: 'GuestCpuidItem' });

export const guestCpuidsRequestSchema = z
  .object({
    requests: z.array(guestCpuidItemSchema).min(1).max(limits.guestCpuidsPerCall),
    compare: z.boolean().default(false).describe('Also compare each with the first'),
  })
  .meta({
    id: 'GuestCpuidsRequest',
    example: { requests: [{ host: 'node-a', accel: 'kvm', machine: 'pc-q35-10.0', cpu: 'EPYC-Milan' }] },
  });

const hex32 = z.string().regex(/^0x[0-9a-f]{8}$/);
const registers = { eax: hex32, ebx: hex32, ecx: hex32, edx: hex32 };
const register = z.enum(['eax', 'ebx', 'ecx', 'edx']);

export const guestCpuidEntrySchema = z
  .object({
    leaf: hex32,
    subleaf: z.number().int().describe('Means something only where flags has 1, a significant index'),
    flags: z.number().int().describe('KVM_CPUID_FLAG_*: 1 significant index, 2 stateful function, 4 state read next'),
    ...registers,
    unknown: z
      .object({ ...registers, why: z.string() })
      .optional()
      .describe('Bits that are not known; they are 0 above'),
    isUncertain: z.literal(true).optional().describe('Whether there is such an entry is not known'),
    fields: z.array(
      z.object({
        register,
        bits: z.string(),
        name: z.string(),
        value: z.string().nullable().describe('null: unknown'),
      }),
    ),
    features: z.array(z.string()),
    unknownFeatures: z.array(z.string()),
  })
  .meta({ id: 'GuestCpuidEntry', description: 'One entry of KVM_SET_CPUID2, in QEMU’s order' });

const known = z.number().nullable().describe('null: not known, or not told');

export const decodedGuestCpuidSchema = z
  .object({
    vendor: z.string().nullable(),
    brand: z.string().nullable(),
    signature: z.object({ family: z.number(), model: z.number(), stepping: z.number() }).nullable(),
    highestLeaves: z.object({ basic: known, extended: known }),
    apicId: known,
    cpusOfPackage: known,
    levels: z.array(
      z.object({
        level: z.enum(['thread', 'core', 'module', 'die', 'other']),
        cpus: z.number().describe('CPUs in one of the next level'),
        apicIdBits: z.number().describe('Bits of the APIC id below the next level'),
      }),
    ),
    caches: z.array(
      z.object({
        level: z.number(),
        type: z.enum(['data', 'instruction', 'unified']),
        sizeBytes: z.number(),
        ways: z.number(),
        lineBytes: z.number(),
        sharedBy: known,
        source: z.string(),
        text: z.string(),
      }),
    ),
    physBits: known,
    linearBits: known,
    guestPhysBits: known,
    states: z.array(z.object({ component: z.number(), sizeBytes: z.number(), offset: z.number().nullable() })),
    xsaveBytes: known,
    hypervisors: z.array(z.object({ leaf: z.number(), signature: z.string() })),
  })
  .meta({ id: 'DecodedGuestCpuid', description: 'A CPUID as a guest understands it' });

export const guestCpuidSchema = z
  .object({
    resolution: resolutionSchema,
    vcpu: z.number().int(),
    entries: z.array(guestCpuidEntrySchema),
    isComplete: z.boolean().describe('false: there may be other entries; what decides on that is not known'),
    refusal: refusalSchema.nullable().describe('Why QEMU does not come so far'),
    unknowns: z.array(z.string()),
    assumptions: z.array(z.string()),
    decoded: decodedGuestCpuidSchema,
  })
  .meta({ id: 'GuestCpuid' });

const echoedId = z.union([z.string(), z.number()]).optional();

export const guestCpuidAnswerSchema = z
  .discriminatedUnion('ok', [
    z.object({
      id: echoedId,
      ok: z.literal(true),
      snapshotHash: contentHashSchema,
      catalog: usedCatalogSchema,
      guestCpuid: guestCpuidSchema,
    }),
    z.object({ id: echoedId, ok: z.literal(false), error: problemSchema }),
  ])
  .meta({ id: 'GuestCpuidAnswer' });

export const guestCpuidDifferenceSchema = z
  .object({
    leaf: hex32,
    subleaf: z.number().int(),
    register,
    kind: z
      .enum(['abi', 'recomputed', 'unknown'])
      .describe('abi: a guest would see it; recomputed: KVM replaces the value; unknown: one side is not known'),
    bits: hex32,
    first: hex32,
    second: hex32,
    fields: z.array(z.string()),
  })
  .meta({ id: 'GuestCpuidDifference' });

export const guestCpuidComparisonSchema = z
  .object({
    first: z.number().int().describe('Index of the request'),
    second: z.number().int(),
    verdict: z.enum(['equal', 'different', 'unknown']),
    differences: z.array(guestCpuidDifferenceSchema),
  })
  .meta({ id: 'GuestCpuidComparison', description: 'What of the CPUID would change under a guest that moves' });

export const guestCpuidsResultSchema = z
  .object({
    guestCpuids: z.array(guestCpuidAnswerSchema),
    comparisons: z.array(guestCpuidComparisonSchema).describe('Of each that could be answered with the first'),
  })
  .meta({ id: 'GuestCpuidsResult' });

export type GuestCpuidItem = DeepReadonly<z.output<typeof guestCpuidItemSchema>>;
export type GuestCpuidsRequest = DeepReadonly<z.input<typeof guestCpuidsRequestSchema>>;
export type GuestCpuidAnswer = DeepReadonly<z.output<typeof guestCpuidAnswerSchema>>;
export type GuestCpuidDocument = DeepReadonly<z.output<typeof guestCpuidSchema>>;
export type GuestCpuidEntryDocument = DeepReadonly<z.output<typeof guestCpuidEntrySchema>>;
export type GuestCpuidComparisonDocument = DeepReadonly<z.output<typeof guestCpuidComparisonSchema>>;
export type GuestCpuidsResult = DeepReadonly<z.output<typeof guestCpuidsResultSchema>>;
