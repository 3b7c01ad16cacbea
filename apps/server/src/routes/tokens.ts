import {
  pageQuerySchema,
  tokenCreatedSchema,
  tokenListSchema,
  tokenRequestSchema,
  type Token,
} from '@cpu-atlas/contract';
import { z } from 'zod';
import type { AccessParts } from '../auth/register-access.ts';
import { isValid } from '../auth/token-desk.ts';
import { replyOf, type App } from '../http-types.ts';
import { pageOf } from '../paging.ts';
import { problemReplies } from '../problem-replies.ts';
import type { TokenRow } from '../store/store.ts';

const tags = ['access'];
/** Enough for a name and a few numbers. */
const bodyLimit = 8 * 1024;

/** Secrets for programs, agents and people without an issuer. */
export function registerTokens(app: App, { tokens }: Pick<AccessParts, 'tokens'>, nowMs: () => number): void {
  app.get(
    '/tokens',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'All tokens, without their secrets, oldest first',
        querystring: pageQuerySchema,
        response: { 200: replyOf(tokenListSchema), ...problemReplies(400, 401, 403) },
      },
    },
    async ({ query }) => {
      const rows = await tokens.list();
      const now = nowMs();
      return pageOf(
        rows.map((row) => describeToken(row, now)),
        query,
        ({ id }) => id,
      );
    },
  );

  app.post(
    '/tokens',
    {
      config: { access: 'operator' },
      bodyLimit,
      schema: {
        tags,
        summary: 'Make a token; its secret is shown this once',
        body: tokenRequestSchema,
        response: { 201: replyOf(tokenCreatedSchema), ...problemReplies(400, 401, 403, 413) },
      },
    },
    async ({ body, principal }, reply) => {
      const { row, secret } = await tokens.create({
        name: body.name,
        role: body.role,
        hostId: body.host ?? null,
        lifeMs: body.lifeSeconds === undefined ? null : body.lifeSeconds * 1000,
        createdBy: principal.actor,
      });
      return reply
        .code(201)
        .header('location', `/api/v1/tokens/${row.id}`)
        .header('cache-control', 'no-store')
        .send({ token: describeToken(row, nowMs()), secret });
    },
  );

  app.delete(
    '/tokens/:id',
    {
      config: { access: 'operator' },
      bodyLimit,
      schema: {
        tags,
        summary: 'Revoke a token, on all hubs within five seconds',
        params: z.object({ id: z.string().min(1).max(64) }),
        response: { 204: z.void(), ...problemReplies(401, 403, 404) },
      },
    },
    async ({ params }, reply) => {
      await tokens.revoke(params.id);
      return reply.code(204).send();
    },
  );
}

/** A token for people: what it opens and whether it still does. */
export function describeToken(row: TokenRow, nowMs: number): Token {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    host: row.hostId,
    state: row.revokedAtMs !== null ? 'revoked' : isValid(row, nowMs) ? 'valid' : 'expired',
    createdAt: timeOf(row.createdAtMs),
    createdBy: row.createdBy,
    expiresAt: row.expiresAtMs === null ? null : timeOf(row.expiresAtMs),
    lastUsedAt: row.lastUsedAtMs === null ? null : timeOf(row.lastUsedAtMs),
    revokedAt: row.revokedAtMs === null ? null : timeOf(row.revokedAtMs),
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
