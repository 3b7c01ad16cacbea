import { resolve } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import { Client } from 'pg';

/** Where a store is. */
export type StorePlace =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgresql';
      /** As libpq reads it, without what is ours. May hold a password: never logged. */
      readonly connectionString: string;
      /** Without user and password, for messages. */
      readonly shown: string;
      /** Whether LISTEN is tried. */
      readonly listens: boolean;
    };

/**
 * `file:/path/atlas.db` or a path: the embedded engine. `postgresql://user@host/database` (or `postgres:`): PostgreSQL and
 * what speaks its protocol; `?atlas_listen=off` polls for changes of other hubs.
 * @throws USAGE_INVALID
 */
export function parseStoreUrl(url: string): StorePlace {
  if (/^postgres(ql)?:/.test(url)) return parsePostgresUrl(url);
  if (url.startsWith('file:')) return { engine: 'sqlite', path: parseFileUrl(url) };
  if (url === '' || url === ':memory:' || /^[a-z][a-z0-9+.-]+:/i.test(url) || url.includes('\0')) throw unknownUrl(url);
  return { engine: 'sqlite', path: resolve(url) };
}

/** `file:/absolute`, `file:///absolute` and `file:relative`; no host, no options. */
function parseFileUrl(url: string): string {
  const path = /^file:(?:\/\/(?=\/))?(?!\/\/)([^?#]+)$/.exec(url)?.[1];
  if (path === undefined) throw unknownUrl(url);
  try {
    const decoded = decodeURIComponent(path);
    if (!decoded.includes('\0')) return resolve(decoded);
  } catch (cause) {
    throw unknownUrl(url, cause);
  }
  throw unknownUrl(url);
}

function parsePostgresUrl(url: string): StorePlace {
  const listen = /[?&]atlas_listen=([^&#]*)/.exec(url)?.[1] ?? 'on';
  if (listen !== 'on' && listen !== 'off') throw unknownUrl(url);
  const connectionString = url.replace(/([?&])atlas_listen=[^&#]*&?/, '$1').replace(/[?&]$/, '');
  try {
    // Nothing is connected here: the client reads the URL, with sockets and services as libpq has them.
    const { host, port, database } = new Client({ connectionString });
    return {
      engine: 'postgresql',
      connectionString,
      shown: `${host}:${port}/${database ?? ''}`,
      listens: listen === 'on',
    };
  } catch (cause) {
    throw unknownUrl(url, cause);
  }
}

/** What was given is not repeated: it may hold a password. */
function unknownUrl(url: string, cause?: unknown): AtlasError {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] ?? 'a path';
  return new AtlasError('USAGE_INVALID', `the address of the store is not understood (${scheme})`, {
    where: 'store URL',
    remedy: 'write file:/path/atlas.db or postgresql://user@host/database',
    cause,
  });
}
