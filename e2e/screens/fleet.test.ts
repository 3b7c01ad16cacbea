import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkoutRoot } from '../oracle/oracle-files.ts';
import { describeScreens } from '../testing/screen-bench.ts';

const dump = readFileSync(join(checkoutRoot, 'packages/importer/corpus/cpuid-one-xeon-gold-6148.txt'), 'utf8');

describeScreens('managing the fleet', (bench) => {
  it('looks at a dump first, then imports it, and links to the host', async () => {
    const { page, complaints } = await bench.open('/fleet');
    await page.getByLabel('What the host printed').fill(dump);
    await page.getByLabel('Name of the host').fill('pasted-host');
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page.getByText(/Would import 1 host/).waitFor();
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText(/^Imported 1 host/).waitFor();
    await page.getByRole('link', { name: 'pasted-host' }).click();
    await page.getByTestId('host-card').waitFor();
    expect(await page.getByTestId('host-card').textContent()).toContain('6148');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('says what is wrong with a text that is no dump', async () => {
    const { page } = await bench.open('/fleet');
    await page.getByLabel('What the host printed').fill('hello');
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page
      .locator('.fleet-result')
      .getByText(/^IMPORT_/)
      .waitFor();
  }, 60_000);

  it('makes a token, shows it once, and revokes it', async () => {
    const { page, complaints } = await bench.open('/fleet?tab=tokens');
    await page.getByLabel('For whom or what').fill('a test');
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.getByText('Shown this once').waitFor();
    const row = page.getByRole('row').filter({ hasText: 'a test' });
    await row.waitFor();
    await row.getByRole('button', { name: /revoke/i }).click();
    await row.getByText('revoked').waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it('keeps a record of both', async () => {
    const { page, complaints } = await bench.open('/fleet?tab=audit');
    await page.getByRole('row').nth(1).waitFor();
    expect(await page.getByRole('grid').textContent()).toMatch(/token/);
    expect(complaints).toEqual([]);
  }, 60_000);
});
