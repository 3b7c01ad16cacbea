import type { DeepReadonly } from './deep-readonly.ts';
import { limits } from './limits.ts';
import { z } from './zod.ts';

export const roleSchema = z
  .enum(['viewer', 'operator', 'agent'])
  .describe('viewer reads and computes; operator changes and launches, too; agent writes its own host')
  .meta({ id: 'Role' });

// --- who asks ---

export const visitorSchema = z
  .object({
    actor: z.string().describe('As the audit names it: token:ID, oidc:SUBJECT, proxy:NAME, local, anyone'),
    displayName: z.string(),
    role: roleSchema,
    host: z.string().nullable().describe('The one host of an agent'),
  })
  .meta({ id: 'Visitor' });

export const sessionSchema = z
  .object({
    visitor: visitorSchema.nullable().describe('null: nobody is logged in'),
    expiresAt: z.string().nullable().describe('When the login by cookie ends unless it is used, RFC 3339, UTC'),
    isLoginRequired: z.boolean().describe('false: being there is enough, and there is nothing to log out of'),
    methods: z.object({
      token: z.boolean().describe('POST /api/v1/session with a token'),
      oidc: z.string().nullable().describe('Address to send the browser to, with returnTo=PATH; null: not configured'),
      proxy: z.boolean().describe('A proxy logs people in'),
    }),
  })
  .meta({ id: 'Session' });

export const sessionRequestSchema = z
  .object({ token: z.string().min(1).max(limits.nameLength) })
  .meta({ id: 'SessionRequest', example: { token: 'cpa_example' } });

export const loginQuerySchema = z.object({
  returnTo: z.string().max(limits.textLength).optional().describe('Path of the dashboard to come back to'),
});

// --- tokens ---

const longestLifeSeconds = 10 * 366 * 24 * 3600;

export const tokenRequestSchema = z
  .object({
    name: z.string().trim().min(1).max(limits.nameLength).describe('For people: who or what uses it'),
    role: roleSchema,
    host: z
      .string()
      .min(1)
      .max(limits.nameLength)
      .optional()
      .describe('Only for agents: id of the host; left out: the first host that it writes'),
    lifeSeconds: z.number().int().min(1).max(longestLifeSeconds).optional().describe('Left out: until it is revoked'),
  })
  .refine(({ role, host }) => host === undefined || role === 'agent', {
    path: ['host'],
    message: 'only the token of an agent has a host',
  })
  .meta({ id: 'TokenRequest', example: { name: 'rack r1', role: 'agent', host: 'node-a', lifeSeconds: 2_592_000 } });

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    role: roleSchema,
    host: z.string().nullable().describe('Of an agent; null: not bound yet'),
    state: z.enum(['valid', 'expired', 'revoked']),
    createdAt: z.string(),
    createdBy: z.string(),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().describe('Exact to a few minutes'),
    revokedAt: z.string().nullable(),
  })
  .meta({ id: 'Token' });

export const tokenListSchema = z
  .object({ items: z.array(tokenSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'TokenList' });

export const tokenCreatedSchema = z
  .object({ token: tokenSchema, secret: z.string().describe('Shown this once; only its hash is kept') })
  .meta({ id: 'TokenCreated' });

// --- audit ---

export const auditLineSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    actor: z.string(),
    role: roleSchema,
    action: z.string().describe('Noun and verb: token.create, host.remove'),
    target: z.string(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'AuditLine' });

export const auditListSchema = z
  .object({ items: z.array(auditLineSchema), nextCursor: z.string().nullable() })
  .meta({ id: 'AuditList' });

export type Visitor = DeepReadonly<z.output<typeof visitorSchema>>;
export type Session = DeepReadonly<z.output<typeof sessionSchema>>;
export type SessionRequest = DeepReadonly<z.output<typeof sessionRequestSchema>>;
export type TokenRequest = DeepReadonly<z.output<typeof tokenRequestSchema>>;
export type Token = DeepReadonly<z.output<typeof tokenSchema>>;
export type TokenList = DeepReadonly<z.output<typeof tokenListSchema>>;
export type TokenCreated = DeepReadonly<z.output<typeof tokenCreatedSchema>>;
export type AuditLine = DeepReadonly<z.output<typeof auditLineSchema>>;
export type AuditList = DeepReadonly<z.output<typeof auditListSchema>>;
