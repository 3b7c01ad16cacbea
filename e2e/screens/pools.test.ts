import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeScreens, settledAddress } from '../testing/screen-bench.ts';

/** Hosts of the demo fleet of one vendor, all fresh. */
const lab = 'search=lab-';
const opteron = 'demo:lab-opteron_g3-6.1';
const computeMs = 60_000;

/** The models of the what-if tab: name, effect, before, after. */
async function readEffects(page: Page): Promise<readonly string[]> {
  const rows = await page.getByTestId('what-if-models').locator('tbody tr').all();
  return Promise.all(
    rows.map(async (row) => (await row.locator('th, td:nth-child(-n+4)').allTextContents()).join(' ').trim()),
  );
}

describeScreens('the screen of pools', (bench) => {
  it('chooses hosts by search, by label and by hand, and keeps that in the address', async () => {
    const { page, complaints } = await bench.open('/pools');
    await page.getByRole('searchbox', { name: 'Search hosts' }).fill('lab-');
    await page.getByText('All 11 that are listed make the pool').waitFor();
    await page.getByRole('checkbox', { name: `Choose ${opteron}` }).uncheck();
    await page.getByText('10 chosen by hand').waitFor();
    const address = await settledAddress(page);
    expect(address).not.toContain(opteron);
    expect(address).toContain('demo:lab-epyc-6.1');
    await page.getByRole('button', { name: 'Follow the filters' }).click();
    await page.getByRole('button', { name: 'Labels any' }).click();
    await page.getByRole('option', { name: /generation=emulated EPYC-Milan/ }).click();
    await page.getByText('All 5 that are listed make the pool').waitFor();
    expect(await settledAddress(page)).toContain('label=generation%3Demulated+EPYC-Milan');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('does not answer without a host that the link names and the fleet does not know', async () => {
    const { page } = await bench.open(`/pools?tab=choices&hosts=${opteron},nobody`);
    await page.getByRole('heading', { name: 'This fleet does not know one host of the link' }).waitFor();
    expect(await page.getByRole('grid').count()).toBe(0);
    await page.getByRole('button', { name: 'Go on without it' }).click();
    await page.getByRole('grid', { name: 'Ranked choices' }).waitFor({ timeout: computeMs });
  }, 90_000);

  it('ranks choices, with what each loses, its proven line, and configuration to take away', async () => {
    const { page, complaints } = await bench.open(`/pools?tab=choices&${lab}&model=EPYC-v1`);
    const pane = page.getByRole('complementary', { name: 'The choice EPYC-v1' });
    await pane.waitFor({ timeout: computeMs });
    const text = (await pane.textContent()) ?? '';
    expect(text).toContain('starts under enforce on all 11, with the same CPU');
    expect(text).toMatch(/-cpu EPYC-v1,[^ ]*-avx2[^ ]*,enforce/);
    await pane.getByRole('combobox', { name: 'As' }).selectOption({ label: 'OpenStack nova.conf' });
    expect(await pane.locator('pre').textContent()).toContain('cpu_model');
    expect(await settledAddress(page)).toContain('target=nova');
    expect(complaints).toEqual([]);
  }, 90_000);

  it('shows three baselines beside libvirt’s own, with the host and the bit of each loss', async () => {
    const { page, complaints } = await bench.open(`/pools?tab=baselines&${lab}`);
    for (const name of ['All you can enable', 'Match the host CPUs', 'Best predefined model', 'libvirt 11.3.0'])
      await page.getByRole('heading', { name }).waitFor({ timeout: computeMs });
    const avx2 = page.getByRole('row', { name: /^avx2 / });
    await avx2.waitFor();
    expect(await avx2.textContent()).toMatch(/CPUID\.07H\.0:EBX\[5\]10\/11.*lab-opteron_g3-6\.1.*hardware/);
    expect(complaints).toEqual([]);
  }, 90_000);

  it('plots the ways to split, and each mark can be chosen from the keyboard', async () => {
    const { page, complaints } = await bench.open(`/pools?tab=partition&${lab}`);
    const mark = page.getByRole('button', { name: /^2 pools keep .* every pool survives the loss of a host/ });
    await mark.waitFor({ timeout: computeMs });
    await mark.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'The 2 pools' }).waitFor();
    expect(await settledAddress(page)).toContain('split=2s');
    await page
      .getByText(/^Not one with pool/)
      .first()
      .waitFor();
    await page.getByLabel('ABI level that every host must reach').selectOption('3');
    await page.getByText('Unfit: they lack what every pool must have').waitFor({ timeout: computeMs });
    expect(await page.getByRole('row', { name: /lab-opteron_g3-6\.1.*it lacks/ }).count()).toBe(1);
    expect(complaints).toEqual([]);
  }, 90_000);

  it('counts a what-if at once, and the backend comes to the same', async () => {
    const { page, complaints } = await bench.open(`/pools?tab=what-if&${lab}`);
    await page.getByRole('heading', { name: 'Nothing is changed yet' }).waitFor();
    await page.route('**/api/v1/plans', async (route) => {
      const isChange = route.request().postData()?.includes('"what-if"') === true;
      if (isChange) await new Promise((resolve) => setTimeout(resolve, 2_000));
      await route.continue();
    });
    await page.getByRole('button', { name: 'lab-opteron_g3-6.1' }).click();
    const models = page.getByTestId('what-if-models');
    await models.and(page.locator('[data-source=live]')).locator('tbody tr').first().waitFor();
    const live = await readEffects(page);
    await models.and(page.locator('[data-source=told]')).waitFor({ timeout: computeMs });
    const told = (await readEffects(page)).map((text) => text.trim());
    expect(live.length).toBeGreaterThan(5);
    expect(told).toEqual(live);
    await page.getByTitle('CPUID.07H.0:EBX[5]').waitFor();
    expect(await settledAddress(page)).toContain(`out=${opteron}`);
    expect(complaints).toEqual([]);
  }, 90_000);

  it('draws moves from host to host as a matrix and as a graph, and explains a trap', async () => {
    const { page, complaints } = await bench.open(
      `/pools?tab=migration&${lab}&cpu=EPYC-v1&from=demo:lab-epyc-6.1&to=demo:lab-forced-milan-6.1`,
    );
    const pane = page.getByRole('complementary', { name: 'The move from lab-epyc-6.1 to lab-forced-milan-6.1' });
    await pane.waitFor({ timeout: computeMs });
    expect(await pane.textContent()).toContain('trap: can move, but after a reboot there it cannot come back: vme');
    await page.getByText('11 of 11').or(page.getByText('cannot27')).first().waitFor({ timeout: computeMs });
    await page.getByRole('radio', { name: 'graph' }).check({ force: true });
    await page.getByRole('img', { name: /groups of hosts between which a VM goes and comes back/ }).waitFor();
    expect(await settledAddress(page)).toContain('picture=graph');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('says what to do when no QEMU has the machine type', async () => {
    const { page, complaints } = await bench.open(`/pools?tab=choices&${lab}&machine=pc-nowhere-1.0`);
    await page.getByRole('heading', { name: 'No model is known' }).waitFor({ timeout: computeMs });
    await page.getByText('Choose another machine type above').waitFor();
    expect(complaints).toEqual([]);
  }, 90_000);

  it('says what is wrong when the backend cannot answer', async () => {
    const { page } = await bench.window();
    const problem = { type: 'about:blank', title: 'The store could not be read', status: 500, code: 'STORE_FAILED' };
    await page.route('**/api/v1/plans', (route) =>
      route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    );
    await page.goto(`${bench.url}/pools?tab=choices&${lab}`);
    const fault = page.getByRole('alert');
    await fault.waitFor({ timeout: computeMs });
    expect(await fault.textContent()).toMatch(/The store could not be read.*STORE_FAILED.*Try again/);
  }, 90_000);
});
