import { expect, it } from 'vitest';
import { describeScreens, settle } from '../testing/screen-bench.ts';

describeScreens('the matrix of the fleet', (bench) => {
  it.each([
    { rows: 'model', columns: 'host' },
    { rows: 'model', columns: 'machine' },
    { rows: 'machine', columns: 'host' },
    { rows: 'host', columns: 'model' },
    { rows: 'host', columns: 'machine' },
    { rows: 'feature', columns: 'host' },
  ])(
    '$rows by $columns',
    async ({ rows, columns }) => {
      const { page, complaints } = await bench.open(`/pivot?rows=${rows}&columns=${columns}&model=EPYC-Milan`);
      const grid = page.getByRole('grid');
      await grid.waitFor();
      expect(Number(await grid.getAttribute('aria-rowcount'))).toBeGreaterThan(4);
      expect(Number(await grid.getAttribute('aria-colcount'))).toBeGreaterThan(4);
      expect(complaints).toEqual([]);
    },
    30_000,
  );

  it('explains a cell, with the way to its host', async () => {
    const { page, complaints } = await bench.open('/pivot?row=EPYC-Milan-v1&column=demo:lab-epyc-milan-6.1');
    const inspector = page.getByTestId('inspector');
    await inspector.waitFor();
    expect(await inspector.textContent()).toContain('EPYC-Milan');
    await inspector.getByRole('link', { name: /Open the matrix/ }).click();
    await page.waitForURL(/\/matrix\?host=demo:lab-epyc-milan-6.1/);
    await settle(page);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('counts silent hosts as unknown, and says so', async () => {
    const { page } = await bench.open('/pivot');
    expect(await page.getByRole('main').textContent()).toMatch(/silent: they count as unknown/);
  }, 60_000);

  it('transposes at a key, and folds all families', async () => {
    const { page, complaints } = await bench.open('/pivot');
    const rows = () => page.getByRole('grid').getAttribute('aria-rowcount');
    const unfolded = Number(await rows());
    await page.getByRole('button', { name: 'Fold all families' }).click();
    await page.waitForURL(/folded=/);
    await settle(page);
    expect(Number(await rows())).toBeLessThan(unfolded);
    await page.keyboard.press('t');
    await page.waitForURL(/rows=host.*columns=model/);
    expect(complaints).toEqual([]);
  }, 60_000);
});
