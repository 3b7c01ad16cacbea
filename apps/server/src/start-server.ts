import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { harvestCatalog, identifyBinary, verifyCell } from '@cpu-atlas/catalog';
import { AtlasError } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { checkAccessSettings, hasLogin, isEncrypted, type AccessSettings } from './auth/access-settings.ts';
import { isLoopbackAddress } from './auth/address-set.ts';
import { secretHeaders } from './auth/redaction.ts';
import { createServer } from './build-server.ts';
import { storePath } from './data-directory.ts';
import { openDemoStore } from './demo/demo-store.ts';
import { loadDemoFleet, type DemoFleet } from './demo/load-demo-fleet.ts';
import type { FreshnessPolicy } from './fleet/freshness.ts';
import { letRequestsDieYoung } from './heap-settings.ts';
import type { App } from './http-types.ts';
import { createServices, type JoinOptions, type Machine } from './services.ts';
import { openStore } from './store/open-store.ts';
import type { RetentionPolicy, Store } from './store/store.ts';

export interface StartOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly version: string;
  /** Where harvested catalogs are kept. */
  readonly dataDirectory: string;
  /** `file:/path/atlas.db` or `postgresql://…`; left out: a file in the data directory. */
  readonly storeUrl?: string | undefined;
  /** Show the demo fleet, in a store of its own that goes with the server. */
  readonly isDemo?: boolean | undefined;
  readonly shippedDirectory: string;
  /** The hub that hears of this host; left out: none. */
  readonly join?: JoinOptions | undefined;
  readonly freshness?: FreshnessPolicy | undefined;
  readonly retention?: RetentionPolicy | undefined;
  /** This host is probed again after this time; left out: on demand only. */
  readonly reprobeMs?: number | undefined;
  /** The built dashboard. */
  readonly webDirectory: string;
  /** Names, besides addresses and localhost, under which the server may be asked. */
  readonly allowedNames: readonly string[];
  /** Who gets in, and by which methods. */
  readonly access: AccessSettings;
  /** Harvest binaries that have no catalog yet, in the background. */
  readonly isHarvesting: boolean;
  /** Instead of the machine on which the server runs: a recorded host. */
  readonly machine?: Machine | undefined;
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
 * @throws LISTEN_FAILED, USAGE_INVALID for an address beyond loopback without TLS and a login
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  letRequestsDieYoung();
  const { access } = options;
  const isLoopbackBind = isLoopback(options.host);
  checkAccessSettings(access, options.host, isLoopbackBind);
  // Until there is a log, what troubles the store goes where the log will go.
  let tell = (error: AtlasError): void => void process.stderr.write(`${error.toString()}\n`);
  const onTrouble = (error: AtlasError): void => tell(error);
  const store =
    options.isDemo === true
      ? await openDemoStore({ onTrouble })
      : await openStore(options.storeUrl ?? storePath(options.dataDirectory), { onTrouble });
  const { app, services, reloadTls } = await createServer({
    services: (log) =>
      createServices(
        { ...options, store, machine: options.machine ?? thisMachine(options.isHarvesting), nowMs: Date.now },
        log,
      ),
    logger: {
      level: options.logLevel,
      stream: process.stderr,
      redact: [...secretHeaders],
    },
    webDirectory: options.webDirectory,
    allowedNames: [hostname(), options.host, ...publicNames(access), ...options.allowedNames],
    access: { settings: access, isLoopbackBind },
  });
  tell = (error) => app.log.error({ err: error }, 'the store is in trouble');
  const demo = options.isDemo === true ? await showDemo(store, app) : null;
  const url = await listen(app, options);
  if (!isLoopbackBind && !(isEncrypted(access) && hasLogin(access))) app.log.warn(openWarning(url, access));
  const stopReloading = reloadOnHangup(reloadTls, app.log);
  void services.start().then(() => services.readAllCatalogs());
  return {
    url,
    close: () => {
      stopReloading();
      demo?.stop();
      return app.close();
    },
  };
}

async function showDemo(store: Store, app: App): Promise<DemoFleet> {
  const demo = await loadDemoFleet({
    store,
    onFault: (error) => app.log.error({ err: error }, 'the demo fleet stands still'),
  });
  app.log.info({ hosts: demo.hostCount }, 'showing the demo fleet');
  return demo;
}

/** Whether only this host can reach a server that listens there. Source: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

function publicNames({ publicUrl }: AccessSettings): readonly string[] {
  return publicUrl === null ? [] : [new URL(publicUrl).hostname];
}

/** A renewed certificate is taken up without a restart. */
function reloadOnHangup(reload: () => void, log: App['log']): () => void {
  const onHangup = (): void => {
    try {
      reload();
      log.info('certificate and key were read again');
    } catch (error) {
      log.error({ err: error }, 'certificate and key were not read again; the old ones stay');
    }
  };
  process.on('SIGHUP', onHangup);
  return () => void process.off('SIGHUP', onHangup);
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

async function listen(app: App, { host, port, access }: StartOptions): Promise<string> {
  try {
    const url = await app.listen({ host, port });
    return access.tls === null ? url : url.replace(/^http:/, 'https:');
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const remedy =
      code === 'EADDRINUSE' ? 'stop what listens there, or choose another --port' : 'choose another --host or --port';
    throw new AtlasError('LISTEN_FAILED', `cannot listen (${code})`, { where: `${host}:${port}`, remedy, cause });
  }
}

function openWarning(url: string, access: AccessSettings): string {
  const missing = [isEncrypted(access) ? [] : ['TLS'], hasLogin(access) ? [] : ['LOGIN']].flat().join(' OR ');
  const who = hasLogin(access) ? 'whoever listens on the wire has the secrets' : `everybody is ${access.insecureRole}`;
  return `LISTENING BEYOND LOOPBACK on ${url} WITHOUT ${missing}: ${who}`;
}
