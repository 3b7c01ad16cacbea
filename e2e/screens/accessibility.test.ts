import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { describeScreens, settle } from '../testing/screen-bench.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** So tall that no list with a scrollbar of its own is cut off below, at which axe breaks off ("midpoint exceeds the grid"). */
const tall = { viewport: { width: 1440, height: 3000 } };

/**
 * Violations that keep people out, each with the elements that are at fault: of all rules in the light theme, and in the
 * dark one of contrast, which alone is another there.
 */
async function findGraveViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await runAxe(page, colorScheme === 'dark' ? { runOnly: ['color-contrast'] } : {})));
  }
  return found;
}

async function runAxe(page: Page, rules: object): Promise<readonly string[]> {
  const { violations, passes, incomplete } = await page.evaluate(async (options): Promise<AxeResults> => {
    const { axe } = window as unknown as {
      axe: { run: (root: Document, options: object) => Promise<AxeResults> };
    };
    return axe.run(document, { ...options, resultTypes: ['violations'] });
  }, rules);
  // Where axe finds nothing to look at, it finds nothing wrong; and where a rule of it breaks off, too.
  const brokenOff = incomplete.flatMap(({ id, nodes }) =>
    nodes.flatMap(({ none, target }) =>
      none
        .filter(({ id: check }) => check === 'error-occurred')
        .map(({ data }) => ({ id, target, data: data as object })),
    ),
  );
  expect(brokenOff).toEqual([]);
  expect(passes.length).toBeGreaterThan('runOnly' in rules ? 0 : 5);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, target }) => `${id}: ${target.join(' ')} ${html.slice(0, 160)}`));
}

describeScreens('axe on every screen', (bench) => {
  it.each(screenAddresses)(
    'finds nothing grave on $view and its tabs',
    async ({ address }) => {
      const { page, complaints } = await bench.open(address, tall);
      const found = [...(await findGraveViolations(page))];
      const tabs = await page.getByRole('tab').all();
      for (const tab of tabs.slice(1)) {
        await tab.click();
        await settle(page);
        found.push(...(await findGraveViolations(page)).map((text) => `${new URL(page.url()).search} ${text}`));
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
    120_000,
  );

  it('finds nothing grave in the explanation of a cell, the lists of the front panel and the palette', async () => {
    const { page } = await bench.open('/matrix?host=demo:lab-epyc-milan-6.1&cell=EPYC-Milan-v1@q35', tall);
    await page.getByTestId('inspector').waitFor();
    expect(await findGraveViolations(page)).toEqual([]);
    await page.getByRole('button', { name: /^Machine types/ }).click();
    await page.getByRole('listbox').waitFor();
    expect(await findGraveViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
    expect(await findGraveViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await findGraveViolations(page)).toEqual([]);
  }, 60_000);
});
