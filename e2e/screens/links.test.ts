import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { screenAddresses } from '../testing/screen-addresses.ts';
import { describeScreens, settle, settledAddress } from '../testing/screen-bench.ts';

/** What the grid says to a screen reader, which is what it paints. */
async function readGrid(page: Page): Promise<readonly string[]> {
  await settle(page);
  await page.waitForTimeout(300);
  return page
    .locator('[role="grid"] [role="gridcell"][aria-label]')
    .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('aria-label') ?? ''));
}

const matrixAddress = '/matrix?host=demo:epyc-7601-32-core';

describeScreens('links', (bench) => {
  it.each([
    { what: 'the matrix of a host', address: matrixAddress, search: 'Search models and features' },
    { what: 'the matrix of the fleet', address: '/pivot', search: 'Search models' },
  ])(
    '$what shows the same cells in another window',
    async ({ address, search }) => {
      const { page } = await bench.open(address);
      await page.getByLabel(search).fill('milan');
      await page
        .getByRole('button', { name: 'Only rows that differ' })
        .or(page.getByLabel('Only rows that differ'))
        .first()
        .click();
      const here = await readGrid(page);
      expect(here.length).toBeGreaterThan(3);
      const link = await settledAddress(page);
      expect(link).toContain('milan');
      expect(link).toContain('differing=1');
      const { page: elsewhere } = await bench.open(link);
      expect(await readGrid(elsewhere)).toEqual(here);
    },
    60_000,
  );

  it('pins the snapshot and the catalog that the cells were computed from', async () => {
    const { page } = await bench.open(matrixAddress);
    await page.waitForURL(/snapshot=sha256:[0-9a-f]{64}.*catalog=sha256:[0-9a-f]{64}/);
  }, 60_000);

  it('holds the fleet at a moment, so that the link keeps its snapshots', async () => {
    const { page, complaints } = await bench.open('/pivot?search=milan');
    const now = await readGrid(page);
    await page.getByRole('button', { name: /^Time/ }).click();
    await page.getByRole('option', { name: /^this moment/ }).click();
    await page.waitForURL(/at=\d{4}-\d\d-\d\dT/);
    expect(await readGrid(page)).toEqual(now);
    const { page: elsewhere } = await bench.open(await settledAddress(page));
    expect(await readGrid(elsewhere)).toEqual(now);
    await elsewhere.getByRole('button', { name: /^Time/ }).click();
    await elsewhere.getByRole('option', { name: /^now/ }).click();
    await elsewhere.waitForURL((url) => !url.searchParams.has('at'));
    expect(complaints).toEqual([]);
  }, 60_000);

  it('goes back and forward through what was chosen', async () => {
    const { page, complaints } = await bench.open(matrixAddress);
    await page.waitForURL(/snapshot=/);
    const kvm = await readGrid(page);
    await page
      .getByRole('radio', { name: 'tcg' })
      .or(page.getByText('tcg', { exact: true }))
      .first()
      .click();
    await page.waitForURL(/accel=tcg/);
    const tcg = await readGrid(page);
    expect(tcg).not.toEqual(kvm);
    await page.getByRole('link', { name: 'Hosts' }).click();
    await page.waitForURL(/\/hosts/);
    await page.goBack();
    await page.waitForURL(/accel=tcg/);
    await page.goBack();
    expect(await readGrid(page)).toEqual(kvm);
    await page.goForward();
    await page.waitForURL(/accel=tcg/);
    expect(await readGrid(page)).toEqual(tcg);
    expect(complaints).toEqual([]);
  }, 60_000);

  it.each([
    { address: `${matrixAddress}&search=milan`, kind: 'kind=matrix', of: 'hosts=demo:epyc-7601-32-core' },
    { address: '/pivot?search=milan&machine=pc', kind: 'EPYC-Milan-v1', of: 'machines=pc' },
  ])(
    'the selection of $address goes into a report',
    async ({ address, kind, of }) => {
      const { page, complaints } = await bench.open(address);
      await page.getByRole('link', { name: 'Export as a report' }).click();
      await page.waitForURL(/\/reports/);
      await page.locator('main table').first().waitFor();
      const link = await settledAddress(page);
      for (const part of [kind, of, 'EPYC-Milan']) expect(link).toContain(part);
      const told = (await page.getByRole('region', { name: 'Preview' }).textContent()) ?? '';
      expect(told).toContain('EPYC-Milan-v1');
      expect(told).not.toContain('Skylake');
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it.each(screenAddresses)(
    'the address of $view survives a reload, with its tab',
    async ({ address }) => {
      const { page } = await bench.open(address);
      const tabs = page.getByRole('tab');
      if ((await tabs.count()) > 1) await tabs.nth(1).click();
      await settle(page);
      const before = await settledAddress(page);
      const chosen = await page.getByRole('tab', { selected: true }).allTextContents();
      await page.reload();
      await settle(page);
      expect(await settledAddress(page)).toBe(before);
      expect((await page.getByRole('tab', { selected: true }).allTextContents()).length).toBe(chosen.length);
      expect(await page.getByRole('tab', { selected: true }).allTextContents()).toEqual(chosen);
    },
    60_000,
  );

  it('a mistyped address says so, with a way on', async () => {
    const { page } = await bench.open('/matrxi');
    expect(await page.getByRole('main').textContent()).toContain('ROUTE_NOT_FOUND');
    await page.getByRole('link', { name: 'Hosts' }).click();
    await page.waitForURL(/\/hosts/);
  }, 60_000);
});
