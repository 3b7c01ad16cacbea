import { checkHostModel } from '@cpu-atlas/core';
import {
  hostChangeSchema,
  hostDetailSchema,
  hostListQuerySchema,
  hostQuerySchema,
  hostListSchema,
  hostSnapshotSchema,
  probeRequestSchema,
  probeResultSchema,
} from '@cpu-atlas/contract';
import { z } from 'zod';
import { momentOf } from '../fleet/fleet-at.ts';
import { sendImmutable } from '../immutable.ts';
import { problemReplies } from '../problem-replies.ts';
import { replyOf, type App } from '../http-types.ts';
import type { Services } from '../services.ts';

const tags = ['hosts'];
const idParams = z.object({ id: z.string().min(1).max(256) });
const hashParams = z.object({ hash: z.string().min(1).max(256) });

/** Hosts, their snapshots, and probing them anew. */
export function registerHosts(app: App, { hosts, probes, contexts }: Services): void {
  app.get(
    '/hosts',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'The hosts that this server answers for',
        querystring: hostListQuerySchema,
        response: { 200: replyOf(hostListSchema), ...problemReplies(400, 500) },
      },
    },
    async ({ query: { at, ...query } }) => hosts.list(query, momentOf(at)),
  );

  app.get(
    '/hosts/:id',
    {
      config: { access: 'viewer' },
      schema: {
        tags,
        summary: 'One host with its snapshot',
        params: idParams,
        querystring: hostQuerySchema,
        response: { 200: replyOf(hostDetailSchema), ...problemReplies(404, 500) },
      },
    },
    async ({ params, query: { at } }) => {
      const { summary, snapshot } = await hosts.find(params.id, momentOf(at));
      const { context } = await contexts.of({ host: params.id, at });
      return { summary, snapshot, selfCheck: checkHostModel(context) };
    },
  );

  app.patch(
    '/hosts/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Give a host a name and labels',
        params: idParams,
        body: hostChangeSchema,
        response: { 200: replyOf(probeResultSchema), ...problemReplies(400, 404, 503) },
      },
    },
    async ({ params, body }) => {
      const { summary } = await hosts.relabel(params.id, body);
      return { summary };
    },
  );

  app.delete(
    '/hosts/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Take a host off the lists; it comes back when it is heard again',
        params: idParams,
        response: { 204: z.null(), ...problemReplies(404, 409, 503) },
      },
    },
    async ({ params }, reply) => {
      await hosts.remove(params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/snapshots/:hash',
    {
      config: { access: 'viewer' },
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
      config: { access: 'operator', isExpensive: true },
      schema: {
        tags,
        summary: 'Probe a host now, this one or one that joined; one probe at a time',
        body: probeRequestSchema.default({}),
        response: { 201: replyOf(probeResultSchema), ...problemReplies(400, 404, 409, 500, 504) },
      },
    },
    async ({ body }, reply) => {
      const { id, summary } = await probes.run(body.host);
      return reply
        .code(201)
        .header('location', `/api/v1/hosts/${encodeURIComponent(id)}`)
        .send({ summary });
    },
  );
}
