import { isIP } from 'node:net';
import { AtlasError } from '@cpu-atlas/core';
import type { FastifyRequest } from 'fastify';

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface BrowserGuardOptions {
  /** Names under which the server may be asked, besides addresses and localhost. */
  readonly allowedNames: readonly string[];
  /** Whether browsers reach the server by https; then a page of the same name that came without it is foreign. */
  readonly isHttps: boolean;
}

/**
 * Keeps other sites' pages out. A page elsewhere can make a browser send requests here, with the browser's cookies, in
 * two ways: directly (then the browser tells the origin), or by a DNS name that it points at this host (then the name in
 * the Host header is not ours; an address cannot be pointed elsewhere).
 * @throws ORIGIN_REFUSED
 */
export function guardAgainstForeignPages({
  allowedNames,
  isHttps,
}: BrowserGuardOptions): (request: FastifyRequest) => Promise<void> {
  const names: ReadonlySet<string> = new Set(allowedNames.map((name) => name.toLowerCase()));
  return async ({ headers, method }) => {
    const host = headers.host ?? '';
    if (!isOwnName(host, names)) {
      throw new AtlasError('ORIGIN_REFUSED', 'this server is not known by that name', {
        where: `Host: ${host.slice(0, 100)}`,
        remedy: 'use its address or localhost, or allow the name: cpu-atlas serve --allow-host NAME',
      });
    }
    if (safeMethods.has(method) || isSameOrigin(headers, host, isHttps)) return;
    throw new AtlasError('ORIGIN_REFUSED', 'a page of another site sent this request', {
      where: `Origin: ${(headers.origin ?? String(headers['sec-fetch-site'])).slice(0, 100)}`,
      remedy: 'open the dashboard by its own address',
    });
  };
}

function isOwnName(host: string, names: ReadonlySet<string>): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const address = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  return isIP(address) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.has(name);
}

/** Programs send neither header; browsers send both, and pages cannot change them. */
function isSameOrigin(headers: FastifyRequest['headers'], host: string, isHttps: boolean): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const ownOrigins = isHttps ? [`https://${host}`] : [`http://${host}`, `https://${host}`];
  return headers.origin === undefined || ownOrigins.includes(headers.origin);
}
