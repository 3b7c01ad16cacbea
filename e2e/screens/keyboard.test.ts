import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { describeScreens, settle } from '../testing/screen-bench.ts';

/** More stops than this on one screen nobody goes through. */
const mostStops = 150;

/** Presses Tab until the focus comes back to where it was first, and tells how many stops there were; each is marked. */
async function walk(page: Page): Promise<number> {
  for (let stops = 0; stops <= mostStops; stops++) {
    await page.keyboard.press('Tab');
    const isNew = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body || element.hasAttribute('data-walked')) return false;
      element.setAttribute('data-walked', '');
      return true;
    });
    if (!isNew) return stops;
  }
  return mostStops + 1;
}

/** What one can press or type in, and Tab did not reach: of a group that the arrows move in, one is enough. */
async function listMissed(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
      .filter(
        (element) =>
          !element.matches('[disabled], [tabindex="-1"], [type="radio"]:not(:checked), [data-walked]') &&
          element.checkVisibility({ visibilityProperty: true }),
      )
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}

describeScreens('the keyboard alone', (bench) => {
  it.each(screenAddresses)(
    'reaches everything on $view',
    async ({ address }) => {
      const { page } = await bench.open(address);
      const stops = await walk(page);
      expect(stops).toBeGreaterThan(8);
      expect(stops).toBeLessThanOrEqual(mostStops);
      expect(await listMissed(page)).toEqual([]);
    },
    60_000,
  );

  it('moves through the matrix, explains a cell, and goes back to it', async () => {
    const { page, complaints } = await bench.open('/matrix?host=demo:epyc-7601-32-core');
    await page.keyboard.press('/');
    await page.keyboard.type('EPYC-Rome-v2');
    await page.keyboard.press('Enter');
    await page
      .getByRole('gridcell', { name: /EPYC-Rome-v2/ })
      .first()
      .focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('inspector').waitFor();
    const explained = await page.getByTestId('inspector').textContent();
    expect(explained).toContain('EPYC-Rome-v2');
    await page.keyboard.press('Escape');
    await page.getByTestId('inspector').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.closest('[role="grid"]') !== null)).toBe(true);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('opens the palette, goes to a screen by its name, and closes dialogs with Escape', async () => {
    const { page, complaints } = await bench.open('/matrix?host=demo:epyc-7601-32-core');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: /keys/i }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.type('Hosts');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/hosts/);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('chooses tabs with the arrows, rows with the arrows and Enter', async () => {
    const { page } = await bench.open('/host?id=demo:epyc-7601-32-core');
    await page.getByRole('tab', { selected: true }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/tab=registers/);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-selected'))).toBe('true');
    await page.goto(`${bench.url}/hosts`);
    await settle(page);
    await page.locator('[role="row"][tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-row') === '1');
    // What is in a row is reached from that row alone, and the way out of the list is short.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row'))).toBe(
      '1',
    );
    await page.locator('[data-row="1"]').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/host\?id=/);
  }, 60_000);

  it('leaves letters typed into a text alone', async () => {
    const { page } = await bench.open('/decode');
    await page.getByLabel('Error text').focus();
    await page.keyboard.type('what is /this?');
    expect(await page.getByLabel('Error text').inputValue()).toBe('what is /this?');
    expect(await page.getByRole('dialog').count()).toBe(0);
  }, 60_000);
});
