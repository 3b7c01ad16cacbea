import { checkHostModel } from '@cpu-atlas/core';
import {
  hostDetailSchema,
  hostListSchema,
  hostSnapshotSchema,
  pageQuerySchema,
  probeRequestSchema,
  probeResultSchema,
} from '@cpu-atlas/contract';
import { z } from 'zod';
import { sendImmutable } from '../immutable.ts';
import { problemReplies } from '../problem-replies.ts';
import { replyOf, type App } from '../http-types.ts';
import { pageOf } from '../paging.ts';
import type { Services } from '../services.ts';

const tags = ['hosts'];
const idParams = z.object({ id: z.string().min(1).max(256) });
const hashParams = z.object({ hash: z.string().min(1).max(256) });

/** Hosts, their snapshots, and probing them anew. */
export function registerHosts(app: App, { hosts, ownHost, contexts }: Services): void {
  app.get(
    '/hosts',
    {
      schema: {
        tags,
        summary: 'The hosts that this server answers for',
        querystring: pageQuerySchema,
        response: { 200: replyOf(hostListSchema), ...problemReplies(400, 500) },
      },
    },
    async ({ query }) =>
      pageOf(
        (await hosts.list()).map(({ summary }) => summary),
        query,
        (summary) => summary.id,
      ),
  );

  app.get(
    '/hosts/:id',
    {
      schema: {
        tags,
        summary: 'One host with its snapshot',
        params: idParams,
        response: { 200: replyOf(hostDetailSchema), ...problemReplies(404, 500) },
      },
    },
    async ({ params }) => {
      const { summary, snapshot } = await hosts.find(params.id);
      const { context } = await contexts.of({ host: params.id });
      return { summary, snapshot, selfCheck: checkHostModel(context) };
    },
  );

  app.get(
    '/snapshots/:hash',
    {
      schema: {
        tags,
        summary: 'A host snapshot by content hash; it never changes',
        params: hashParams,
        response: { 200: replyOf(hostSnapshotSchema), ...problemReplies(404, 500) },
      },
    },
    async ({ params }, reply) => sendImmutable(reply, params.hash, await hosts.snapshot(params.hash)),
  );

  app.post(
    '/probes',
    {
      schema: {
        tags,
        summary: 'Probe a host now; one probe at a time',
        body: probeRequestSchema.default({}),
        response: { 201: replyOf(probeResultSchema), ...problemReplies(400, 404, 409, 500) },
      },
    },
    async ({ body }, reply) => {
      if (body.host !== undefined) await hosts.find(body.host);
      const { id, summary } = await ownHost.probe();
      return reply
        .code(201)
        .header('location', `/api/v1/hosts/${encodeURIComponent(id)}`)
        .send({ summary });
    },
  );
}
