import type { FastifyRequest } from 'fastify';
import type { AccessSettings } from './access-settings.ts';
import { createAddressSet, isLoopbackAddress, plainAddress, type AddressSet } from './address-set.ts';
import type { Principal } from './principal.ts';
import { groupsOfHeader, roleOfGroups } from './role-mapping.ts';

/** Signs that somebody passed a request on, so that its peer is not who asks. Source: RFC 7239; RFC 9110 §7.6.3 */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

/** What a connection tells of who asks, before any secret is looked at. */
export interface PeerKnowledge {
  /** For Fastify's `trustProxy`. */
  readonly proxies: AddressSet;
  /** Takes the headers of the login away from everybody but trusted proxies. */
  stripHeaders(request: FastifyRequest): void;
  /** Whether the request came through a trusted proxy. */
  isThroughProxy(request: FastifyRequest): boolean;
  /** Whether it comes from this machine, with nobody in between that says so. */
  isLocal(request: FastifyRequest): boolean;
  /** Whom the trusted proxy logged in; null: nobody, or without a role here. */
  principalOfProxy(request: FastifyRequest): Principal | null;
}

/** @throws USAGE_INVALID for an address that is none */
export function createPeerKnowledge(settings: AccessSettings): PeerKnowledge {
  const proxies = createAddressSet(settings.trustedProxies, '--trusted-proxy');
  const { proxyHeaders, roles } = settings;
  const loginHeaders = [proxyHeaders?.userHeader, proxyHeaders?.groupsHeader].flatMap((name) =>
    name === undefined || name === null ? [] : [name.toLowerCase()],
  );
  const isThroughProxy = (request: FastifyRequest): boolean => proxies.has(peerAddress(request));
  return {
    proxies,
    isThroughProxy,
    stripHeaders: (request) => {
      if (loginHeaders.length === 0 || isThroughProxy(request)) return;
      for (const name of loginHeaders) Reflect.deleteProperty(request.headers, name);
    },
    isLocal: (request) =>
      isLoopbackAddress(peerAddress(request)) &&
      !isThroughProxy(request) &&
      forwardingHeaders.every((name) => request.headers[name] === undefined),
    principalOfProxy: (request) => {
      if (proxyHeaders === null || !isThroughProxy(request)) return null;
      const user = textOf(request.headers[proxyHeaders.userHeader.toLowerCase()]).trim();
      const { groupsHeader } = proxyHeaders;
      const groups = groupsHeader === null ? [] : groupsOfHeader(textOf(request.headers[groupsHeader.toLowerCase()]));
      const role = roleOfGroups(groups, roles);
      if (user === '' || user.length > 256 || role === null) return null;
      return { actor: `proxy:${user}`, displayName: user, role, tokenId: null, hostId: null };
    },
  };
}

/** The address at the other end of the connection; empty where there is none. */
export function peerAddress({ raw }: FastifyRequest): string {
  return plainAddress(raw.socket.remoteAddress ?? '');
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : (header ?? []).join(',');
}
