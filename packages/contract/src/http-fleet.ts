import type { DeepReadonly } from './deep-readonly.ts';
import { contentHashSchema, freshnessStateSchema, harvestStateSchema } from './http-hosts.ts';
import { verificationRequestSchema, verificationResultSchema } from './http-resolutions.ts';
import { limits } from './limits.ts';
import { problemSchema } from './problem.ts';
import { z } from './zod.ts';

/**
 * What an agent and its hub say to each other. The agent asks, the hub answers; what the hub wants of a host travels as a
 * command in its answers.
 */

const path = z.string().min(1).max(4_096);
/** Ten years: no age of a snapshot is greater. */
const longestMs = 315_576_000_000;
const run = z
  .string()
  .min(1)
  .max(limits.nameLength)
  .optional()
  .describe('Names one run of the agent, at random: a command is for one run only, so that none is done twice');

/** What the hub may ask of a host. Commands carry no path and no program of the hub's own. */
export const commandWorkSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('probe') }),
    z.object({ kind: z.literal('verify'), request: verificationRequestSchema.omit({ host: true }) }),
  ])
  .meta({ id: 'CommandWork' });

export const commandSchema = z
  .object({
    id: z.string().min(1).max(limits.nameLength),
    /** On the agent's own clock, from when it reads this. */
    timeoutMs: z.number().int().min(0).max(600_000).describe('After this nobody waits for the result any more'),
    work: commandWorkSchema,
  })
  .meta({ id: 'Command' });

export const commandOutcomeSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('probe'), snapshot: contentHashSchema }),
    z.object({ kind: z.literal('verify'), verification: verificationResultSchema }),
    z.object({ kind: z.literal('fault'), problem: problemSchema }),
  ])
  .meta({
    id: 'CommandOutcome',
    example: { kind: 'probe', snapshot: 'sha256:9b8cead78ad877a8faca5a347ca95b85008a5babb8e87836ac08ba7bf39dbdc5' },
  });

export const commandsQuerySchema = z.object({
  run,
  wait: z.coerce.number().int().min(0).max(60).default(25).describe('Seconds for which the answer may be held back'),
});

export const commandListSchema = z
  .object({
    commands: z.array(commandSchema),
    retryAfterMs: z
      .number()
      .int()
      .describe('Ask again after this time; more than 0 where the hub holds no more answers back'),
  })
  .meta({ id: 'CommandList' });

/** Only hashes and ages: content travels once for each hash. */
export const heartbeatSchema = z
  .object({
    snapshot: contentHashSchema,
    snapshotAgeMs: z
      .number()
      .min(0)
      .max(longestMs)
      .describe('Time since the host was last found to look like this, so that its clock does not matter'),
    agentVersion: z.string().min(1).max(limits.nameLength),
    takesCommands: z.boolean(),
    run,
    harvests: z
      .array(z.object({ path, harvest: harvestStateSchema }))
      .max(256)
      .default([]),
  })
  .meta({
    id: 'Heartbeat',
    example: {
      snapshot: 'sha256:9b8cead78ad877a8faca5a347ca95b85008a5babb8e87836ac08ba7bf39dbdc5',
      snapshotAgeMs: 1_000,
      agentVersion: '0.1.0',
      takesCommands: true,
    },
  });

export const heartbeatAnswerSchema = z
  .object({
    isRecorded: z.boolean().describe('False: the snapshot is wanted first'),
    wanted: z.object({
      snapshot: contentHashSchema.nullable(),
      catalogs: z.array(contentHashSchema),
    }),
    heartbeatMs: z.number().int().min(100).max(86_400_000).describe('Time to the next heartbeat'),
    commands: z.array(commandSchema),
  })
  .meta({ id: 'HeartbeatAnswer' });

/** What a PUT of content answers: it is stored and outlives a crash of the hub. */
export const storedContentSchema = z.object({ hash: contentHashSchema }).meta({ id: 'StoredContent' });

/** The `data` of one Server-Sent Event. */
export const fleetEventSchema = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.enum(['host-new', 'host-observed', 'host-removed', 'host-relabelled']),
      at: z.string(),
      host: z.string(),
    }),
    z.object({ kind: z.literal('catalog-new'), at: z.string(), catalog: z.string() }),
    z.object({ kind: z.literal('host-freshness'), at: z.string(), host: z.string(), freshness: freshnessStateSchema }),
    z.object({ kind: z.literal('reset'), at: z.string() }).describe('Lines were forgotten: read everything anew'),
  ])
  .meta({ id: 'FleetEvent', example: { kind: 'host-observed', at: '2026-11-23T08:00:00.000Z', host: 'node-a' } });

export type CommandWork = DeepReadonly<z.output<typeof commandWorkSchema>>;
export type Command = DeepReadonly<z.output<typeof commandSchema>>;
export type CommandOutcome = DeepReadonly<z.output<typeof commandOutcomeSchema>>;
export type CommandList = DeepReadonly<z.output<typeof commandListSchema>>;
export type Heartbeat = DeepReadonly<z.output<typeof heartbeatSchema>>;
export type HeartbeatAnswer = DeepReadonly<z.output<typeof heartbeatAnswerSchema>>;
export type FleetEvent = DeepReadonly<z.output<typeof fleetEventSchema>>;
