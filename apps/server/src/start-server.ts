import { isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { harvestCatalog, identifyBinary, verifyCell } from '@cpu-atlas/catalog';
import { AtlasError } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { createServer } from './build-server.ts';
import type { App } from './http-types.ts';
import { createServices, type Machine } from './services.ts';

export interface StartOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly version: string;
  /** Where harvested catalogs are kept. */
  readonly dataDirectory: string;
  readonly shippedDirectory: string;
  /** The built dashboard. */
  readonly webDirectory: string;
  /** Names, besides addresses and localhost, under which the server may be asked. */
  readonly allowedNames: readonly string[];
  /** Listen beyond loopback although there is neither TLS nor a login. */
  readonly isInsecureBindAllowed: boolean;
  /** Harvest binaries that have no catalog yet, in the background. */
  readonly isHarvesting: boolean;
  readonly logLevel: string;
}

export interface RunningServer {
  readonly url: string;
  /** Stops listening, ends harvests with their QEMUs, waits for answers that are on their way. */
  close(): Promise<void>;
}

/** Where the built dashboard lies in this checkout. */
export const webDirectory = fileURLToPath(new URL('../../web/dist', import.meta.url));

/**
 * The server of this host: listens first, then probes and harvests in the background.
 * @throws LISTEN_FAILED, USAGE_INVALID for an address beyond loopback without the flag
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const isOpen = !isLoopback(options.host);
  if (isOpen && !options.isInsecureBindAllowed) throw refusedBind(options.host);
  const { app, services } = await createServer({
    services: (log) => createServices({ ...options, machine: thisMachine(options.isHarvesting), nowMs: Date.now }, log),
    logger: {
      level: options.logLevel,
      stream: process.stderr,
      redact: ['req.headers.authorization', 'req.headers.cookie'],
    },
    webDirectory: options.webDirectory,
    allowedNames: [hostname(), options.host, ...options.allowedNames],
  });
  const url = await listen(app, options);
  if (isOpen) app.log.warn(openWarning(url));
  void services.start().then(() => services.readAllCatalogs());
  return { url, close: () => app.close() };
}

/** Whether only this host can reach a server that listens there. Source: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function thisMachine(isHarvesting: boolean): Machine {
  return {
    probe: () => collectSnapshot(),
    identify: identifyBinary,
    verify: verifyCell,
    harvest: isHarvesting
      ? (path, control) => harvestCatalog(path, { ...control, now: new Date().toISOString() })
      : undefined,
  };
}

async function listen(app: App, { host, port }: StartOptions): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const remedy =
      code === 'EADDRINUSE' ? 'stop what listens there, or choose another --port' : 'choose another --host or --port';
    throw new AtlasError('LISTEN_FAILED', `cannot listen (${code})`, { where: `${host}:${port}`, remedy, cause });
  }
}

function refusedBind(host: string): AtlasError {
  return new AtlasError('USAGE_INVALID', 'is reachable from other hosts, and this server has neither TLS nor a login', {
    where: `--host ${host}`,
    remedy: 'listen on 127.0.0.1 behind a proxy that has both, or add --insecure-bind on a network that you trust',
  });
}

function openWarning(url: string): string {
  return `LISTENING BEYOND LOOPBACK on ${url} WITHOUT TLS OR LOGIN: whoever reaches this port can read this host and launch its QEMU`;
}
