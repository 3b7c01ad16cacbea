import { loginQuerySchema, sessionRequestSchema, sessionSchema, type Session } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hasLogin } from '../auth/access-settings.ts';
import { attemptFromText, attemptLifeMs, attemptToText, ownPath } from '../auth/login-attempt.ts';
import type { OidcClient } from '../auth/oidc-client.ts';
import type { Principal } from '../auth/principal.ts';
import type { AccessParts } from '../auth/register-access.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';

const tags = ['access'];
const bodyLimit = 8 * 1024;
const oidcPath = '/api/v1/session/oidc';

/** Who asks, logging in and logging out. */
export function registerSessions(app: App, parts: AccessParts): void {
  const { sessions, cookie, audit } = parts;

  app.get(
    '/session',
    {
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'Who asks, and how to log in',
        response: { 200: replyOf(sessionSchema) },
      },
    },
    async (request, reply) => {
      const open = request.visitor === null ? null : await sessions.find(cookie.read(request));
      void reply.header('cache-control', 'no-store');
      return describeSession(parts, request.visitor, open?.expiresAtMs ?? null);
    },
  );

  app.post(
    '/session',
    {
      config: { access: 'public' },
      bodyLimit,
      schema: {
        tags,
        summary: 'Log a browser in with a token',
        body: sessionRequestSchema,
        response: { 201: replyOf(sessionSchema), ...problemReplies(400, 403, 413, 429) },
      },
    },
    async (request, reply) => {
      const begun = await sessions.beginWithToken(request.body.token);
      if (begun === null) {
        await parts.limits.countFailure(request, reply);
        throw new AtlasError('LOGIN_FAILED', 'the token is not valid, or it is that of an agent', {
          where: 'body: $.token',
          remedy: 'make a new one: cpu-atlas token create',
        });
      }
      await openSession(parts, reply, begun);
      return reply.code(201).send(describeSession(parts, begun.principal, begun.expiresAtMs));
    },
  );

  app.delete(
    '/session',
    {
      config: { access: 'public' },
      bodyLimit,
      schema: { tags, summary: 'Log out', response: { 204: z.void() } },
    },
    async (request, reply) => {
      const secret = cookie.read(request);
      cookie.clear(reply);
      if (secret !== '') await sessions.end(secret);
      if (secret !== '' && request.visitor !== null) await audit.recordSession('session.remove', request.visitor);
      return reply.code(204).send();
    },
  );

  registerOidc(app, parts);
}

function registerOidc(app: App, parts: AccessParts): void {
  const { attemptCookie } = parts;

  app.get(
    '/session/oidc',
    {
      exposeHeadRoute: false,
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'Log in at the issuer: sends the browser there',
        querystring: loginQuerySchema,
        response: { 302: z.void(), ...problemReplies(400, 404, 502) },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      try {
        const { url, attempt } = await configured(parts).begin(ownPath(request.query.returnTo));
        attemptCookie.write(reply, attemptToText(attempt), attemptLifeMs);
        return reply.redirect(url, 302);
      } catch (error) {
        return showFault(request, reply, error);
      }
    },
  );

  app.get(
    '/session/oidc/callback',
    {
      exposeHeadRoute: false,
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'Where the issuer sends the browser back to',
        response: { 303: z.void(), ...problemReplies(403, 404, 429, 502) },
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      try {
        const attempt = attemptFromText(attemptCookie.read(request));
        // An answer of the issuer is good for one try.
        attemptCookie.clear(reply);
        const person = await configured(parts).finish(request.url.split('?').slice(1).join('?'), attempt);
        await openSession(parts, reply, await parts.sessions.begin(person));
        return reply.redirect(attempt.returnTo, 303);
      } catch (error) {
        await parts.limits.countFailure(request, reply);
        return showFault(request, reply, error);
      }
    },
  );
}

async function openSession(
  { cookie, audit, settings }: AccessParts,
  reply: FastifyReply,
  { secret, principal }: { readonly secret: string; readonly principal: Principal },
): Promise<void> {
  cookie.write(reply, secret, settings.sessionLifeMs);
  void reply.header('cache-control', 'no-store');
  await audit.recordSession('session.create', principal);
}

/** A person's browser goes back to the dashboard, which says what went wrong; a program gets the problem. */
function showFault(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  if (!(error instanceof AtlasError) || !(request.headers.accept ?? '').includes('text/html')) throw error;
  request.log.warn({ code: error.code, where: error.where }, error.message);
  return reply.redirect(`/?loginProblem=${error.code}`, 303);
}

function configured({ oidc }: AccessParts): OidcClient {
  if (oidc !== null) return oidc;
  throw new AtlasError('ROUTE_NOT_FOUND', 'there is no OpenID Connect issuer here', {
    where: oidcPath,
    remedy: 'see GET /api/v1/session for the ways to log in',
  });
}

function describeSession(
  { settings, oidc }: AccessParts,
  visitor: Principal | null,
  expiresAtMs: number | null,
): Session {
  return {
    visitor:
      visitor === null
        ? null
        : { actor: visitor.actor, displayName: visitor.displayName, role: visitor.role, host: visitor.hostId },
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    isLoginRequired: hasLogin(settings),
    methods: { token: true, oidc: oidc === null ? null : oidcPath, proxy: settings.proxyHeaders !== null },
  };
}
