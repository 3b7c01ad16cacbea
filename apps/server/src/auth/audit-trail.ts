import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, Store } from '../store/store.ts';
import type { Principal } from './principal.ts';
import type { RateLimits } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route writes a line of its own, because only it knows what it changed, and whether. */
    isAuditedByRoute?: boolean;
  }
}

/** Who did what. A line is in the store before the answer leaves. */
export interface AuditTrail {
  /** For Fastify's `onSend`: every request to an operator's route that changed something. */
  recordChange(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** An attempt at an operator's route by somebody known who is none. Strangers leave lines in the log only. */
  recordRefusal(request: FastifyRequest): Promise<void>;
  recordSession(action: 'session.create' | 'session.remove', principal: Principal): Promise<void>;
}

interface Dependencies {
  readonly store: Pick<Store, 'audit' | 'nowMs'>;
  readonly limits: RateLimits;
  /** The line still reaches the log when it cannot reach the store. */
  readonly onFault: (error: unknown, entry: AuditEntry) => void;
}

export function createAuditTrail({ store, limits, onFault }: Dependencies): AuditTrail {
  const write = async ({ actor, role }: Principal, line: Pick<AuditEntry, 'action' | 'target' | 'detail'>) => {
    const entry = { atMs: store.nowMs(), actor, role, ...line };
    try {
      await store.audit.append([entry]);
    } catch (error) {
      onFault(error, entry);
    }
  };
  return {
    async recordChange(request, reply) {
      const { visitor } = request;
      if (visitor === null || !isChange(request) || reply.statusCode >= 400) return;
      const detail = { status: reply.statusCode, request: request.id };
      await write(visitor, { action: actionOf(request), target: targetOf(request, reply), detail });
    },
    async recordRefusal(request) {
      const { visitor } = request;
      if (visitor === null) {
        request.log.warn({ address: request.ip, action: actionOf(request) }, 'refused: nobody is logged in');
        return;
      }
      if (!(await limits.isRefusalWritten(request))) return;
      const detail = { refused: true, request: request.id };
      await write(visitor, { action: actionOf(request), target: targetOf(request), detail });
    },
    recordSession: (action, principal) =>
      write(principal, { action, target: principal.actor, detail: { name: principal.displayName } }),
  };
}

const verbs: Readonly<Record<string, string>> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'create',
  PUT: 'put',
  PATCH: 'change',
  DELETE: 'remove',
};

function isChange({ method, routeOptions }: FastifyRequest): boolean {
  const { access, isAuditedByRoute } = routeOptions.config;
  return access === 'operator' && isAuditedByRoute !== true && method !== 'GET' && method !== 'HEAD';
}

/** Noun and verb of a route: `DELETE /api/v1/tokens/:id` is `token.remove`. */
function actionOf({ method, routeOptions }: FastifyRequest): string {
  const nouns = (routeOptions.url ?? '')
    .replace(/^\/api\/v1\//, '')
    .split('/')
    .filter((part) => part !== '' && !part.startsWith(':'));
  return `${nouns.map((noun) => noun.replace(/s$/, '')).join('.')}.${verbs[method] ?? method.toLowerCase()}`;
}

/** What the address names, or what was created: the end of the address that the answer tells. */
function targetOf({ params }: FastifyRequest, reply?: FastifyReply): string {
  const location = reply?.getHeader('location');
  if (typeof location === 'string') return decodeURIComponent(location.split('/').at(-1) ?? '').slice(0, 256);
  return typeof params === 'object' && params !== null ? Object.values(params).map(String).join(' ').slice(0, 256) : '';
}
