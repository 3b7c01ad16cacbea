import { expect, it } from 'vitest';
import { describeScreens, settledAddress } from '../testing/screen-bench.ts';

describeScreens('stability', (bench) => {
  it('lists definitions that changed between releases, broken promises first', async () => {
    const { page, complaints } = await bench.open('/stability');
    const list = page.getByRole('region', { name: 'Changes' });
    await list.getByText('promise broken').first().waitFor();
    expect(await list.textContent()).toContain('legacy-cache true → false');
    await page.getByRole('button', { name: 'Also machine types without a version' }).click();
    await list.getByText('not promised').first().waitFor();
    await page.getByLabel('Search changes').fill('vaes');
    await list.getByRole('link', { name: 'EPYC-Milan' }).waitFor();
    expect(await settledAddress(page)).toBe('/stability?search=vaes&unpromised=1');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('tells which machine types retire, release by release', async () => {
    const { page, complaints } = await bench.open('/stability?tab=retirement&fate=retiring');
    const row = page.getByRole('row', { name: /pc-q35-4\.2/ });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/removed in 11\.1/);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('holds libvirt’s map against QEMU, and filters by one bit', async () => {
    const { page, complaints } = await bench.open('/stability?tab=libvirt');
    const bits = page.getByRole('complementary', { name: 'Disputed bits' });
    await bits.getByRole('button', { name: 'svm', exact: true }).click();
    const list = page.getByRole('region', { name: 'Disagreements' });
    await list.getByRole('link', { name: 'EPYC', exact: true }).first().waitFor();
    expect(await list.getByRole('link', { name: 'Broadwell', exact: true }).count()).toBe(0);
    expect(await settledAddress(page)).toContain('bit=libvirt');
    await page.getByLabel('libvirt', { exact: true }).selectOption('9.0.0');
    await page.getByText('libvirt 9.0.0 does not know').waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);
});
