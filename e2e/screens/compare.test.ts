import { expect, it } from 'vitest';
import { describeScreens, settle, settledAddress } from '../testing/screen-bench.ts';

describeScreens('compare', (bench) => {
  it('shows what differs first, with bit and layer, and what is equal behind a count', async () => {
    const items =
      'host:demo:lab-epyc-milan-6.1,model:EPYC-Milan,cell:Skylake-Server-v4@pc-q35-10.0@demo:lab-epyc-milan-6.1';
    const { page, complaints } = await bench.open(`/compare?items=${items}`);
    const row = page.getByRole('row', { name: /^rdseed/ });
    await row.waitFor();
    expect(await row.textContent()).toContain('CPUID.07H.0:EBX[18]');
    expect(await row.textContent()).toContain('the CPU lacks it');
    const rows = page.getByRole('region', { name: 'Comparison' }).getByRole('row');
    const before = await rows.count();
    await page.keyboard.press('e');
    await page.getByText('Equal features').waitFor();
    expect(await rows.count()).toBeGreaterThan(before + 100);
    expect(await settledAddress(page)).toContain('equal=1');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('takes cells and models with the key c into a tray, which survives a reload and makes a link', async () => {
    const { page, complaints } = await bench.open('/matrix?host=demo:lab-milan-a&cell=EPYC@pc-q35-7.2');
    await page.getByTestId('inspector').waitFor();
    await page.keyboard.press('c');
    const link = page.getByRole('link', { name: /^Compare/ });
    await page.getByRole('button', { name: 'Compared' }).waitFor();
    expect(await link.textContent()).toBe('Compare1');
    await page.goto(`${bench.url}/model?name=EPYC-Milan`);
    await settle(page);
    await page.keyboard.press('c');
    expect(await link.textContent()).toBe('Compare2');
    await link.click();
    await page.getByRole('columnheader', { name: /EPYC-Milan/ }).waitFor();
    await page.getByRole('columnheader', { name: /on pc-q35-7\.2, lab-milan-a/ }).waitFor();
    expect(await settledAddress(page)).toContain('items=cell:EPYC@pc-q35-7.2@demo:lab-milan-a,model:EPYC-Milan');
    await page.getByRole('button', { name: 'Take EPYC-Milan out' }).click();
    expect(await link.textContent()).toBe('Compare1');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('names the layer that made two hosts differ', async () => {
    const { page, complaints } = await bench.open('/compare?items=host:demo:lab-milan-a,host:demo:lab-milan-b');
    const causes = page.getByRole('table').filter({ hasText: 'What changed' });
    await causes.waitFor();
    expect(await causes.textContent()).toContain('Kernel');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('explains itself while it is empty, and says which thing is not there', async () => {
    const { page } = await bench.open('/compare');
    await page.getByText('Nothing to compare yet').waitFor();
    await page.goto(`${bench.url}/compare?items=model:EPYC,model:EPYC-Naples,pool:x`);
    await page.getByText('has no such model').waitFor();
    await page.getByText('the link names something that cannot be compared').waitFor();
    await page.getByRole('button', { name: 'Empty' }).click();
    await page.getByText('Nothing to compare yet').waitFor();
  }, 60_000);
});
