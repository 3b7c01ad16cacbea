import { AtlasError } from '@cpu-atlas/core';
import type { RouteOptions } from 'fastify';
import type { App } from '../http-types.ts';
import { accessLevels, type Access, type Principal } from './principal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may use the route. A route without it does not start; see `accessLevels`. */
    access?: Access;
  }
  interface FastifyInstance {
    /** All routes with their access, once the server is ready. */
    readonly declaredRoutes: readonly DeclaredRoute[];
  }
  interface FastifyRequest {
    /**
     * Who asks.
     * @throws AUTH_REQUIRED on a public route that nobody is logged in for; such a route reads `visitor`
     */
    readonly principal: Principal;
    /** Who asks, or null for somebody that is not logged in. */
    visitor: Principal | null;
    /**
     * For routes of agents that name a host elsewhere than in `/hosts/:id` of their address: refuses an agent that writes
     * for another host than its own. A token without a host becomes the token of this one.
     * @throws ACCESS_DENIED, STORE_FAILED
     */
    claimHost(hostId: string): Promise<void>;
  }
}

export interface DeclaredRoute {
  readonly method: string;
  /** With its parameters: `/api/v1/hosts/:id`. */
  readonly url: string;
  readonly access: Access;
  /** Whether the documentation of the API shows it. */
  readonly isDocumented: boolean;
}

/** Gives requests their `visitor` and `principal`. */
export function decorateRequests(app: App): void {
  app.decorateRequest('visitor', null);
  app.decorateRequest('principal', {
    getter() {
      if (this.visitor === null) throw loginRequired();
      return this.visitor;
    },
  });
}

/** Access of the routes that a plugin registers and that cannot declare it themselves. */
export function declareAccess(access: Access): (route: RouteOptions) => void {
  return (route) => {
    route.config = { ...route.config, access };
  };
}

/**
 * Fails the start when a route does not say who may use it.
 * @throws INTERNAL with the routes
 */
export function requireDeclaredAccess(app: App): void {
  const routes: RouteOptions[] = [];
  const declared: DeclaredRoute[] = [];
  app.decorate('declaredRoutes', declared);
  // Checked when all are there: hooks of a plugin's own scope run after this one.
  app.addHook('onRoute', (route) => void routes.push(route));
  app.addHook('onReady', async () => {
    declared.push(...routes.flatMap(describeRoute));
    const silent = routes.filter(({ config }) => !accessLevels.some((level) => level === config?.access));
    if (silent.length === 0) return;
    throw new AtlasError('INTERNAL', 'a route does not declare who may use it', {
      where: silent.map(({ method, url }) => `${String(method)} ${url}`).join(', '),
      remedy: "add config: { access: 'viewer' | 'operator' | 'agent' | 'public' } to it",
    });
  });
}

function describeRoute({ method, url, config, schema }: RouteOptions): readonly DeclaredRoute[] {
  const access = config?.access;
  if (access === undefined) return [];
  const isDocumented = schema !== undefined && schema.hide !== true;
  return [method].flat().map((one) => ({ method: one, url, access, isDocumented }));
}

export function loginRequired(): AtlasError {
  return new AtlasError('AUTH_REQUIRED', 'nobody is logged in', {
    where: 'authorization',
    remedy: 'log in at the dashboard, or send authorization: Bearer TOKEN',
  });
}
