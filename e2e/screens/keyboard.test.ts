import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { canTryScreens, settle, skipReason, startBench, type ScreenBench } from '../testing/screen-bench.ts';

/** Long lists, whose rows are drawn as the focus moves: the walk of this test does not meet all that was drawn in the end. */
const drawnWhileWalking: ReadonlySet<string> = new Set(['hosts', 'models', 'pools']);

/** Presses Tab until the focus comes back to where it was first; what it stood on, by name. */
async function walk(page: Page): Promise<ReadonlySet<string>> {
  const met = new Set<string>();
  for (let press = 0; press < 400; press++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const all = [...document.querySelectorAll('*')];
      return String(all.indexOf(element));
    });
    if (name === null || met.has(name)) break;
    met.add(name);
  }
  return met;
}

/** What one can press or type in, and Tab ought to reach: of a group that the arrows move in, one is enough. */
async function listReachable(page: Page): Promise<readonly { readonly at: string; readonly html: string }[]> {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll('*')];
    return all
      .filter(
        (element) =>
          element.matches('a[href], button, input, select, textarea, summary, [tabindex="0"]') &&
          !element.matches('[disabled], [tabindex="-1"], [type="radio"]:not(:checked)') &&
          element.checkVisibility({ visibilityProperty: true }),
      )
      .map((element) => ({ at: String(all.indexOf(element)), html: element.outerHTML.slice(0, 120) }));
  });
}

describe.skipIf(!canTryScreens)(`the keyboard alone ${skipReason}`, () => {
  let bench: ScreenBench;
  beforeAll(async () => {
    bench = await startBench();
  }, 90_000);
  afterEach(() => bench.closeWindows());
  afterAll(() => bench?.stop());

  it.each(screenAddresses)(
    'reaches everything on $view',
    async ({ view, address }) => {
      const { page } = await bench.open(address);
      const met = await walk(page);
      const wanted = await listReachable(page);
      expect(met.size).toBeGreaterThan(8);
      // Lists draw more lines as the focus moves: what was drawn last is reached on the next round.
      const missed = wanted.filter(({ at }) => !met.has(at)).map(({ html }) => html);
      const most = Math.floor(wanted.length * 0.02);
      // An entry that is reached whole after all fails here, so that it leaves the list.
      if (drawnWhileWalking.has(view)) expect(missed.length).toBeGreaterThan(most);
      else expect(missed.length, missed.slice(0, 5).join('\n')).toBeLessThanOrEqual(most);
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
