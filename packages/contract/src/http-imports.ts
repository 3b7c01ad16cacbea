import type { DeepReadonly } from './deep-readonly.ts';
import { contentHashSchema } from './http-hosts.ts';
import { limits } from './limits.ts';
import { z } from './zod.ts';

/** Media types of a body that is imported; the format is told by the content, not by the type. */
export const importMediaTypes = [
  'text/plain',
  'text/xml',
  'application/xml',
  'application/json',
  'application/x-ndjson',
  'application/zip',
  'application/octet-stream',
] as const;

/** `true`, `false`, or the bare name of the parameter. */
const flag = z
  .enum(['', 'true', 'false', '1', '0'])
  .transform((text) => text === '' || text === 'true' || text === '1')
  .default(false);

/** `rack=r1`; the value may be empty. */
const labelPattern = /^([^=\s][^=]{0,254})=(.*)$/s;

const labelList = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z
    .array(z.string().max(limits.textLength).regex(labelPattern, 'must be a label such as rack=r1'))
    .max(64)
    .default([])
    .transform(labelsOf),
);

/** `['rack=r1']` as `{ rack: 'r1' }`. Of two labels of one name the last one counts. */
function labelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name = '', value = ''] = labelPattern.exec(text) ?? [];
      return [name.trim(), value] as const;
    }),
  );
}

/** What the text itself does not tell. */
export const importQuerySchema = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(limits.nameLength)
    .optional()
    .describe('Name of the host; of an archive, a prefix'),
  labels: labelList.describe('rack=r1, as often as there are labels'),
  qemuVersion: z
    .string()
    .regex(/^\d{1,3}(?:\.\d{1,3}){1,2}$/, 'must be a version such as 10.0.13')
    .optional()
    .describe('Of the QEMU that was asked, where the text does not tell it'),
  accelerator: z
    .enum(['kvm', 'tcg'])
    .optional()
    .describe('Of the QEMU that was asked, where the text does not tell it'),
  dryRun: flag.describe('Tell what would be imported, and store nothing'),
  replace: flag.describe('Let a snapshot replace what is known of a host that tells of itself'),
});

/** What can be imported; `zip` is an archive of any of the others. */
export const importFormats = [
  'cpuid-raw',
  'proc-cpuinfo',
  'virsh-capabilities',
  'virsh-domcapabilities',
  'libvirt-cpudata',
  'qmp',
  'snapshot',
  'zip',
] as const;
export type ImportFormat = (typeof importFormats)[number];

export const importFormatSchema = z.enum(importFormats);

export const importRefusalSchema = z
  .object({
    where: z.string().describe('File, line or host'),
    code: z.string(),
    message: z.string(),
    remedy: z.string().nullable(),
  })
  .meta({ id: 'ImportRefusal', description: 'A part that gave no host. The host that it tells of is not known' });

export const importedHostSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    outcome: z
      .enum(['new-host', 'new-observation', 'unchanged'])
      .describe('unchanged: the host was known to look like this at that time'),
    snapshotHash: contentHashSchema,
    fingerprint: contentHashSchema,
    collectedAt: z
      .string()
      .describe('When the snapshot was taken, RFC 3339, UTC; of other formats the time of the import'),
    knows: z
      .object({ hardware: z.enum(['whole', 'partial', 'unknown']), kvm: z.boolean(), qemu: z.boolean() })
      .describe('The layers of the host that are known now'),
  })
  .meta({ id: 'ImportedHost' });

export const importResultSchema = z
  .object({
    format: importFormatSchema,
    isDryRun: z.boolean().describe('True: nothing was stored'),
    hosts: z.array(importedHostSchema),
    notes: z.array(z.string()).describe('What was assumed, left out, or is not told'),
    refused: z.array(importRefusalSchema),
  })
  .meta({ id: 'ImportResult' });

export const importFormatListSchema = z
  .object({
    items: z.array(
      z.object({
        format: importFormatSchema,
        title: z.string(),
        command: z.string().describe('Its output is such a text'),
        tells: z.array(z.object({ layer: z.enum(['hardware', 'kernel', 'qemu']), isWhole: z.boolean() })),
        leavesOpen: z.string(),
      }),
    ),
  })
  .meta({ id: 'ImportFormatList' });

export type ImportQuery = DeepReadonly<z.output<typeof importQuerySchema>>;
export type ImportedHost = DeepReadonly<z.output<typeof importedHostSchema>>;
export type ImportResultDocument = DeepReadonly<z.output<typeof importResultSchema>>;
export type ImportRefusalDocument = DeepReadonly<z.output<typeof importRefusalSchema>>;
export type ImportFormatList = DeepReadonly<z.output<typeof importFormatListSchema>>;
