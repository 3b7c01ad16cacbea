import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { isBuilt, serveAtlas, type ServedAtlas } from '../served.ts';

const chromiumPath = process.env.CPU_ATLAS_CHROMIUM ?? '/usr/bin/chromium';
const flags = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Screens can be tried only where Chromium and a build are. */
export const canTryScreens = existsSync(chromiumPath) && isBuilt;
/** For the name of a group of tests: why it may be skipped. */
export const skipReason = '(skipped without Chromium or without a build)';

/** A page, and the errors that it wrote to its console or threw. */
export interface TriedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** The demo fleet, served, and a browser that looks at it. */
export interface ScreenBench {
  readonly url: string;
  /** Opens an address such as `/hosts?search=epyc` in a window of its own, and waits until it has settled. */
  open(address: string, options?: BrowserContextOptions): Promise<TriedPage>;
  /** The same, without waiting: for pages that are to show a fault or a state on the way. */
  window(options?: BrowserContextOptions): Promise<TriedPage>;
  /** Closes the windows that were opened since the last time. */
  closeWindows(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the demo fleet (or what `serve` makes of the given arguments) and a browser; once for a file of tests. */
export async function startBench(serveArguments: readonly string[] = ['--demo']): Promise<ScreenBench> {
  const atlas: ServedAtlas = await serveAtlas(serveArguments);
  let browser: Browser;
  try {
    browser = await chromium.launch({ executablePath: chromiumPath, args: flags });
  } catch (error) {
    await atlas.stop();
    throw error;
  }
  const window = async (options: BrowserContextOptions = {}): Promise<TriedPage> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    return { page, complaints };
  };
  return {
    url: atlas.url,
    window,
    async open(address, options) {
      const tried = await window(options);
      await tried.page.goto(`${atlas.url}${address}`);
      await settle(tried.page);
      return tried;
    },
    async closeWindows() {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    async stop() {
      await browser.close();
      await atlas.stop();
    },
  };
}

/**
 * A group of tests that look at screens: one server (of the demo fleet, or with other arguments for `serve`) and one browser
 * for all of them, a window of its own for each.
 */
export function describeScreens(title: string, tests: (bench: ScreenBench) => void): void;
export function describeScreens(
  title: string,
  serveArguments: readonly string[],
  tests: (bench: ScreenBench) => void,
): void;
export function describeScreens(
  title: string,
  argumentsOrTests: readonly string[] | ((bench: ScreenBench) => void),
  testsOnly?: (bench: ScreenBench) => void,
): void {
  const tests = typeof argumentsOrTests === 'function' ? argumentsOrTests : testsOnly;
  describe.skipIf(!canTryScreens)(`${title} ${skipReason}`, () => {
    let started: ScreenBench | null = null;
    const bench = (): ScreenBench => {
      if (started === null) throw new Error('the bench is used outside of a test');
      return started;
    };
    beforeAll(async () => {
      started = await startBench(typeof argumentsOrTests === 'function' ? undefined : argumentsOrTests);
    }, 90_000);
    afterEach(() => bench().closeWindows());
    afterAll(() => started?.stop());
    tests?.({
      get url() {
        return bench().url;
      },
      open: (address, options) => bench().open(address, options),
      window: (options) => bench().window(options),
      closeWindows: () => bench().closeWindows(),
      stop: () => bench().stop(),
    });
  });
}

/** Waits until the screen stands: nothing says that it is loading, the fonts are there, two frames were painted. */
export async function settle(page: Page, timeoutMs = 50_000): Promise<void> {
  await page.waitForFunction(
    () => {
      const waiting = [...document.querySelectorAll('[role="status"]')].filter((status) =>
        /^(Loading|Comparing|Asking|Computing|Making)/.test(
          status.getAttribute('aria-label') ?? status.textContent ?? '',
        ),
      );
      return document.querySelector('main h1') !== null && waiting.length === 0;
    },
    undefined,
    { timeout: timeoutMs },
  );
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
}

/** The address bar follows the screen a moment later. */
export async function settledAddress(page: Page): Promise<string> {
  await page.waitForTimeout(260);
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}
