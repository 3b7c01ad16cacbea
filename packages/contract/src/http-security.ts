import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema } from './http-catalogs.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, kernelIrqchipSchema } from './resolution.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);

export const securityQuerySchema = z.object({
  model: z
    .string()
    .min(1)
    .max(limits.cpuStringLength)
    .describe('The argument of -cpu, with its features: EPYC-Milan-v2,+ssbd'),
  machine: name.optional().describe('Left out: the newest versioned q35 that every host’s QEMU has'),
  accel: acceleratorSchema.default('kvm'),
  kernelIrqchip: kernelIrqchipSchema.optional(),
  at: asOfSchema.optional(),
  catalog: catalogReferenceSchema.optional().describe('One QEMU for all hosts; left out: each host’s own'),
});

export const guestFlagSchema = z
  .object({
    flag: z.string(),
    verdict: z
      .enum([
        ...['on', 'should-be-on', 'host-lacks', 'not-needed', 'not-offered'],
        ...['optional', 'unknown', 'over-claimed'],
      ] as const)
      .describe('over-claimed: the guest is told that it is immune, and the host says that it is affected'),
    state: z.enum(['enabled', 'filtered', 'missing', 'absent', 'unknown']).nullable(),
    hostSays: z.string().nullable().describe('The file in /sys/devices/system/cpu/vulnerabilities, verbatim'),
    remedy: z.string().nullable(),
  })
  .meta({ id: 'GuestFlag' });

const securityFlagSchema = z
  .object({
    flag: z.string(),
    vendors: z.array(z.string()),
    kind: z.enum(['mitigation', 'immunity', 'weakness', 'control', 'performance']),
    advice: z.enum(['add', 'if-immune', 'optional']),
    against: z.array(z.string()),
    vulnerability: z.string().nullable(),
    text: z.string(),
    source: z.string(),
    secondHand: z.boolean().describe('From a report, not from the one who decides'),
  })
  .meta({ id: 'SecurityFlag' });

const guestSecuritySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('judged'),
    status: z.enum(['runnable', 'filtered', 'refused', 'unknown']),
    vendor: z.string(),
    flags: z.array(guestFlagSchema),
  }),
  z.object({ kind: z.literal('no-guest'), reason: z.string() }),
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
]);

export const securityResultSchema = z
  .object({
    model: z.string(),
    machine: z.string(),
    accel: acceleratorSchema,
    kernelIrqchip: kernelIrqchipSchema.nullable(),
    assumptions: z.array(z.string()),
    flags: z.array(securityFlagSchema),
    groups: z
      .array(
        z.object({
          hosts: z.array(z.object({ id: z.string(), name: z.string() })),
          security: guestSecuritySchema,
        }),
      )
      .describe('Hosts on which everything comes out the same, with the same words about their vulnerabilities'),
  })
  .meta({ id: 'SecurityResult' });

export type SecurityQuery = DeepReadonly<z.output<typeof securityQuerySchema>>;
export type SecurityResult = DeepReadonly<z.output<typeof securityResultSchema>>;
