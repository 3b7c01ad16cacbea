import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { AtlasError } from '@cpu-atlas/core';
import { createServer } from '../../build-server.ts';
import type { App } from '../../http-types.ts';
import { createServices } from '../../services.ts';
import { shippedDirectory } from '../../shipped-catalogs.ts';
import { openStore } from '../../store/open-store.ts';
import type { Role, Store } from '../../store/store.ts';
import { readRecordedHost } from '../../testing/test-server.ts';
import { defaultAccessSettings, type AccessSettings } from '../access-settings.ts';
import { secretHeaders } from '../redaction.ts';
import { createTokenDesk } from '../token-desk.ts';

export interface AccessServer {
  readonly app: App;
  readonly store: Store;
  readonly port: number;
  /** All that was logged, at the finest level. */
  readonly log: () => string;
  /** Moves the store's clock. */
  readonly passMs: (durationMs: number) => void;
  readonly createToken: (
    role: Role,
    options?: TokenOptions,
  ) => Promise<{ readonly id: string; readonly secret: string }>;
  close(): Promise<void>;
}

interface TokenOptions {
  readonly hostId?: string;
  readonly lifeMs?: number;
}

export interface AccessServerOptions {
  readonly settings?: Partial<AccessSettings>;
  readonly isLoopbackBind?: boolean;
  /** Where an issuer must know the port before the server starts. */
  readonly port?: number;
  /** As if other hubs wrote into the store, too; the test is one. */
  readonly isStoreShared?: boolean;
  /** Routes of the test's own. */
  readonly addRoutes?: (app: App) => void;
}

/** The real server on a recorded host and a store of its own, with these settings, listening on loopback. */
export async function startAccessServer(options: AccessServerOptions = {}): Promise<AccessServer> {
  const snapshot = await readRecordedHost();
  const directory = await mkdtemp(join(tmpdir(), 'cpu-atlas-access-'));
  const webDirectory = join(directory, 'web');
  await mkdir(webDirectory);
  await writeFile(join(webDirectory, 'index.html'), '<!doctype html><title>CPU Atlas</title>');
  let aheadMs = 0;
  const nowMs = (): number => Date.now() + aheadMs;
  const opened = await openStore(join(directory, 'atlas.db'), { machine: { wallMs: nowMs, monotonicMs: nowMs } });
  const store: Store = { ...opened, isShared: options.isStoreShared ?? opened.isShared };
  const lines: string[] = [];
  const stream = new Writable({
    write(line, _, done) {
      lines.push(String(line));
      done();
    },
  });
  const { app } = await createServer({
    services: (log) =>
      createServices(
        {
          store,
          machine: {
            probe: async () => snapshot,
            identify: async (path) => ({ path, sizeBytes: 1, mtime: '2026-11-22T13:00:00Z' }),
            harvest: undefined,
            verify: async () => {
              throw new AtlasError('QEMU_NOT_FOUND', 'there is no QEMU in this test');
            },
          },
          version: '0.0.0-test',
          dataDirectory: directory,
          shippedDirectory,
          nowMs,
        },
        log,
      ),
    logger: { level: 'trace', stream, redact: [...secretHeaders] },
    webDirectory,
    allowedNames: ['atlas.example'],
    access: {
      settings: { ...defaultAccessSettings, ...options.settings },
      isLoopbackBind: options.isLoopbackBind ?? true,
    },
  });
  options.addRoutes?.(app);
  await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const desk = createTokenDesk(store, () => undefined);
  return {
    app,
    store,
    port: portOf(app),
    log: () => lines.join(''),
    passMs: (durationMs) => void (aheadMs += durationMs),
    createToken: async (role, { hostId, lifeMs } = {}) => {
      const { row, secret } = await desk.create({
        name: `test ${role}`,
        role,
        hostId: hostId ?? null,
        lifeMs: lifeMs ?? null,
        createdBy: 'test',
      });
      return { id: row.id, secret };
    },
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
      await desk.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function portOf({ server }: App): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new TypeError('the server does not listen');
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Question {
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Any address of 127.0.0.0/8 to come from. */
  readonly from?: string;
  /** How long to wait for the answer's head; what does not refuse at once may wait for an event. */
  readonly patienceMs?: number;
}

/** Asks over a real connection; null: no answer within the patience. An answer that never ends is cut off. */
export async function ask(question: Question): Promise<Answer | null> {
  const { port, method = 'GET', path, headers = {}, body, from, patienceMs = 20_000 } = question;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type: Readonly<Record<string, string>> = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ host: '127.0.0.1', port, method, path, localAddress: from, agent: false },
      headers: { ...type, ...headers },
    });
    const timer = setTimeout(() => {
      request.destroy();
      resolve(null);
    }, patienceMs);
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on('response', (response) => {
      const status = response.statusCode ?? 0;
      let received = '';
      const isEndless = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
      response.setEncoding('utf8').on('data', (piece: string) => (received += piece));
      response.on('end', () => settle({ status, headers: response.headers, body: received }));
      response.on('error', () => undefined);
      if (isEndless) settle({ status, headers: response.headers, body: received });
    });
    request.end(text);
  });
}

/** The code of a problem document; null for anything else. */
export function problemCodeOf(answer: Answer | null): string | null {
  if (answer === null || !(answer.headers['content-type'] ?? '').startsWith('application/problem+json')) return null;
  const problem: unknown = JSON.parse(answer.body);
  return typeof problem === 'object' && problem !== null && 'code' in problem ? String(problem.code) : null;
}

/** The cookies that an answer sets, as a browser sends them back. */
export function cookiesOf(answer: Answer | null): string {
  return (answer?.headers['set-cookie'] ?? [])
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');
}
