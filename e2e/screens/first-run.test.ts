import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeScreens, settle } from '../testing/screen-bench.ts';

const emptyList = { items: [], total: 0, nextCursor: null, byFreshness: { fresh: 0, stale: 0, unreachable: 0 } };

async function answer(page: Page, path: string, body: object): Promise<void> {
  await page.route(`**/api/v1/${path}`, (route) => route.fulfill({ json: body }));
}

describeScreens('a backend that was just started', [], (bench) => {
  it('explains an empty store, and offers the demo fleet and the import', async () => {
    const { page, complaints } = await bench.window();
    await answer(page, 'hosts?*', emptyList);
    await page.goto(`${bench.url}/matrix`);
    await page.getByRole('heading', { name: 'No host is known yet' }).waitFor();
    const ways = page.getByRole('list', { name: 'Ways to get a matrix' });
    expect(await ways.textContent()).toContain('cpu-atlas serve --demo');
    await ways.getByRole('link', { name: 'Import a host' }).click();
    await page.getByRole('tab', { name: 'Import', selected: true }).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('explains that there is no QEMU and no catalog', async () => {
    const { page, complaints } = await bench.window();
    const hosts = await (await fetch(`${bench.url}/api/v1/hosts?limit=1`)).json();
    await answer(page, 'hosts?*', { ...hosts, items: hosts.items.map((host: object) => ({ ...host, qemu: [] })) });
    await answer(page, 'catalogs*', { ...emptyList, items: [] });
    await page.goto(`${bench.url}/matrix`);
    await page.getByRole('heading', { name: 'No QEMU is known yet' }).waitFor();
    expect(await page.getByRole('main').textContent()).toContain('qemu-system-x86');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('shows unknown cells where KVM is missing, says why, and offers ways to known ones', async () => {
    const { page, complaints } = await bench.window();
    const hosts = await (await fetch(`${bench.url}/api/v1/hosts?limit=1`)).json();
    const kvm = { state: 'unknown', code: 'PROBE_KVM_DENIED', reason: 'no /dev/kvm', remedy: 'load the module kvm' };
    const blind = hosts.items.map((host: { layers: object }) => ({ ...host, layers: { ...host.layers, kvm } }));
    await answer(page, 'hosts?*', { ...hosts, items: blind });
    await page.goto(`${bench.url}/matrix`);
    await page.getByRole('grid').waitFor();
    await settle(page);
    expect(await page.getByRole('main').textContent()).toContain('no /dev/kvm');
    expect(await page.getByRole('list', { name: 'Ways to get a matrix' }).textContent()).toContain('--demo');
    await page.getByRole('button', { name: 'Show tcg' }).click();
    await page.waitForURL(/accel=tcg/);
    expect(await page.getByRole('list', { name: 'Ways to get a matrix' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('explains an empty fleet', async () => {
    const { page } = await bench.window();
    await answer(page, 'hosts?*', emptyList);
    await page.goto(`${bench.url}/hosts`);
    await page.getByRole('heading', { name: 'No host is known yet' }).waitFor();
  }, 60_000);
});
