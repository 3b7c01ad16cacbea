import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canTryScreens, settledAddress, skipReason, startBench, type ScreenBench } from '../testing/screen-bench.ts';

describe.skipIf(!canTryScreens)(`custom models ${skipReason}`, () => {
  let bench: ScreenBench;
  beforeAll(async () => {
    bench = await startBench();
  }, 90_000);
  afterEach(() => bench.closeWindows());
  afterAll(() => bench?.stop());

  it('says that there is none yet, makes one, and keeps each save as a version', async () => {
    const { page, complaints } = await bench.open('/models');
    await page.getByRole('tab', { name: 'Custom' }).click();
    await page.getByText('No custom model yet').waitFor();
    await page.getByRole('button', { name: 'New model' }).click();
    const editor = page.getByRole('complementary', { name: 'Edit a model' });
    await editor.getByLabel('Name').fill('rack-cpu');
    await editor.getByLabel('Base').fill('EPYC-v1');
    await editor.getByLabel('Changes').fill('-avx2,+warp-drive');
    await editor.getByText(/has no feature warp-drive/).waitFor();
    await editor.getByLabel('Changes').fill('-avx2,+pcid,level=13');
    await editor.getByText(/knows all of it/).waitFor();
    await editor.getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('row', { name: /rack-cpu/ });
    await row.getByText('-avx2,+pcid,level=13').waitFor();
    expect(await settledAddress(page)).toContain('custom=rack-cpu');

    await editor.getByLabel('Changes').fill('-avx2');
    await editor.getByRole('button', { name: 'Save' }).click();
    await editor.getByRole('option', { name: '2, the newest' }).waitFor({ state: 'attached' });
    await editor.getByLabel('Version').selectOption('1');
    await editor.getByText('EPYC-v1,avx2=off,pcid=on,level=13').waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('is ranked beside the models of QEMU', async () => {
    const saved = await fetch(`${bench.url}/api/v1/custom-models/a-rack-cpu`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ base: 'kvm64', features: [{ name: 'aes', isOn: true }] }),
    });
    expect(saved.status).toBe(200);
    const { page, complaints } = await bench.open('/pools?tab=choices&sort=model');
    await page.getByRole('row', { name: /a-rack-cpu/ }).waitFor({ timeout: 40_000 });
    expect(complaints).toEqual([]);
  }, 60_000);

  it('says what cannot be read, and does not save it', async () => {
    const { page } = await bench.open('/models?tab=custom&side=edit');
    const editor = page.getByRole('complementary', { name: 'Edit a model' });
    await editor.getByLabel('Name').fill('broken');
    await editor.getByLabel('Base').fill('EPYC');
    await editor.getByLabel('Changes').fill('avx2');
    await editor.getByText('write +avx2, -avx2 or avx2=VALUE').waitFor();
    expect(await editor.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await editor.getByLabel('Changes').fill('');
    await editor.getByLabel('Name').fill('not/a name');
    await editor.getByRole('button', { name: 'Save' }).click();
    await editor.getByRole('alert').waitFor();
  }, 60_000);

  it('imports cpu-models.conf after a look, compares with the base, and deletes', async () => {
    const { page, complaints } = await bench.open('/models?tab=custom');
    await page.getByRole('button', { name: 'Import …' }).click();
    const side = page.getByRole('complementary', { name: 'Import models' });
    await side
      .getByLabel('Content of the file')
      .fill('cpu-model: cluster-cpu\n    flags +aes;-mpx\n    phys-bits host\n    reported-model kvm64\n');
    await side.getByRole('button', { name: 'Look at it first' }).click();
    await side.getByRole('row', { name: /cluster-cpu.*kvm64/ }).waitFor();
    await side.getByRole('button', { name: 'Save 1 model' }).click();
    const row = page.getByRole('row', { name: /cluster-cpu/ });
    await row.getByText('+aes,-mpx').waitFor();
    await row.getByRole('link', { name: 'Compare cluster-cpu with its base' }).click();
    await page
      .getByText(/kvm64,aes=on/)
      .first()
      .waitFor();
    await page.goBack();
    await row.getByRole('button', { name: 'Delete cluster-cpu' }).click();
    await row.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  }, 60_000);
});
