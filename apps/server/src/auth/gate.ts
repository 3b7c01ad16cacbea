import { AtlasError } from '@cpu-atlas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasLogin, type AccessSettings } from './access-settings.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { PeerKnowledge } from './peer.ts';
import { everybody, localOperator, type Access, type Principal } from './principal.ts';
import type { RateLimits } from './rate-limits.ts';
import { loginRequired } from './route-access.ts';
import type { LoginCookie } from './session-cookie.ts';
import type { SessionDesk } from './session-desk.ts';
import { principalOfToken, type TokenDesk } from './token-desk.ts';

export interface GateParts {
  readonly settings: AccessSettings;
  readonly isLoopbackBind: boolean;
  readonly peers: PeerKnowledge;
  readonly tokens: TokenDesk;
  readonly sessions: SessionDesk;
  readonly cookie: LoginCookie;
  readonly limits: RateLimits;
  readonly audit: AuditTrail;
}

/** Finds out who asks, and lets in whom the route is for. Nothing of the body has been read yet. */
export interface Gate {
  /** For Fastify's `onRequest`. @throws AUTH_REQUIRED, ACCESS_DENIED, RATE_LIMITED, ORIGIN_REFUSED, STORE_FAILED */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Refuses an agent that writes for a host that is not its own. @throws ACCESS_DENIED, STORE_FAILED */
  claimHost(request: FastifyRequest, hostId: string): Promise<void>;
}

export function createGate(parts: GateParts): Gate {
  const { settings, peers, limits, audit } = parts;

  const claimHost = async (request: FastifyRequest, hostId: string): Promise<void> => {
    const { principal } = request;
    if (principal.role === 'operator') return;
    if (principal.role !== 'agent' || principal.tokenId === null) throw denied('agent', principal);
    if (principal.hostId === hostId) return;
    if (principal.hostId !== null || !(await parts.tokens.bind(principal.tokenId, hostId))) {
      throw new AtlasError('ACCESS_DENIED', 'this token belongs to another host', {
        where: `host ${hostId.slice(0, 100)}`,
        remedy: 'make a token for each host: cpu-atlas token create --role agent --host ID',
      });
    }
    request.visitor = { ...principal, hostId };
  };

  const enforce = async (request: FastifyRequest, access: Access): Promise<void> => {
    if (access === 'public') return;
    if (settings.isBehindProxy && !peers.isThroughProxy(request) && !peers.isLocal(request)) throw pastTheProxy();
    const { visitor } = request;
    if (visitor === null) throw loginRequired();
    if (!isLetIn(visitor, access)) throw denied(access, visitor);
    const hostId = hostIdOf(request);
    if (access === 'agent' && hostId !== null) await claimHost(request, hostId);
  };

  return {
    claimHost,
    async admit(request, reply) {
      // Nothing is at this address; what answers is the same for everybody.
      if (request.is404) return;
      const { access } = request.routeOptions.config;
      if (access === undefined) throw new AtlasError('INTERNAL', 'the route does not declare who may use it');
      try {
        request.visitor = await identify(parts, request, reply);
      } catch (error) {
        // Health and the login itself must answer whatever became of a token or of the store.
        if (access !== 'public' || isTooMany(error)) throw error;
      }
      await limits.countRequest(request, reply);
      try {
        await enforce(request, access);
      } catch (error) {
        if (access === 'operator') await audit.recordRefusal(request);
        if (error instanceof AtlasError && error.code === 'AUTH_REQUIRED') challenge(reply);
        throw error;
      }
    },
  };
}

/** Which of the configured methods knows the request. The first that is shown decides. */
async function identify(parts: GateParts, request: FastifyRequest, reply: FastifyReply): Promise<Principal | null> {
  const { settings, isLoopbackBind, peers, tokens, sessions, cookie, limits } = parts;
  peers.stripHeaders(request);
  const shown = bearerOf(request);
  if (shown !== null) {
    const token = await tokens.find(shown);
    if (token !== null) return principalOfToken(token);
    challenge(reply);
    await limits.countFailure(request, reply);
    throw tokenRefused();
  }
  const session = await sessions.find(cookie.read(request));
  if (session !== null) {
    requireOwnPage(request);
    return session.principal;
  }
  const proxied = peers.principalOfProxy(request);
  if (proxied !== null) return proxied;
  const isOpen = !hasLogin(settings);
  if (peers.isLocal(request) && (settings.isLoopbackTrusted || (isOpen && isLoopbackBind))) return localOperator;
  // On an open port loopback proves nothing: what forwards a container's port comes from there, too.
  if (isOpen && !isLoopbackBind && settings.isInsecureBindAllowed) return { ...everybody, role: settings.insecureRole };
  return null;
}

/** The secret of `Authorization: Bearer`; null: no such header. Other schemes are not ours. Source: RFC 6750 §2.1 */
function bearerOf({ headers }: FastifyRequest): string | null {
  const [, secret = null] = /^bearer(?:\s+|$)(.*)$/i.exec(headers.authorization ?? '') ?? [];
  return secret === null ? null : secret.trim();
}

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A cookie comes along with whatever a browser sends, so what changes something must say that a page of ours sent it.
 * The guard for all requests has compared the origin already; here a browser that tells none is refused, too.
 */
function requireOwnPage({ method, headers }: FastifyRequest): void {
  if (safeMethods.has(method)) return;
  if (headers['sec-fetch-site'] === 'same-origin' || headers.origin !== undefined) return;
  throw new AtlasError('ORIGIN_REFUSED', 'a login by cookie needs a browser that tells the origin', {
    where: 'Origin',
    remedy: 'programs send authorization: Bearer TOKEN',
  });
}

/** Who is let in by role. Whose host it is is another question. */
function isLetIn({ role }: Principal, access: Exclude<Access, 'public'>): boolean {
  if (role === 'operator') return true;
  return access === role;
}

/** The host that the address names, on routes below `/hosts/:id`. */
function hostIdOf({ params, routeOptions }: FastifyRequest): string | null {
  const [, name] = /\/hosts\/:(\w+)/.exec(routeOptions.url ?? '') ?? [];
  if (name === undefined || typeof params !== 'object' || params === null) return null;
  return String(Object.entries(params).find(([key]) => key === name)?.[1]);
}

function isTooMany(error: unknown): boolean {
  return error instanceof AtlasError && error.code === 'RATE_LIMITED';
}

/** Source: RFC 6750 §3 */
function challenge(reply: FastifyReply): void {
  void reply.header('www-authenticate', 'Bearer realm="cpu-atlas"');
}

/** One answer whether the token is unknown, has expired or was revoked. */
function tokenRefused(): AtlasError {
  return new AtlasError('AUTH_REQUIRED', 'the token is not valid', {
    where: 'authorization',
    remedy: 'make a new one: cpu-atlas token create',
  });
}

function denied(access: Exclude<Access, 'public'>, { role }: Principal): AtlasError {
  return new AtlasError('ACCESS_DENIED', `this is for the role ${access}`, {
    where: `role ${role}`,
    remedy: 'ask an operator',
  });
}

function pastTheProxy(): AtlasError {
  return new AtlasError('ACCESS_DENIED', 'this request did not come through the proxy', {
    where: '--behind-proxy',
    remedy: 'use the address of the proxy; its own address belongs in --trusted-proxy',
  });
}
