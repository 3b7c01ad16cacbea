import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';
import { createServer } from '../build-server.ts';
import type { FreshnessPolicy } from '../fleet/freshness.ts';
import type { App } from '../http-types.ts';
import { createServices, type Machine, type Services } from '../services.ts';
import { shippedDirectory } from '../shipped-catalogs.ts';
import { openStore } from '../store/open-store.ts';

export interface TestServer {
  readonly app: App;
  readonly services: Services;
  readonly snapshot: HostSnapshot;
  /** Folder for what a test wants to lie about; goes with the server. */
  readonly directory: string;
  close(): Promise<void>;
}

export interface TestServerOptions {
  readonly machine?: Partial<Machine>;
  readonly webDirectory?: string;
  readonly nowMs?: () => number;
  readonly storeUrl?: string;
  readonly freshness?: FreshnessPolicy;
  /** Instead of the shipped catalogs. */
  readonly catalogDirectory?: string;
}

/** A host whose KVM is known, recorded; one QEMU 10.0. */
export async function readRecordedHost(): Promise<HostSnapshot> {
  const path = new URL('./epyc-milan.snapshot.json', import.meta.url);
  return parseSnapshotText(await readFile(path, 'utf8'), 'epyc-milan.snapshot.json');
}

/** The real server with the real catalogs and resolver, on a recorded host in the place of this machine. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const snapshot = await readRecordedHost();
  const directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-server-'));
  const nowMs = options.nowMs ?? (() => Date.parse('2026-11-22T13:01:00Z'));
  const store = await openStore(options.storeUrl ?? join(directory, 'atlas.db'), {
    machine: { wallMs: nowMs, monotonicMs: nowMs },
  });
  const machine: Machine = {
    probe: async () => snapshot,
    identify: async (path) => ({ path, sizeBytes: 1, mtime: '2026-11-22T13:00:00Z' }),
    harvest: undefined,
    verify: async () => {
      throw new AtlasError('QEMU_NOT_FOUND', 'there is no QEMU in this test');
    },
    ...options.machine,
  };
  const { app, services } = await createServer({
    services: (log) =>
      createServices(
        {
          store,
          machine,
          version: '0.0.0-test',
          dataDirectory: directory,
          shippedDirectory: options.catalogDirectory ?? shippedDirectory,
          nowMs,
          freshness: options.freshness,
        },
        log,
      ),
    logger: false,
    webDirectory: options.webDirectory ?? join(directory, 'web'),
    allowedNames: ['atlas.example'],
  });
  await app.ready();
  const close = async (): Promise<void> => {
    await app.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { app, services, snapshot, directory, close };
}
