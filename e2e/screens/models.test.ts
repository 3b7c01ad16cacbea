import { expect, it } from 'vitest';
import { describeScreens, settle, settledAddress } from '../testing/screen-bench.ts';

describeScreens('models', (bench) => {
  it('finds a model by any of its versions, opens it, and pins the QEMU in the address', async () => {
    const { page, complaints } = await bench.open('/models');
    await page.getByLabel('Search models').fill('milan-v2');
    const row = page.getByRole('row', { name: /EPYC-Milan/ });
    await row.waitFor();
    expect(await row.count()).toBe(1);
    expect(await row.textContent()).toContain('x86-64-v3');
    await row.getByRole('link', { name: 'EPYC-Milan' }).click();
    await page.getByRole('tab', { name: 'Definition' }).waitFor();
    expect(await settledAddress(page)).toMatch(/^\/model\?name=EPYC-Milan&catalog=sha256:[0-9a-f]{64}$/);
    await page.goBack();
    expect(await page.getByLabel('Search models').inputValue()).toBe('milan-v2');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('tells version by version, and since which machine type, a model is another', async () => {
    const { page, complaints } = await bench.open('/model?name=EPYC');
    await page.getByRole('link', { name: 'EPYC-v2' }).waitFor();
    const text = (await page.getByRole('region', { name: 'Definition' }).textContent()) ?? '';
    expect(text).toContain('+ibpb');
    expect(text).toContain('Since');
    await page.getByRole('button', { name: /^QEMU/ }).click();
    await page.getByRole('option', { name: /10\.0\.13/ }).click();
    await settle(page);
    await page.getByRole('cell', { name: /\+topoext/ }).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('tells on which hosts it runs, what they lack, and never more hosts than there are', async () => {
    const { page, complaints } = await bench.open('/model?name=Skylake-Server-v4&tab=runs');
    const needs = page.getByRole('complementary', { name: 'What it would need' });
    await needs.getByRole('row', { name: /avx512f/ }).waitFor();
    const [lacked = 0, asked = 0] = ((await needs.getByRole('row', { name: /avx512f/ }).textContent()) ?? '')
      .replace('avx512f', '')
      .split('/')
      .map(Number);
    expect(lacked).toBeGreaterThan(0);
    expect(lacked).toBeLessThanOrEqual(asked);
    expect(await page.getByRole('region', { name: 'Hosts' }).textContent()).toContain('avx512f');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('shows the CPUID of a guest for a topology: caches, levels, and leaves that a search finds', async () => {
    const query = '?name=EPYC-Milan&tab=guest&host=demo:lab-epyc-milan-6.1&smp=cpus%3D8,cores%3D4,threads%3D2';
    const { page, complaints } = await bench.open(`/model${query}`);
    await page.getByText('L3 32 MiB').waitFor();
    await page.getByText('2 logical CPUs in a core').waitFor();
    await page.getByLabel('Search leaves, fields and features').fill('avx2');
    await page.getByText('1 of').waitFor();
    await page.getByRole('button', { name: '0x00000007.0' }).waitFor();
    const smp = page.getByLabel('-smp');
    await smp.fill('eight');
    expect(await smp.getAttribute('aria-invalid')).toBe('true');
    await smp.fill('2');
    await smp.press('Enter');
    await page.getByText('2 logical CPUs', { exact: true }).waitFor();
    expect(await settledAddress(page)).toContain('smp=2');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('says what to do where a QEMU does not have the model', async () => {
    const { page } = await bench.open('/model?name=EPYC-Naples');
    await page.getByText('has no EPYC-Naples').waitFor();
    await page.getByRole('link', { name: 'All its models' }).click();
    await page.getByRole('grid', { name: 'Models' }).waitFor();
  }, 60_000);
});
