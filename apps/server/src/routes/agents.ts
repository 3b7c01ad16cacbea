import {
  catalogSchema,
  commandListSchema,
  commandOutcomeSchema,
  commandsQuerySchema,
  contentHashSchema,
  heartbeatAnswerSchema,
  heartbeatSchema,
  hostSnapshotSchema,
  limits,
  storedContentSchema,
} from '@cpu-atlas/contract';
import { z } from 'zod';
import { readText, sentBodyOf, takesContent } from '../fleet/content-body.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import type { Services } from '../services.ts';

const tags = ['agents'];
const hostParams = z.object({ id: z.string().min(1).max(limits.nameLength) });
const commandParams = hostParams.extend({ commandId: z.string().min(1).max(limits.nameLength) });
const hashParams = z.object({ hash: contentHashSchema });
/** Where the hub holds no more requests back, agents ask again after this. */
const retryAfterMs = 30_000;
const heartbeatBytes = 256 * 1024;
/** Of a verification, with all its feature words. */
const outcomeBytes = 4 * 1024 * 1024;

/** Thousands come in a second: no line in the log for each, and no headers that only browsers understand. */
const forAgents = { logLevel: 'warn', helmet: false } as const;

/** What agents use. */
export function registerAgents(app: App, { intake, commands }: Pick<Services, 'intake' | 'commands'>): void {
  app.addHook('preClose', async () => commands.close());

  app.post(
    '/hosts/:id/heartbeats',
    {
      config: { access: 'agent' },
      ...forAgents,
      bodyLimit: heartbeatBytes,
      schema: {
        tags,
        summary: 'A host says that it is there, and which snapshot it looks like',
        params: hostParams,
        body: heartbeatSchema,
        response: { 200: replyOf(heartbeatAnswerSchema), ...problemReplies(400, 401, 403, 429, 503) },
      },
    },
    async ({ params, body }) => intake.takeHeartbeat(params.id, body),
  );

  app.get(
    '/hosts/:id/commands',
    {
      config: { access: 'agent' },
      ...forAgents,
      schema: {
        tags,
        summary: 'What the hub asks of a host; the answer is held back until there is something',
        params: hostParams,
        querystring: commandsQuerySchema,
        response: { 200: replyOf(commandListSchema), ...problemReplies(400, 401, 403, 429, 503) },
      },
    },
    async ({ params, query, raw }, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      if (raw.destroyed) gone.abort();
      const agent = { hostId: params.id, run: query.run };
      const waited = await commands.waitFor(agent, query.wait * 1000, gone.signal);
      return waited === null ? { commands: [], retryAfterMs } : { commands: [...waited], retryAfterMs: 0 };
    },
  );

  app.post(
    '/hosts/:id/commands/:commandId/result',
    {
      config: { access: 'agent' },
      bodyLimit: outcomeBytes,
      schema: {
        tags,
        summary: 'What came of a command',
        params: commandParams,
        body: commandOutcomeSchema,
        response: { 204: z.null(), ...problemReplies(400, 401, 403, 404, 429, 503) },
      },
    },
    async ({ params, body }, reply) => {
      await commands.settle(params.id, params.commandId, body);
      return reply.code(204).send(null);
    },
  );

  // In a scope of its own: nowhere else may a body of JSON be compressed.
  void app.register(async (scope: App) => registerContent(scope, intake));
}

function registerContent(app: App, intake: Services['intake']): void {
  takesContent(app);
  app.put(
    '/snapshots/:hash',
    {
      config: { access: 'agent' },
      ...forAgents,
      bodyLimit: limits.snapshotBytes,
      schema: {
        tags,
        summary: 'Store a host snapshot under its content hash',
        params: hashParams,
        body: hostSnapshotSchema,
        response: { 200: replyOf(storedContentSchema), ...problemReplies(400, 401, 403, 413, 415, 422, 429, 503) },
      },
    },
    async (request) => {
      const { hash } = request.params;
      await intake.takeSnapshot({ hash, ...sentBodyOf(request) }, (hostId) => request.claimHost(hostId));
      return { hash };
    },
  );

  app.put(
    '/catalogs/:hash',
    {
      config: { access: 'agent' },
      bodyLimit: limits.catalogBytes,
      schema: {
        tags,
        summary: 'Store the catalog of a QEMU under its content hash',
        params: hashParams,
        body: catalogSchema,
        response: {
          200: replyOf(storedContentSchema),
          ...problemReplies(400, 401, 403, 409, 413, 415, 422, 429, 503),
        },
      },
    },
    async (request) => {
      const { hash } = request.params;
      const { role, hostId } = request.principal;
      const text = await readText(sentBodyOf(request), limits.catalogBytes);
      // An agent whose token has no host yet has sent no heartbeat, so nothing is wanted of it.
      await intake.takeCatalog(hash, text, role === 'agent' ? (hostId ?? '') : null);
      return { hash };
    },
  );
}
