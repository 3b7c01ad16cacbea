import { decodeLimits, messageSources } from '@cpu-atlas/core';
import type { DeepReadonly } from './deep-readonly.ts';
import { z } from './zod.ts';

export const decodingRequestSchema = z
  .object({
    text: z
      .string()
      .min(1)
      .max(decodeLimits.characters)
      .describe('What QEMU, libvirt, Nova, KubeVirt, XAPI, Proxmox or a guest printed'),
  })
  .meta({
    id: 'DecodingRequest',
    example: { text: "host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]" },
  });

export const decodedFeatureSchema = z
  .object({
    name: z.string().describe("QEMU's name; as written where Atlas knows none"),
    writtenAs: z.string().nullable(),
    bit: z.string().nullable().describe('CPUID.07H.0:EBX[4]'),
    description: z.string(),
    role: z.enum(['missing', 'extra', 'required', 'in-set']),
  })
  .meta({ id: 'DecodedFeature' });

export const decodingSchema = z
  .object({
    messages: z.array(
      z.object({
        source: z.enum(messageSources),
        line: z.number().int().describe('From 1'),
        text: z.string(),
        layer: z
          .enum(['hardware-or-kernel', 'kernel', 'qemu', 'config', 'guest-cpu', 'not-told'])
          .describe('Who has to act'),
        meaning: z.string(),
        features: z.array(decodedFeatureSchema),
        remedies: z.array(z.string()).describe('Most likely first'),
      }),
    ),
    features: z.array(decodedFeatureSchema).describe('All that the messages name, once each'),
    otherLines: z.number().int().describe('Lines in which nothing was recognised'),
  })
  .meta({ id: 'Decoding' });

export type DecodingRequest = DeepReadonly<z.output<typeof decodingRequestSchema>>;
export type DecodingDocument = DeepReadonly<z.output<typeof decodingSchema>>;
