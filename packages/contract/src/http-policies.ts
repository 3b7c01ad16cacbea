import { policyTargets, type PolicyTargetName } from '@cpu-atlas/core';
import { asOfSchema } from './as-of.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import { catalogReferenceSchema } from './http-catalogs.ts';
import { libvirtReleaseSchema } from './http-plan.ts';
import { limits } from './limits.ts';
import { acceleratorSchema, kernelIrqchipSchema } from './resolution.ts';
import { z } from './zod.ts';

const name = z.string().min(1).max(limits.nameLength);

/** The names of a record's keys, as TypeScript knows them. */
function isTargetName(word: string): word is PolicyTargetName {
  return Object.hasOwn(policyTargets, word);
}

export const policyTargetNames: readonly PolicyTargetName[] = Object.keys(policyTargets).filter(isTargetName);
const targetSchema = z.enum(policyTargetNames);

export const policyRequestSchema = z
  .object({
    name: z
      .string()
      .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, 'must be letters, digits and dashes')
      .default('cpu-atlas')
      .describe('For files and custom models'),
    cpu: z.string().min(1).max(limits.cpuStringLength).describe('The argument of -cpu: a model, +feature, -feature'),
    targets: z.array(targetSchema).min(1).max(policyTargetNames.length).optional().describe('Left out: all'),
    hosts: z.array(name).min(1).max(10_000).optional().describe('Ids; left out: the whole fleet'),
    catalog: catalogReferenceSchema.optional().describe('One QEMU for all hosts; left out: each host’s own'),
    accel: acceleratorSchema.default('kvm'),
    machine: name.optional().describe('Left out: the newest versioned q35 that every host’s QEMU has'),
    kernelIrqchip: kernelIrqchipSchema.optional(),
    at: asOfSchema.optional(),
    libvirt: libvirtReleaseSchema.optional().describe('Check names against the CPU map of this libvirt'),
  })
  .meta({
    id: 'PolicyRequest',
    example: { cpu: 'EPYC-Milan-v2,-vaes', libvirt: '11.3.0', targets: ['libvirt-domain'] },
  });

export const compiledPolicySchema = z
  .object({
    target: z.string(),
    targetVersion: z.string(),
    fileName: z.string(),
    language: z.string(),
    text: z.string(),
    lint: z.array(z.object({ severity: z.enum(['error', 'warning', 'note']), message: z.string() })),
    verdict: z.enum(['fits', 'look', 'refused']),
  })
  .meta({ id: 'CompiledPolicy' });

export const policyResultSchema = z
  .object({
    machine: z.string(),
    assumptions: z.array(z.string()),
    proof: z
      .object({
        answer: z.enum(['yes', 'no', 'unknown']),
        yes: z.number().int(),
        no: z.number().int(),
        unknown: z.number().int(),
        total: z.number().int(),
        deciding: z.object({ host: z.string(), reason: z.string() }).nullable(),
      })
      .describe('Whether the line starts under enforce on each of these hosts, with the same guest CPU'),
    policies: z.array(compiledPolicySchema),
  })
  .meta({ id: 'PolicyResult' });

export type PolicyRequestBody = DeepReadonly<z.output<typeof policyRequestSchema>>;
export type PolicyRequestInput = z.input<typeof policyRequestSchema>;
export type PolicyResult = DeepReadonly<z.output<typeof policyResultSchema>>;
