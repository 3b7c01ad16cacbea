import { expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { describeScreens } from '../testing/screen-bench.ts';

/** Screens that print next to nothing, and why. */
const printsLittle: ReadonlyMap<string, string> = new Map([
  ['vms', 'nothing was pasted, so there is nothing to print'],
]);

const viewports = [
  { width: 1280, height: 800 },
  { width: 3840, height: 2160 },
] as const;

describeScreens('paper and windows of any width', (bench) => {
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

  it.each(screenAddresses)(
    '$view does not scroll sideways, from 1280 pixels to 4K',
    async ({ address }) => {
      const { page } = await bench.open(address);
      for (const viewport of viewports) {
        await page.setViewportSize(viewport);
        const right = await page.evaluate(async () => {
          await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
          const parts = [...document.querySelectorAll('nav, header, main')];
          return Math.max(
            document.documentElement.scrollWidth,
            ...parts.map((part) => part.getBoundingClientRect().right),
          );
        });
        expect(right).toBeLessThanOrEqual(viewport.width + 1);
      }
    },
    40_000,
  );
});
