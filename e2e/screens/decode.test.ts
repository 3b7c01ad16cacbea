import { expect, it } from 'vitest';
import { describeScreens } from '../testing/screen-bench.ts';

describeScreens('decoding an error', (bench) => {
  it('names the bit and what to do, and sends nothing', async () => {
    const { page, complaints } = await bench.open('/decode');
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    const result = page.getByRole('region', { name: 'What it means' });
    await page
      .getByLabel('Error text')
      .fill("warning: host doesn't support requested feature: CPUID.07H:EBX.avx512f [bit 16]");
    await result.getByText('avx512f').first().waitFor();
    expect(await result.textContent()).toMatch(/EBX/);
    expect(sent).toEqual([]);
    expect(page.url()).not.toContain('avx512f');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('has an example, and says when nothing is known', async () => {
    const { page, complaints } = await bench.open('/decode');
    await page.getByRole('button', { name: 'Try an example' }).click();
    await page.getByRole('button', { name: 'Markdown' }).waitFor();
    await page.getByLabel('Error text').fill('the cat sat on the mat');
    await page.getByRole('heading', { name: 'Nothing of this is known to Atlas' }).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);
});
