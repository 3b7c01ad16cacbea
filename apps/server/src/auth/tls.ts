import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { AtlasError } from '@cpu-atlas/core';
import type { TlsFiles } from './access-settings.ts';

/** Limits that hold whether or not there is TLS, milliseconds. */
export interface ConnectionLimits {
  readonly requestTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** Makes the sockets' servers of one HTTP server. `localhost` has two of them. */
export interface ServerMaker {
  readonly make: (handler: RequestListener) => Server;
  /** Reads certificate and key again, for connections from now on. A fault leaves the old ones. @throws USAGE_INVALID */
  reload(): void;
}

const handshakeTimeoutMs = 10_000;

/**
 * Servers with TLS 1.2 or later, or without TLS.
 * @throws USAGE_INVALID for files that cannot be read or do not belong together
 */
export function createServerMaker(files: TlsFiles | null, limits: ConnectionLimits): ServerMaker {
  const tlsServers: ReturnType<typeof createTlsServer>[] = [];
  let secrets = files === null ? null : readTlsFiles(files);
  return {
    make: (handler) => {
      if (secrets === null) return withLimits(createPlainServer(handler), limits);
      const server = createTlsServer({ ...secrets, handshakeTimeout: handshakeTimeoutMs }, handler);
      tlsServers.push(server);
      return withLimits(server, limits);
    },
    reload: () => {
      if (files === null) return;
      secrets = readTlsFiles(files);
      for (const server of tlsServers) server.setSecureContext(secrets);
    },
  };
}

function withLimits(server: Server, limits: ConnectionLimits): Server {
  server.requestTimeout = limits.requestTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
  server.setTimeout(limits.connectionTimeoutMs);
  return server;
}

function readTlsFiles({ certFile, keyFile }: TlsFiles): SecureContextOptions {
  const cert = readTlsFile(certFile, '--tls-cert');
  const key = readTlsFile(keyFile, '--tls-key');
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2' };
  try {
    createSecureContext(options);
    return options;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new AtlasError('USAGE_INVALID', `certificate and key cannot be used (${code})`, {
      where: `${certFile}, ${keyFile}`,
      remedy: 'give a certificate chain and its key, both PEM, the key without a passphrase',
      cause,
    });
  }
}

function readTlsFile(path: string, option: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new AtlasError('USAGE_INVALID', `cannot be read (${code})`, {
      where: `${option} ${path}`,
      remedy: 'check the path and the permissions',
      cause,
    });
  }
}
