import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkoutRoot } from './oracle/oracle-files.ts';

/** The command line as it is built: `npm run build` makes it. */
export const builtCli = join(checkoutRoot, 'apps', 'cli', 'bin', 'cpu-atlas.js');
export const isBuilt =
  existsSync(join(checkoutRoot, 'apps', 'cli', 'dist', 'main.js')) &&
  existsSync(join(checkoutRoot, 'apps', 'web', 'dist', 'index.html'));

/** A running `cpu-atlas serve` of the built product, on a loopback port of its own, with a data directory of its own. */
export interface ServedAtlas {
  readonly url: string;
  /** From the start of the process to the first answer. */
  readonly readyAfterMs: number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Starts the built server, with more arguments for `serve` where given, and waits for its first answer. */
export async function serveAtlas(more: readonly string[] = []): Promise<ServedAtlas> {
  const port = await freePort();
  const dataDirectory = mkdtempSync(join(tmpdir(), 'cpu-atlas-e2e-'));
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [builtCli, 'serve', '--port', String(port), ...more], {
    env: { ...process.env, CPU_ATLAS_DATA_DIR: dataDirectory },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const limitAt = startedAt + 60_000;
  while (!(await answers(`${url}/healthz`))) {
    if (performance.now() > limitAt || child.exitCode !== null) {
      await stopProcess(child);
      throw new Error(`cpu-atlas serve did not answer on ${url} (exit status ${child.exitCode ?? 'none'})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    readyAfterMs: performance.now() - startedAt,
    async stop() {
      await stopProcess(child);
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
