import type { FastifyReply, FastifyRequest } from 'fastify';

/** A cookie of the browser's login, as strict as browsers allow. */
export interface LoginCookie {
  /** Empty: there is none. */
  read(request: FastifyRequest): string;
  write(reply: FastifyReply, value: string, lifeMs: number): void;
  clear(reply: FastifyReply): void;
}

/**
 * Under TLS the name has the prefix `__Host-`: then no other site of the domain, and nobody on the wire, can plant it.
 * Lax, not strict: a link from elsewhere leads to the view and not to the login.
 * Source: RFC 6265bis §4.1.3.2, §5.6
 */
export function createLoginCookie(name: string, isEncrypted: boolean): LoginCookie {
  const fullName = isEncrypted ? `__Host-${name}` : name;
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isEncrypted } as const;
  return {
    read: ({ cookies }) => cookies[fullName] ?? '',
    write: (reply, value, lifeMs) =>
      void reply.setCookie(fullName, value, { ...attributes, maxAge: Math.floor(lifeMs / 1000) }),
    clear: (reply) => void reply.clearCookie(fullName, attributes),
  };
}
