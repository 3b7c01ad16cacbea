import fastifyCookie from '@fastify/cookie';
import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http-types.ts';
import type { Store } from '../store/store.ts';
import { isEncrypted, type AccessSettings } from './access-settings.ts';
import { createAuditTrail, type AuditTrail } from './audit-trail.ts';
import { createGate } from './gate.ts';
import type { OidcClient } from './oidc-client.ts';
import type { PeerKnowledge } from './peer.ts';
import { localOperator } from './principal.ts';
import { countedKeys, createRateLimits, type RateLimits } from './rate-limits.ts';
import { decorateRequests, requireDeclaredAccess } from './route-access.ts';
import { createLoginCookie, type LoginCookie } from './session-cookie.ts';
import { createSessionDesk, type SessionDesk } from './session-desk.ts';
import { createTokenDesk, type TokenDesk } from './token-desk.ts';

export interface AccessOptions {
  readonly settings: AccessSettings;
  /** Whether only this machine can reach the server. */
  readonly isLoopbackBind: boolean;
}

/** What the routes of the login, the tokens and the audit are made of. */
export interface AccessParts {
  readonly settings: AccessSettings;
  readonly tokens: TokenDesk;
  readonly sessions: SessionDesk;
  readonly audit: AuditTrail;
  readonly limits: RateLimits;
  /** The login itself. */
  readonly cookie: LoginCookie;
  /** The attempt at the issuer that is on its way. */
  readonly attemptCookie: LoginCookie;
  /** null: not configured. */
  readonly oidc: OidcClient | null;
}

/** Path to which the issuer sends browsers back. */
export const callbackPath = '/api/v1/session/oidc/callback';

/** Puts the gate before all routes that are registered after this. */
export async function registerAccess(
  app: App,
  store: Pick<Store, 'access' | 'audit' | 'isShared' | 'nowMs'>,
  { settings, isLoopbackBind }: AccessOptions,
  peers: PeerKnowledge,
): Promise<AccessParts> {
  decorateRequests(app);
  requireDeclaredAccess(app);
  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, { global: false, cache: countedKeys });
  const limits = createRateLimits(app);
  const tokens = createTokenDesk(store, (error) =>
    app.log.error({ err: error }, 'last uses of tokens were not written'),
  );
  const sessions = createSessionDesk({ store, tokens, settings });
  const audit = createAuditTrail({
    store,
    limits,
    onFault: (error, entry) => app.log.error({ err: error, entry }, 'a line of the audit was not written'),
  });
  const cookie = createLoginCookie('cpuatlas', isEncrypted(settings));
  const attemptCookie = createLoginCookie('cpuatlas-attempt', isEncrypted(settings));
  const gate = createGate({ settings, isLoopbackBind, peers, tokens, sessions, cookie, limits, audit });
  app.decorateRequest('claimHost', async function (this: FastifyRequest, hostId: string): Promise<void> {
    await gate.claimHost(this, hostId);
  });
  app.addHook('onRequest', async (request, reply) => gate.admit(request, reply));
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply) => audit.recordChange(request, reply));
  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply) => keepFromSharedCaches(request, reply));
  app.addHook('onClose', async () => tokens.close());
  return { settings, tokens, sessions, audit, limits, cookie, attemptCookie, oidc: await openOidc(settings) };
}

/** What needs a login is not for the caches of proxies: they would hand it to whoever asks next. */
function keepFromSharedCaches({ routeOptions, visitor }: FastifyRequest, reply: FastifyReply): void {
  const control = reply.getHeader('cache-control');
  if (routeOptions.config.access === 'public' || visitor === localOperator || typeof control !== 'string') return;
  void reply.header('cache-control', control.replace(/^public\b/, 'private'));
}

/** The client is loaded where somebody uses it. */
async function openOidc({ oidc, roles, publicUrl }: AccessSettings): Promise<OidcClient | null> {
  if (oidc === null || publicUrl === null) return null;
  const { createOidcClient } = await import('./oidc-client.ts');
  return createOidcClient({ settings: oidc, roles, redirectUri: new URL(callbackPath, publicUrl).href });
}
