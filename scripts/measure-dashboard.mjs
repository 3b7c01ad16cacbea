// Measures the built dashboard in a real Chromium: `npm run measure:dashboard` after `npm run build`. Prints a table with the
// targets; with --check it fails when one is missed; `--only script,first,scroll,filter` runs a part of it. The demo fleet is
// served as it is; the large grid is the matrix of the fleet over a synthetic cube, which takes the place of the backend's.
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cubeMediaType } from '@cpu-atlas/core';
import { scrollSteadily, watchGrid } from './dashboard/in-page.mjs';
import { launchChromium, root, serveAtlas } from './dashboard/served-demo.mjs';
import { encodeSyntheticCube } from './dashboard/synthetic-cube.mjs';

const assets = join(root, 'apps', 'web', 'dist', 'assets');
const rounds = 3;
const scrolledFrames = 120;
/** A browser that was just started has things of its own to do, which a browser in use has not. */
const browserRestMs = 4_000;

const targets = {
  frame: { limit: 16.7, unit: 'ms' },
  filter: { limit: 50, unit: 'ms' },
  first: { limit: 1_000, unit: 'ms' },
  script: { limit: 250, unit: 'kB' },
};

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1].split(',') : null;
const isAsked = (part) => only === null || only.includes(part);

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];

/** Processor time of the page's main thread from now on: what the code costs, however busy the machine is. */
async function createCpuClock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
  };
}

/** A window of its own on an address, with the grid painted; `cube` takes the place of the backend's. */
async function openWindow(browser, { url, cube }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const cpuMs = await createCpuClock(page);
  await page.addInitScript(watchGrid);
  if (cube !== undefined) {
    await page.route('**/api/v1/cube?*', (route) =>
      route.fulfill({ status: 200, contentType: cubeMediaType, body: cube }),
    );
  }
  await page.goto(url);
  await page.waitForFunction(() => window.measured.firstAt !== null, undefined, { timeout: 60_000 });
  return { page, cpuMs, close: () => context.close() };
}

async function measureFirst(browser, url) {
  const times = [];
  const costs = [];
  for (let round = 0; round < rounds * 2; round++) {
    const { page, cpuMs, close } = await openWindow(browser, { url });
    times.push(await page.evaluate(() => window.measured.firstAt));
    costs.push(await cpuMs());
    await close();
  }
  return { times, cpu: quantile(costs, 0.5) };
}

/** What the browser takes to open the smallest answer of the same server in a window of its own: nothing opens faster here. */
async function measurePlainFirst(browser, url) {
  const times = [];
  for (let round = 0; round < rounds * 2; round++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${url}/healthz`);
    times.push(await page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd));
    await context.close();
  }
  return times;
}

/** Frames of steady scrolling. `value` is the median of the rounds' 95th percentiles: a round that was disturbed does not decide. */
async function measureFrames({ page, cpuMs }, { selector, axis }) {
  const perRound = [];
  await page.waitForTimeout(1_000);
  const before = await cpuMs();
  for (let round = 0; round < rounds; round++) {
    perRound.push(await page.evaluate(scrollSteadily, { selector, axis, frames: scrolledFrames }));
  }
  const cpu = ((await cpuMs()) - before) / (rounds * scrolledFrames);
  return {
    value: quantile(
      perRound.map((frames) => quantile(frames, 0.95)),
      0.5,
    ),
    times: perRound.flat(),
    cpu,
  };
}

async function measureScroll(browser, grid, axis) {
  const window = await openWindow(browser, grid);
  const measured = await measureFrames(window, { selector: '.grid-scroller', axis });
  await window.close();
  return measured;
}

/** What the browser itself takes to scroll a page of plain text: no page can be shown faster on this machine. */
async function measurePlainScroll(browser) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const line = `<p style="white-space:nowrap">${'plain text '.repeat(20)}</p>`;
  await page.setContent(`<div id="plain" style="height:880px;overflow:auto">${line.repeat(800)}</div>`);
  const measured = await measureFrames(
    { page, cpuMs: await createCpuClock(page) },
    { selector: '#plain', axis: 'down' },
  );
  await context.close();
  return measured;
}

/** From the key to the frame in which the grid has its new rows. */
async function measureFilter(browser, { url, cube, text }) {
  const { page, cpuMs, close } = await openWindow(browser, { url, cube });
  await page.waitForTimeout(1_000);
  await page.locator('.toolbar input').focus();
  await page.evaluate(() => {
    window.keyAt = 0;
    document.addEventListener('keydown', (event) => (window.keyAt = event.timeStamp), { capture: true });
  });
  const times = [];
  const costs = [];
  const typed = [...text, ...Array(text.length).fill('Backspace')];
  for (const key of Array(rounds).fill(typed).flat()) {
    await page.evaluate(() => (window.measured.changes.length = 0));
    const before = await cpuMs();
    await page.keyboard.press(key);
    const changed = page.waitForFunction(() => window.measured.changes.length > 0, undefined, { timeout: 600 });
    const isChanged = await changed.then(
      () => true,
      () => false,
    );
    // A key that leaves the same number of rows shows nothing to time.
    if (isChanged) {
      times.push(await page.evaluate(() => window.measured.changes[0] - window.keyAt));
      costs.push((await cpuMs()) - before);
    }
    await page.waitForTimeout(150);
  }
  await close();
  return { times, cpu: quantile(costs, 0.5) };
}

/** Scripts that index.html loads, and what those import at once. */
function measureScript() {
  const html = readFileSync(join(assets, '..', 'index.html'), 'utf8');
  const found = new Set([...html.matchAll(/assets\/([\w.-]+\.js)/g)].map(([, name]) => name));
  for (const name of found) {
    const script = readFileSync(join(assets, name), 'utf8');
    for (const [, other] of script.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) found.add(other);
  }
  const named = new Set(readdirSync(assets));
  const bytes = [...found].filter((name) => named.has(name)).map((name) => gzipSync(readFileSync(join(assets, name))));
  return bytes.reduce((sum, { length }) => sum + length, 0) / 1_000;
}

const rows = [];
function report(what, target, value, more) {
  const { limit, unit } = targets[target];
  rows.push({ what, value, isMet: value <= limit });
  const mark = value <= limit ? 'met   ' : 'MISSED';
  console.log(`${mark}  ${what.padEnd(54)} ${value.toFixed(1).padStart(7)} ${unit}  (≤ ${limit} ${unit}; ${more})`);
}

const spread = (values) =>
  `median ${quantile(values, 0.5).toFixed(1)}, p95 ${quantile(values, 0.95).toFixed(1)}, most ${Math.max(...values).toFixed(1)}, n ${values.length}`;

const writeCpu = (ms) => `main thread ${ms.toFixed(1)} ms CPU`;
const writeLoad = () =>
  loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');

/** How the browser draws: without a GPU each pixel is the processor's work. */
async function describeRendering(browser) {
  const session = await browser.newBrowserCDPSession();
  const { gpu } = await session.send('SystemInfo.getInfo');
  const { '2d_canvas': canvas, gpu_compositing: compositing } = gpu.featureStatus ?? {};
  const isSoftware = !String(compositing).startsWith('enabled');
  return isSoftware
    ? `software rendering, no GPU (canvas ${canvas}, compositing ${compositing})`
    : 'rendering by a GPU';
}

const atlas = await serveAtlas();
const timely = await launchChromium();
const unbounded = await launchChromium(['--disable-frame-rate-limit', '--disable-gpu-vsync']);
try {
  await new Promise((resolve) => setTimeout(resolve, browserRestMs));
  const [{ model = 'unknown processor' } = {}] = cpus();
  console.log(
    `${cpus().length} × ${model}, load ${writeLoad()}, Chromium ${timely.version()}, ${await describeRendering(timely)}`,
  );
  if (isAsked('script'))
    report('JavaScript of the first screen, gzip', 'script', measureScript(), 'of the build in apps/web/dist');
  if (isAsked('first')) {
    console.log(
      `        the smallest answer, opened the same way, for comparison ${spread(await measurePlainFirst(timely, atlas.url))}`,
    );
  }
  for (const path of isAsked('first') ? ['/matrix?host=demo:epyc-7601-32-core', '/pivot'] : []) {
    const { times, cpu } = await measureFirst(timely, atlas.url + path);
    const more = `${spread(times)}, ${writeCpu(cpu)}`;
    report(`first matrix after navigation, ${path.split('?')[0]}`, 'first', quantile(times, 0.5), more);
  }
  const cube = encodeSyntheticCube();
  const grids = [
    { name: 'one host', url: `${atlas.url}/matrix?host=demo:epyc-7601-32-core`, text: 'epyc' },
    { name: 'demo fleet', url: `${atlas.url}/pivot`, text: 'epyc' },
    { name: '2,000 hosts × 500 models', url: `${atlas.url}/pivot?rows=host&columns=model`, cube, text: 'node3' },
    { name: '500 models × 2,000 hosts', url: `${atlas.url}/pivot?rows=model&columns=host`, cube, text: 'v3' },
  ];
  if (isAsked('scroll')) {
    const { value, times, cpu } = await measurePlainScroll(unbounded);
    console.log(
      `        p95 frame, a page of plain text, for comparison ${value.toFixed(1)} ms (${spread(times)}, ${writeCpu(cpu)} a frame)`,
    );
  }
  for (const grid of grids) {
    for (const axis of isAsked('scroll') ? ['down', 'across'] : []) {
      const { value, times, cpu } = await measureScroll(unbounded, grid, axis);
      const more = `${spread(times)}, ${writeCpu(cpu)} a frame`;
      report(`p95 frame, scrolling ${axis}, ${grid.name}`, 'frame', value, more);
    }
    if (!isAsked('filter')) continue;
    const { times, cpu } = await measureFilter(timely, grid);
    const key = `${spread(times)}, ${writeCpu(cpu)} a key`;
    report(`filter keystroke → painted, ${grid.name}`, 'filter', quantile(times, 0.5), key);
  }
  console.log(`load at the end ${writeLoad()}`);
} finally {
  await timely.close();
  await unbounded.close();
  await atlas.stop();
}
if (process.argv.includes('--check') && rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
