import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeScreens, settle, settledAddress, type ScreenBench } from '../testing/screen-bench.ts';

/** Imports a host of the recorded fleet under another id. */
async function importHost(bench: ScreenBench, recorded: string, id: string): Promise<void> {
  const text = await readFile(new URL(`../../data/snapshots/${recorded}.json`, import.meta.url), 'utf8');
  const snapshot = JSON.parse(text) as { host: object };
  const collectedAt = new Date().toISOString();
  const reply = await fetch(`${bench.url}/api/v1/imports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...snapshot, collectedAt, host: { ...snapshot.host, id, name: id } }),
  });
  expect(reply.status, await reply.text()).toBeLessThan(300);
}

/** All that the screen says once it says the same twice: what it counts may still grow while catalogs are on their way. */
async function readScreen(page: Page): Promise<string> {
  let before = '';
  for (;;) {
    await settle(page);
    const told = await readOnce(page);
    if (told === before) return told;
    before = told;
    await page.waitForTimeout(500);
  }
}

/** Without ages, which grow. */
async function readOnce(page: Page): Promise<string> {
  const text = await page.locator('main').innerText();
  const cells = await page
    .locator('[role="grid"] [role="gridcell"][aria-label]')
    .evaluateAll((elements) => elements.map((cell) => cell.getAttribute('aria-label') ?? ''));
  return [text, ...cells]
    .join('\n')
    .replace(/just now|\d+ (?:s|seconds?|min|minutes?|h|hours?|d|days?)(?: ago)?/g, 'AGE');
}

/** Screens whose answers are about hosts, at addresses that a change of the host `held`, or a new host, alters. */
const addresses = [
  '/pivot?rows=feature&search=svm&host=held',
  '/pivot?rows=host&columns=machine&model=host',
  '/security?search=ssbd',
  '/hosts',
  '/host?id=held&tab=registers&search=svm',
  '/pools',
  '/pools?tab=choices&hosts=held,demo:epyc-7601-32-core',
  '/pools?tab=baselines&hosts=held',
  '/pools?tab=what-if&hosts=held&to-irqchip=off',
  '/pools?tab=migration&hosts=held,demo:epyc-7601-32-core',
  '/compare?items=host:held,host:demo:epyc-7601-32-core',
  '/reports?kind=hosts',
  '/reports?kind=baseline&hosts=held',
];

describeScreens('links that are held at a moment', (bench) => {
  it('show what they showed when they were made, whatever became of the fleet', async () => {
    await importHost(bench, 'lab-epyc-milan-6.1', 'held');
    const made: { readonly link: string; readonly told: string }[] = [];
    for (const address of addresses) {
      const { page, complaints } = await bench.open(address);
      await page.getByRole('button', { name: /^Time/ }).click();
      await page.getByRole('option', { name: /^this moment/ }).click();
      await page.waitForURL(/at=\d{4}-\d\d-\d\dT/);
      made.push({ told: await readScreen(page), link: await settledAddress(page) });
      expect(complaints, address).toEqual([]);
      await bench.closeWindows();
    }
    await importHost(bench, 'lab-milan-nested0-6.1', 'held');
    await importHost(bench, 'lab-rome-a', 'later');
    for (const { link, told } of made) {
      const { page } = await bench.open(link);
      expect(await readScreen(page), link).toBe(told);
      await page.getByRole('button', { name: 'Now', exact: true }).click();
      await page.waitForURL((url) => !url.searchParams.has('at'));
      expect(await readScreen(page), `${link} now`).not.toBe(told);
      await page.goBack();
      expect(await readScreen(page), `${link}, back`).toBe(told);
      await bench.closeWindows();
    }
  }, 400_000);

  it('are copied from a screen that follows the fleet', async () => {
    const { page } = await bench.open('/security?search=ssbd');
    const origin = new URL(bench.url).origin;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    await page.getByRole('button', { name: 'Copy a link to these snapshots' }).click();
    await page.getByText('Copied').waitFor({ state: 'attached' });
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(link.searchParams.get('search')).toBe('ssbd');
    expect(Math.abs(Date.now() - Date.parse(link.searchParams.get('at') ?? ''))).toBeLessThan(60_000);
    expect(new URL(page.url()).searchParams.has('at')).toBe(false);
  }, 60_000);
});
