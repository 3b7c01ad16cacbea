import { expect, it } from 'vitest';
import { describeScreens, settle } from '../testing/screen-bench.ts';

describeScreens('the hosts', (bench) => {
  it('lists the demo fleet, counts who is silent, and filters by that', async () => {
    const { page, complaints } = await bench.open('/hosts');
    const total = Number(await page.getByRole('grid', { name: 'Hosts' }).getAttribute('aria-rowcount')) - 1;
    expect(total).toBeGreaterThan(50);
    const stale = page.getByRole('radio', { name: /^stale \d+$/ });
    const silent = Number(/\d+/.exec((await stale.locator('..').textContent()) ?? '')?.[0]);
    expect(silent).toBeGreaterThan(0);
    await stale.check({ force: true });
    await page.waitForURL(/freshness=stale/);
    await page.waitForFunction(
      (rows) => document.querySelector('[role="grid"]')?.getAttribute('aria-rowcount') === String(rows + 1),
      silent,
    );
    expect(complaints).toEqual([]);
  }, 60_000);

  it('searches, says when nothing fits, and opens a host', async () => {
    const { page, complaints } = await bench.open('/hosts?search=no-such-host');
    await page.getByRole('heading', { name: 'No host fits' }).waitFor();
    await page.getByRole('button', { name: 'Show all hosts' }).click();
    await page.getByLabel('Search hosts').fill('epyc-7601-32-core-ibpb');
    await page.waitForFunction(() => document.querySelector('[role="grid"]')?.getAttribute('aria-rowcount') === '2');
    await page.getByRole('row').nth(1).click();
    await page.waitForURL(/\/host\?id=demo:epyc-7601-32-core-ibpb/);
    await settle(page);
    expect(await page.getByTestId('host-card').textContent()).toContain('EPYC');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('sorts by a head, upwards and downwards', async () => {
    const { page } = await bench.open('/hosts');
    const first = () => page.locator('[role="row"][data-row="0"]').textContent();
    const upwards = await first();
    await page
      .getByRole('columnheader', { name: /^(Name|Host)/ })
      .getByRole('button')
      .click();
    await page.waitForURL(/sort=-name/);
    expect(await first()).not.toBe(upwards);
  }, 60_000);
});
