import { expect, it } from 'vitest';
import { describeScreens, settle } from '../testing/screen-bench.ts';

describeScreens('one host', (bench) => {
  it('shows the four layers of the machine it runs on', async () => {
    const { page, complaints } = await bench.open('/host');
    const layers = page.getByRole('list', { name: 'Layers' });
    for (const layer of ['Hardware', 'Kernel', 'KVM', 'QEMU']) expect(await layers.textContent()).toContain(layer);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('decodes a register down to the bit, silicon beside KVM', async () => {
    const { page, complaints } = await bench.open('/host?id=demo:lab-epyc-milan-6.1&tab=registers');
    await page.getByRole('searchbox').fill('avx2');
    await page.waitForURL(/search=avx2/);
    await page.locator('.register-bits').waitFor();
    expect(await page.locator('.register-bits').textContent()).toContain('avx2');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('tells what changed over time, and by which layer', async () => {
    const { page, complaints } = await bench.open('/host?id=demo:lab-milan-a&tab=timeline');
    await page.locator('.timeline-entry').first().waitFor();
    expect(await page.getByRole('region', { name: 'Timeline' }).textContent()).toContain('First seen');
    await page.getByRole('button', { name: 'What changed' }).first().click();
    await page.waitForURL(/observation=/);
    await settle(page);
    await page.getByRole('columnheader', { name: 'Layer' }).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('says when there is no such host', async () => {
    const { page } = await bench.open('/host?id=nobody');
    await page.getByText('HOST_NOT_FOUND').waitFor();
  }, 60_000);
});
