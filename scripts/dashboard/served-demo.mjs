// The demo fleet, served by the built product, and a Chromium to look at it: for the scripts that measure and picture it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const root = fileURLToPath(new URL('../..', import.meta.url));

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** `cpu-atlas serve` on loopback with a data directory of its own; more arguments for it than `--demo` where given. */
export async function serveAtlas(more = ['--demo']) {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'cpu-atlas-dashboard-'));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [
      join(root, 'apps/cli/bin/cpu-atlas.js'),
      ...['serve', '--port', port, '--data-dir', dataDirectory, '--log-level', 'error', ...more],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const isUp = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; !(await isUp()); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`cpu-atlas serve ${more.join(' ')} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Chromium without a window, with more flags where given. */
export function launchChromium(more = []) {
  return chromium.launch({
    executablePath: process.env.CPU_ATLAS_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update', ...more],
    ],
  });
}
