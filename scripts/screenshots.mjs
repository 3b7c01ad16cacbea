// Takes a picture of every screen of the demo fleet in both themes at 1440 pixels, and of the matrices at 4K:
// `npm run screenshots -- FOLDER` after `npm run build`. With --docs the few that the documentation shows go to docs/img.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const [folder] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isForDocs = process.argv.includes('--docs');
if (folder === undefined && !isForDocs) {
  console.error('usage: npm run screenshots -- FOLDER | --docs');
  process.exit(2);
}

/** What a screen needs to show something; one without an entry is opened as it is. */
const addressed = {
  matrix: '?host=demo:lab-epyc-milan-6.1&cell=EPYC-Milan-v2@q35',
  compare: '?items=model:EPYC-Milan,model:Skylake-Server',
  host: '?id=demo:lab-epyc-milan-6.1',
  model: '?name=EPYC-Milan',
};

const shownInDocs = [
  { name: 'matrix', address: `/matrix${addressed.matrix}`, theme: 'light' },
  { name: 'fleet-matrix', address: '/pivot', theme: 'dark' },
  { name: 'hosts', address: '/hosts', theme: 'light' },
];

/** The registry of screens says which there are; it is source that only a bundler reads, so its lines are. */
function listScreens() {
  const source = readFileSync(join(root, 'apps/web/src/navigation/screens.ts'), 'utf8');
  return [...source.matchAll(/^ {2}(\w+): \{\s*path: '(\/[\w-]+)'/gm)].map(([, view, path]) => ({ view, path }));
}

function listPictures() {
  if (isForDocs) return shownInDocs.map((picture) => ({ ...picture, width: 1440, height: 900 }));
  return listScreens().flatMap(({ view, path }) => {
    const address = `${path}${addressed[view] ?? ''}`;
    const usual = ['light', 'dark'].map((theme) => ({
      name: `${view}-${theme}`,
      address,
      theme,
      width: 1440,
      height: 900,
    }));
    const isWide = view === 'matrix' || view === 'pivot';
    return isWide ? [...usual, { name: `${view}-4k`, address, theme: 'light', width: 3840, height: 2160 }] : usual;
  });
}

async function serveDemo() {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'cpu-atlas-pictures-'));
  const port = 20_000 + (process.pid % 20_000);
  const child = spawn(
    process.execPath,
    [
      join(root, 'apps/cli/bin/cpu-atlas.js'),
      ...['serve', '--demo', '--port', String(port), '--data-dir', dataDirectory, '--log-level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error('cpu-atlas serve --demo does not answer');
    const isUp = await fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
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

const out = isForDocs ? join(root, 'docs', 'img') : folder;
mkdirSync(out, { recursive: true });
const atlas = await serveDemo();
const browser = await chromium.launch({
  executablePath: process.env.CPU_ATLAS_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
  ],
});
try {
  for (const { name, address, theme, width, height } of listPictures()) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(atlas.url + address);
    await page.waitForFunction(
      () => {
        const waiting = [...document.querySelectorAll('[role="status"]')].some((status) =>
          /^(Loading|Comparing|Asking|Computing)/.test(status.getAttribute('aria-label') ?? status.textContent),
        );
        return document.querySelector('main h1') !== null && !waiting;
      },
      undefined,
      { timeout: 90_000 },
    );
    await page.evaluate(() => document.fonts.ready);
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(out, `${name}.png`) });
    console.log(`${name}.png${complaints.length === 0 ? '' : `: ${complaints.join('; ')}`}`);
    if (complaints.length > 0) process.exitCode = 1;
    await context.close();
  }
} finally {
  await browser.close();
  await atlas.stop();
}
