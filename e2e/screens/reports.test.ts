import { expect, it } from 'vitest';
import { describeScreens } from '../testing/screen-bench.ts';

describeScreens('reports and mitigations', (bench) => {
  it('a report is previewed, and downloaded as a file', async () => {
    const { page, complaints } = await bench.open('/reports?kind=hosts&format=csv');
    await page.getByRole('region', { name: 'Hosts' }).waitFor();
    const downloaded = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    expect((await downloaded).suggestedFilename()).toBe('cpu-atlas-hosts.csv');
    expect(complaints).toEqual([]);
  }, 30_000);

  it('mitigations are a grid, and their export keeps the guest', async () => {
    const { page, complaints } = await bench.open('/security?model=EPYC-Milan');
    await page.getByRole('grid').waitFor({ timeout: 25_000 });
    await page.getByRole('link', { name: 'Export' }).click();
    await page.waitForURL(/\/reports\?.*model=EPYC-Milan/);
    expect(complaints).toEqual([]);
  }, 40_000);
});
