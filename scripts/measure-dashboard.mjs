// Measures the built dashboard in a real Chromium: `npm run measure:dashboard` after `npm run build`. Prints a table with the
// targets; with --check it fails when one is missed. The demo fleet is served as it is; the large grid is the matrix of the
// fleet over a synthetic cube of 2,000 hosts by 500 models, no two alike, which takes the place of the backend's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cubeMediaType, encodeCube } from '@cpu-atlas/core';
import { chromium } from 'playwright-core';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const assets = join(root, 'apps', 'web', 'dist', 'assets');
const hostCount = 2_000;
const modelCount = 500;
const rounds = 3;
const scrolledFrames = 120;

const targets = {
  frame: { limit: 16.7, unit: 'ms' },
  filter: { limit: 50, unit: 'ms' },
  first: { limit: 1_000, unit: 'ms' },
  script: { limit: 250, unit: 'kB' },
};

/** Numbers that look random and are the same each time (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every host a kind of its own, every model a class of its own: nothing folds. */
function synthesiseCube() {
  const random = createRandom(1);
  const cells = hostCount * modelCount;
  const status = new Uint8Array(cells);
  const filteredCount = new Uint16Array(cells);
  for (let cell = 0; cell < cells; cell++) {
    const drawn = random();
    status[cell] = drawn < 0.4 ? 0 : drawn < 0.75 ? 1 : drawn < 0.95 ? 2 : 3;
    if (status[cell] === 1) filteredCount[cell] = 1 + Math.floor(random() * 40);
  }
  const numbers = (count, valueOf) => Array.from({ length: count }, (_, at) => valueOf(at));
  const sheet = {
    qemu: { version: '10.0.0', package: 'synthetic', catalog: `sha256:${'0'.repeat(64)}`, runsAs: null },
    models: numbers(modelCount, (at) => ({
      name: `Model-${Math.floor(at / 5)}-v${(at % 5) + 1}`,
      family: `${at % 2 === 0 ? 'AMD' : 'Intel'} family ${Math.floor(at / 20)}`,
      vendor: at % 2 === 0 ? 'AMD' : 'Intel',
      deprecated: false,
      asks: 100 + at,
    })),
    machines: [{ machines: ['pc-q35-10.0'], aliases: ['q35'], deprecated: false }],
    features: ['sse'],
    classCount: modelCount,
    columnCount: hostCount,
    classOf: Uint16Array.from(numbers(modelCount, (at) => at)),
    aliasOf: new Int16Array(modelCount).fill(-1),
    status,
    filteredCount,
    supported: new Uint8Array(hostCount).fill(1),
    supportUnknown: new Uint8Array(hostCount),
  };
  return {
    accel: 'kvm',
    kernelIrqchip: null,
    at: null,
    sheets: [sheet],
    fingerprints: numbers(hostCount, (at) => `fingerprint-${at}`),
    sheetOf: new Int16Array(hostCount),
    columnOf: Uint16Array.from(numbers(hostCount, (at) => at)),
    hosts: {
      ids: numbers(hostCount, (at) => `synthetic:${at}`),
      names: numbers(hostCount, (at) => `rack${Math.floor(at / 40)}-node${at % 40}`),
      fingerprintOf: Int32Array.from(numbers(hostCount, (at) => at)),
      freshness: new Uint8Array(hostCount),
    },
  };
}

async function serveDemo() {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'cpu-atlas-measure-'));
  const port = 20_000 + (process.pid % 20_000);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [
      join(root, 'apps/cli/bin/cpu-atlas.js'),
      ...['serve', '--demo', '--port', String(port), '--data-dir', dataDirectory, '--log-level', 'error'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const isUp = async () => {
    try {
      return (await fetch(`${url}/api/v1/hosts?limit=1`)).ok;
    } catch {
      return false;
    }
  };
  for (let tries = 0; !(await isUp()); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error('cpu-atlas serve --demo does not answer');
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

/** Runs in the page from its start: notes when the grid was painted first, and each time that it changed its height. */
function watchGrid() {
  const painted = (report) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => report(performance.now());
      channel.port2.postMessage(null);
    });
  const seen = { firstAt: null, height: '', changes: [] };
  window.measured = seen;
  const look = () => {
    const grid = document.querySelector('.grid-extent');
    if (grid === null || grid.querySelector('canvas')?.width === 0 || grid.style.height === seen.height) return;
    const isFirst = seen.height === '';
    seen.height = grid.style.height;
    painted((at) => {
      if (isFirst) seen.firstAt = at;
      else seen.changes.push(at);
    });
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

/** Scrolls by a step each frame, and back at the end, and tells how long each frame took. */
async function scrollGrid({ axis, frames }) {
  const scroller = document.querySelector('.grid-scroller');
  const [place, extent, window] =
    axis === 'down' ? ['scrollTop', 'scrollHeight', 'clientHeight'] : ['scrollLeft', 'scrollWidth', 'clientWidth'];
  scroller[place] = 0;
  await new Promise((resolve) => setTimeout(resolve, 400));
  return new Promise((resolve) => {
    const times = [];
    let step = 60;
    let before = null;
    const next = (now) => {
      if (before !== null) times.push(now - before);
      before = now;
      if (times.length === frames) return resolve(times);
      if (scroller[place] + scroller[window] >= scroller[extent] - 1) step = -60;
      else if (scroller[place] <= 0) step = 60;
      scroller[place] += step;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];

const launchArguments = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/** Processor time of the page's main thread so far: what the code costs, however busy the machine is. */
async function createCpuClock(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
  };
}

/** A window, in a browser whose frames come as fast as they are made: so a frame tells what it costs. */
async function openWindow(browser, url, cube) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(watchGrid);
  if (cube !== undefined) {
    await page.route('**/api/v1/cube?*', (route) =>
      route.fulfill({ status: 200, contentType: cubeMediaType, body: cube }),
    );
  }
  await page.goto(url);
  await page.waitForFunction(() => window.measured.firstAt !== null, undefined, { timeout: 60_000 });
  return { page, cpuMs: await createCpuClock(page), close: () => context.close() };
}

async function measureFirst(browser, url) {
  const times = [];
  const costs = [];
  for (let round = 0; round < rounds; round++) {
    const { page, cpuMs, close } = await openWindow(browser, url);
    times.push(await page.evaluate(() => window.measured.firstAt));
    costs.push(await cpuMs());
    await close();
  }
  return { times, cpu: quantile(costs, 0.5) };
}

async function measureScroll(browser, { url, cube, axis }) {
  const times = [];
  const { page, cpuMs, close } = await openWindow(browser, url, cube);
  await page.waitForTimeout(1_000);
  const before = await cpuMs();
  for (let round = 0; round < rounds; round++) {
    times.push(await page.evaluate(scrollGrid, { axis, frames: scrolledFrames }));
  }
  const cpu = ((await cpuMs()) - before) / (rounds * scrolledFrames);
  await close();
  // One round that another process disturbed does not decide.
  const perRound = times.map((frames) => quantile(frames, 0.95));
  return { value: quantile(perRound, 0.5), times: times.flat(), cpu };
}

/** From the key to the frame in which the grid has its new rows. */
async function measureFilter(browser, { url, cube, text }) {
  const { page, cpuMs, close } = await openWindow(browser, url, cube);
  await page.waitForTimeout(1_000);
  await page.locator('.toolbar input').focus();
  await page.evaluate(() => {
    window.keyAt = 0;
    document.addEventListener('keydown', (event) => (window.keyAt = event.timeStamp), { capture: true });
  });
  const times = [];
  const costs = [];
  for (const key of [...text, ...Array(text.length).fill('Backspace')]) {
    await page.evaluate(() => (window.measured.changes.length = 0));
    const before = await cpuMs();
    await page.keyboard.press(key);
    const changed = page.waitForFunction(() => window.measured.changes.length > 0, undefined, { timeout: 2_000 });
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

const spread = (values, count = values.length) =>
  `median ${quantile(values, 0.5).toFixed(1)}, most ${Math.max(...values).toFixed(1)}, n ${count}`;

const writeCpu = (ms) => `main thread ${ms.toFixed(1)} ms CPU`;

const atlas = await serveDemo();
const timely = await chromium.launch({
  executablePath: process.env.CPU_ATLAS_CHROMIUM ?? '/usr/bin/chromium',
  args: launchArguments,
});
const unbounded = await chromium.launch({
  executablePath: process.env.CPU_ATLAS_CHROMIUM ?? '/usr/bin/chromium',
  args: [...launchArguments, '--disable-frame-rate-limit', '--disable-gpu-vsync'],
});
try {
  console.log(
    `${cpus().length} CPUs, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}, Chromium ${timely.version()}`,
  );
  report('JavaScript of the first screen, gzip', 'script', measureScript(), 'of the build in apps/web/dist');
  for (const path of ['/matrix?host=demo:epyc-7601-32-core', '/pivot']) {
    const { times, cpu } = await measureFirst(timely, atlas.url + path);
    const more = `${spread(times)}, ${writeCpu(cpu)}`;
    report(`first matrix after navigation, ${path.split('?')[0]}`, 'first', quantile(times, 0.5), more);
  }
  const cube = Buffer.from(encodeCube(synthesiseCube()));
  const grids = [
    { name: 'one host', url: `${atlas.url}/matrix?host=demo:epyc-7601-32-core`, text: 'epyc' },
    { name: 'demo fleet', url: `${atlas.url}/pivot`, text: 'epyc' },
    { name: '2,000 hosts × 500 models', url: `${atlas.url}/pivot?rows=host&columns=model`, cube, text: 'node3' },
    { name: '500 models × 2,000 hosts', url: `${atlas.url}/pivot?rows=model&columns=host`, cube, text: 'v3' },
  ];
  for (const grid of grids) {
    for (const axis of ['down', 'across']) {
      const { value, times, cpu } = await measureScroll(unbounded, { ...grid, axis });
      report(
        `p95 frame, scrolling ${axis}, ${grid.name}`,
        'frame',
        value,
        `${spread(times)}, ${writeCpu(cpu)} a frame`,
      );
    }
    const { times, cpu } = await measureFilter(timely, grid);
    const key = `${spread(times)}, ${writeCpu(cpu)} a key`;
    report(`filter keystroke → painted, ${grid.name}`, 'filter', quantile(times, 0.5), key);
  }
  console.log(`load at the end ${loadavg()[0].toFixed(1)}`);
} finally {
  await timely.close();
  await unbounded.close();
  await atlas.stop();
}
if (process.argv.includes('--check') && rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
