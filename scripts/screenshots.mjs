// Takes a picture of every screen of the demo fleet, with its tabs, light and dark, at three widths, and of the states in
// which there is nothing to show: `npm run screenshots -- FOLDER` after `npm run build`; `--only pools,states` takes some of
// them. With --docs the few that the documentation shows go to docs/img. A complaint on a console fails the run.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium, root, serveAtlas } from './dashboard/served-demo.mjs';

const options = process.argv.slice(2);
const onlyAt = options.indexOf('--only');
const only = onlyAt < 0 ? null : options[onlyAt + 1].split(',');
const [folder] = options.filter((option, at) => !option.startsWith('--') && (onlyAt < 0 || at !== onlyAt + 1));
const isForDocs = options.includes('--docs');
if (folder === undefined && !isForDocs) {
  console.error('usage: npm run screenshots -- FOLDER [--only VIEW,…] | --docs');
  process.exit(2);
}

/** What a screen needs to show something; one without an entry is opened as it is. */
const addressed = {
  matrix: '?host=demo:lab-epyc-milan-6.1&cell=EPYC-Milan-v1@q35',
  compare: '?items=model:EPYC-Milan,model:Skylake-Server',
  host: '?id=demo:lab-epyc-milan-6.1',
  model: '?name=EPYC-Milan',
};

const sizes = [
  { name: '1280', width: 1280, height: 800, themes: ['light', 'dark'], withTabs: true },
  { name: '1920', width: 1920, height: 1080, themes: ['light', 'dark'], withTabs: false },
  { name: '4k', width: 3840, height: 2160, themes: ['light'], withTabs: false },
];

const shownInDocs = [
  { name: 'matrix', address: `/matrix${addressed.matrix}`, theme: 'light' },
  { name: 'fleet-matrix', address: '/pivot', theme: 'dark' },
  { name: 'hosts', address: '/hosts', theme: 'light' },
].map((picture) => ({ ...picture, width: 1440, height: 900, withTabs: false }));

/** The registry of screens says which there are; it is source that only a bundler reads, so its lines are. */
function listScreens() {
  const source = readFileSync(join(root, 'apps/web/src/navigation/screens.ts'), 'utf8');
  return [...source.matchAll(/^ {2}(\w+): \{\s*path: '(\/[\w-]+)'/gm)]
    .map(([, view, path]) => ({ view, path }))
    .filter(({ view }) => only === null || only.includes(view));
}

function listPictures() {
  if (isForDocs) return shownInDocs;
  return listScreens().flatMap(({ view, path }) =>
    sizes.flatMap(({ name, themes, ...size }) =>
      themes.map((theme) => ({
        ...size,
        name: `${view}-${name}-${theme}`,
        address: `${path}${addressed[view] ?? ''}`,
        theme,
        withTabs: size.withTabs && theme === 'light',
      })),
    ),
  );
}

const noHosts = { items: [], total: 0, nextCursor: null, byFreshness: { fresh: 0, stale: 0, unreachable: 0 } };

/** What one sees before there is an answer, and when there is none. */
const states = [
  { name: 'state-waiting', address: '/pivot', pattern: '**/api/v1/cube?*', answer: () => undefined },
  { name: 'state-matrix-fault', address: '/matrix', pattern: '**/api/v1/hosts?*', answer: (route) => route.abort() },
  { name: 'state-fleet-fault', address: '/pivot', pattern: '**/api/v1/cube?*', answer: (route) => route.abort() },
  { name: 'state-hosts-fault', address: '/hosts', pattern: '**/api/v1/hosts?*', answer: (route) => route.abort() },
  ...['matrix', 'hosts', 'pools', 'vms'].map((view) => ({
    name: `state-empty-${view}`,
    address: `/${view}`,
    pattern: '**/api/v1/hosts?*',
    answer: (route) => route.fulfill({ json: noHosts }),
  })),
  { name: 'state-no-screen', address: '/matrxi' },
  { name: 'state-nothing-found', address: '/pivot?search=nosuchmodel' },
];

async function settle(page) {
  await page.waitForFunction(
    () => {
      const waiting = [...document.querySelectorAll('[role="status"]')].some((status) =>
        /^(Loading|Comparing|Asking|Computing|Making)/.test(status.getAttribute('aria-label') ?? status.textContent),
      );
      return document.querySelector('main h1') !== null && !waiting;
    },
    undefined,
    { timeout: 90_000 },
  );
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(400);
}

const out = isForDocs ? join(root, 'docs', 'img') : folder;
mkdirSync(out, { recursive: true });
const browser = await launchChromium();

/** Opens a window, hands it to `look`, and closes it; what its console complained of is told and counted. */
async function withWindow({ name, width = 1280, height = 800, theme = 'light', mayComplain = false }, look) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await look(page);
  const isFine = mayComplain || complaints.length === 0;
  console.log(`${name}${isFine ? '' : `: ${complaints.join('; ')}`}`);
  if (!isFine) process.exitCode = 1;
  await context.close();
}

async function pictureScreens(url) {
  for (const { address, withTabs, ...picture } of listPictures()) {
    await withWindow(picture, async (page) => {
      await page.goto(url + address);
      await settle(page);
      await page.screenshot({ path: join(out, `${picture.name}.png`) });
      const tabs = withTabs ? await page.getByRole('tab').all() : [];
      for (const [at, tab] of tabs.entries()) {
        if (at === 0) continue;
        await tab.click();
        await settle(page);
        await page.screenshot({ path: join(out, `${picture.name}-tab${at + 1}.png`) });
      }
    });
  }
}

async function pictureStates(url) {
  for (const { address, pattern, answer, ...picture } of states) {
    await withWindow({ ...picture, mayComplain: true }, async (page) => {
      if (pattern !== undefined) await page.route(pattern, answer);
      await page.goto(url + address);
      await page.waitForTimeout(3_000);
      await page.screenshot({ path: join(out, `${picture.name}.png`) });
    });
  }
}

try {
  const demo = await serveAtlas();
  try {
    await pictureScreens(demo.url);
    if (!isForDocs && (only?.includes('states') ?? true)) await pictureStates(demo.url);
  } finally {
    await demo.stop();
  }
} finally {
  await browser.close();
}
