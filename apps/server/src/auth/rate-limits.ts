import { normalizeIP } from '@fastify/rate-limit';
import { AtlasError } from '@cpu-atlas/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../http-types.ts';
import { everybody, localOperator } from './principal.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Launches something, or reads something large: few of them in a minute. */
    isExpensive?: boolean;
  }
}

/** Requests in a minute on one hub. Agents are counted one by one, because thousands may share the address of a NAT. */
export const requestsPerMinute = {
  /** Of one address, by people who are not logged in. */
  stranger: 1_200,
  /** Of one person or program. */
  person: 3_000,
  /** Of one agent's token. */
  agent: 600,
  /** Of one person, to routes that are expensive. */
  expensive: 30,
  /** Secrets from one address that open nothing. */
  failure: 20,
  /** Lines in the audit about refused attempts of one person or program. */
  refusal: 20,
} as const;
type Bucket = keyof typeof requestsPerMinute;

/** How many addresses or names each bucket remembers. */
export const countedKeys = 50_000;

export interface RateLimits {
  /** Counts a request of whoever it is by now known to be from. @throws RATE_LIMITED */
  countRequest(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** @throws RATE_LIMITED when that were too many */
  countFailure(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Whether one more line about refusals of this visitor is worth writing. */
  isRefusalWritten(request: FastifyRequest): Promise<boolean>;
}

/** Counts with the plugin `@fastify/rate-limit`, which must be registered. */
export function createRateLimits(app: App): RateLimits {
  const counterOf = (bucket: Bucket, keyGenerator: (request: FastifyRequest) => string) => {
    const count = app.createRateLimit({ max: requestsPerMinute[bucket], timeWindow: 60_000, keyGenerator });
    return async (request: FastifyRequest): Promise<number | null> => {
      const verdict = await count(request);
      return verdict.isAllowed || !verdict.isExceeded ? null : Math.max(1, verdict.ttlInSeconds);
    };
  };
  const waitSecondsOf = {
    stranger: counterOf('stranger', addressOf),
    person: counterOf('person', nameOf),
    agent: counterOf('agent', nameOf),
    expensive: counterOf('expensive', nameOf),
    failure: counterOf('failure', addressOf),
    refusal: counterOf('refusal', nameOf),
  } as const satisfies Record<Bucket, unknown>;
  const demand = async (bucket: Bucket, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const waitSeconds = await waitSecondsOf[bucket](request);
    if (waitSeconds === null) return;
    void reply.header('retry-after', String(waitSeconds));
    throw new AtlasError('RATE_LIMITED', `more than ${requestsPerMinute[bucket]} ${what[bucket]} in a minute`, {
      where: request.visitor === null ? 'this address' : nameOf(request),
      remedy: `wait ${waitSeconds} s`,
    });
  };
  return {
    async countRequest(request, reply) {
      const { visitor } = request;
      // Whoever sits at the machine has its processors anyway.
      if (visitor === localOperator) return;
      await demand(visitor === null ? 'stranger' : visitor.role === 'agent' ? 'agent' : 'person', request, reply);
      if (request.routeOptions.config.isExpensive === true) await demand('expensive', request, reply);
    },
    countFailure: (request, reply) => demand('failure', request, reply),
    isRefusalWritten: async (request) => (await waitSecondsOf.refusal(request)) === null,
  };
}

/** An IPv6 network of 64 bits is one customer, so it counts as one address. */
function addressOf({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}

function nameOf(request: FastifyRequest): string {
  const { visitor } = request;
  return visitor === null || visitor.actor === everybody.actor ? addressOf(request) : visitor.actor;
}

const what = {
  stranger: 'requests without a login',
  person: 'requests',
  agent: 'requests of one agent',
  expensive: 'expensive requests',
  failure: 'secrets that open nothing',
  refusal: 'refused requests',
} as const satisfies Record<Bucket, string>;
