import { expect, it } from 'vitest';
import { describeScreens, settledAddress } from '../testing/screen-bench.ts';

const list = [
  'name,host,machine,cpu',
  'web-1,lab-epyc-6.1,pc-q35-7.2,EPYC-v1',
  'web-2,lab-epyc-6.1,pc-q35-7.2,EPYC-v1',
  'old,lab-opteron_g3-6.1,pc-q35-7.2,EPYC-v1',
  'wide,lab-milan-b,pc-q35-7.2,host',
  'ghost,nowhere,pc-q35-7.2,qemu64',
].join('\n');
const computeMs = 60_000;

describeScreens('the screen of VMs', (bench) => {
  it('reads a list, folds what is alike, and tells what it could not read', async () => {
    const { page, complaints } = await bench.open('/vms');
    await page.getByLabel('VMs', { exact: true }).fill(list);
    await page.getByRole('button', { name: 'Read the list' }).click();
    await page.getByRole('row', { name: /^web-1 … ×2 lab-epyc-6\.1/ }).waitFor({ timeout: computeMs });
    expect(await page.getByRole('row', { name: /ghost/ }).textContent()).toContain('there is no host "nowhere"');
    await page.reload();
    await page.getByRole('row', { name: /^web-1 … ×2/ }).waitFor({ timeout: computeMs });
    expect(complaints).toEqual([]);
  }, 120_000);

  it('shows where each VM can go, which way is a trap, and how to empty a host', async () => {
    const { page, complaints } = await bench.open('/vms');
    await page.getByLabel('VMs', { exact: true }).fill(list);
    await page.getByRole('button', { name: 'Read the list' }).click();
    await page.getByRole('tab', { name: 'Reach' }).click();
    const trap = page.getByRole('gridcell', { name: /^web-1 and 1 alike to lab-forced-milan-6\.1: trap/ });
    await page.getByRole('grid', { name: 'Where each VM can go' }).waitFor({ timeout: computeMs });
    await page.goto(`${bench.url}/vms?tab=reach&vm=web-1&host=demo:lab-forced-milan-6.1`);
    await trap.waitFor({ state: 'attached', timeout: computeMs });
    const pane = page.getByRole('complementary');
    expect(await pane.textContent()).toContain('after a reboot there it cannot come back');
    await page.getByRole('tab', { name: 'Drain' }).click();
    await page.getByLabel('Empty the host').selectOption({ label: 'lab-milan-b' });
    await page.getByText(/VMs cannot leave|can leave lab-milan-b/).waitFor({ timeout: computeMs });
    expect(await settledAddress(page)).toContain('drain=demo:lab-milan-b');
    expect(complaints).toEqual([]);
  }, 120_000);

  it('says on which line a list is damaged', async () => {
    const { page } = await bench.open('/vms');
    await page.getByLabel('VMs', { exact: true }).fill('name,host\nweb,node');
    await page.getByRole('button', { name: 'Read the list' }).click();
    const fault = page.getByRole('alert');
    await fault.waitFor();
    expect(await fault.textContent()).toMatch(/has no column "cpu".*line 1.*IMPORT_INVALID/);
  }, 60_000);
});
