import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { canTryScreens, settle, skipReason, startBench, type ScreenBench } from '../testing/screen-bench.ts';

/** Screens that print next to nothing, and why. */
const printsLittle: ReadonlyMap<string, string> = new Map([
  ['vms', 'nothing was pasted, so there is nothing to print'],
]);

const widths = [
  { name: '1280 pixels', width: 1280, height: 800 },
  { name: '4K', width: 3840, height: 2160 },
] as const;

describe.skipIf(!canTryScreens)(`paper and windows of any width ${skipReason}`, () => {
  let bench: ScreenBench;
  beforeAll(async () => {
    bench = await startBench();
  }, 90_000);
  afterEach(() => bench.closeWindows());
  afterAll(() => bench?.stop());

  it.each(screenAddresses)(
    '$view prints its content without navigation, on white, none of it cut off',
    async ({ view, address }) => {
      const { page, complaints } = await bench.open(address, { colorScheme: 'dark' });
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      await page.waitForTimeout(300);
      const seen = await page.evaluate(() => {
        const shown = (element: Element | null) => element?.checkVisibility() === true;
        const main = document.querySelector('main');
        const clipped = [...(main?.querySelectorAll<HTMLElement>('*') ?? [])].filter(
          (element) =>
            shown(element) &&
            ['auto', 'scroll'].includes(getComputedStyle(element).overflowY) &&
            element.scrollHeight > element.clientHeight + 2 &&
            !element.matches('textarea'),
        );
        return {
          hasNavigation: shown(document.querySelector('nav')) || shown(document.querySelector('header.panel')),
          text: (main instanceof HTMLElement ? main.innerText : '').trim().length,
          clipped: clipped.map((element) => element.className),
          paper: getComputedStyle(document.body).backgroundColor,
        };
      });
      expect(seen.hasNavigation).toBe(false);
      // An entry that prints after all fails here, so that it leaves the list.
      // The reports' preview may still be on its way; what a report prints is the report's own test.
      if (view === 'reports') expect(seen.text).toBeGreaterThan(10);
      else if (printsLittle.has(view)) expect(seen.text).toBeLessThanOrEqual(80);
      else expect(seen.text).toBeGreaterThan(80);
      expect(seen.clipped).toEqual([]);
      expect(['rgb(255, 255, 255)', 'rgba(0, 0, 0, 0)']).toContain(seen.paper);
      expect(complaints).toEqual([]);
    },
    40_000,
  );

  it.each([
    { address: '/matrix?host=demo:epyc-7601-32-core', says: 'QEMU' },
    { address: '/pivot', says: 'QEMU' },
    { address: '/security', says: 'Mitigation flags' },
  ])(
    '$address prints as a table with heads and a caption',
    async ({ address, says }) => {
      const { page } = await bench.open(address);
      await page.emulateMedia({ media: 'print' });
      await page.locator('table.printed').waitFor();
      expect(await page.locator('table.printed caption').textContent()).toContain(says);
      expect(await page.locator('table.printed thead th').count()).toBeGreaterThan(4);
      expect(await page.locator('table.printed tbody tr').count()).toBeGreaterThan(20);
      expect((await page.pdf({ format: 'A4', landscape: true })).length).toBeGreaterThan(20_000);
    },
    40_000,
  );

  describe.each(widths)('at $name', ({ width, height }) => {
    it('no screen scrolls sideways', async () => {
      const wide: string[] = [];
      for (const { view, address } of screenAddresses) {
        const { page } = await bench.open(address, { viewport: { width, height } });
        await settle(page);
        const extent = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          Math.max(
            0,
            ...[...document.querySelectorAll('nav, header, main')].map((part) => part.getBoundingClientRect().right),
          ),
        ]);
        if (extent.some((right) => right > width + 1)) wide.push(`${view} ${extent.join()}`);
        await bench.closeWindows();
      }
      expect(wide).toEqual([]);
    }, 120_000);
  });
});
