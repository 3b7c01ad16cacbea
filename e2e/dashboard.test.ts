import { expect, it } from 'vitest';
import { screenAddresses } from './testing/screen-addresses.ts';
import { describeScreens, settle, type TriedPage } from './testing/screen-bench.ts';

describeScreens('the dashboard of a live host', [], (bench) => {
  /** Opens the matrix and waits until it is painted for an accelerator that needs no KVM. */
  async function openMatrix(options: { readonly colorScheme?: 'light' | 'dark' } = {}): Promise<TriedPage> {
    const tried = await bench.window(options);
    await tried.page.goto(`${bench.url}/matrix?accel=tcg`);
    await tried.page.getByRole('grid').waitFor({ timeout: 30_000 });
    // The view pins itself to the snapshot that it was computed from.
    await tried.page.waitForURL(/snapshot=sha256/);
    return tried;
  }

  it.each(screenAddresses)(
    'opens $view without a complaint, and has something to show',
    async ({ view, address }) => {
      const { items } = (await (await fetch(`${bench.url}/api/v1/hosts?limit=1`)).json()) as {
        items: { id: string }[];
      };
      const live = address.replace(/id=demo:[^&]+/, `id=${items[0]?.id ?? ''}`);
      const { page, complaints } = await bench.open(live);
      const main = page.getByRole('main');
      expect(await page.getByRole('heading', { level: 1 }).count(), view).toBe(1);
      expect(((await main.textContent()) ?? '').length, view).toBeGreaterThan(40);
      for (const tab of (await page.getByRole('tab').all()).slice(1)) {
        await tab.click();
        await settle(page);
      }
      expect(await page.getByText(/INTERNAL|_NOT_FOUND|REQUEST_INVALID/).count(), view).toBe(0);
      expect(complaints).toEqual([]);
    },
    60_000,
  );

  it('shows the models of this host on its machine types, and keeps its state in the URL', async () => {
    const { page, complaints } = await openMatrix();
    const grid = page.getByRole('grid');
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBeGreaterThan(100);
    expect(Number(await grid.getAttribute('aria-colcount'))).toBeGreaterThan(4);
    expect(page.url()).toContain('accel=tcg');
    expect(page.url()).toContain('snapshot=');
    expect(await page.getByRole('gridcell', { name: /EPYC/ }).count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  it('explains a cell from the keyboard, and proves it with the real QEMU', async () => {
    const { page, complaints } = await openMatrix();
    await page
      .getByRole('searchbox', { name: 'Search models and features' })
      .or(page.getByLabel('Search models and features'))
      .first()
      .fill('Skylake-Server-v4');
    const cell = page.getByRole('gridcell', { name: /Skylake-Server-v4/ }).first();
    await cell.focus();
    await page.keyboard.press('Enter');
    const inspector = page.getByTestId('inspector');
    await inspector.waitFor();
    expect(await inspector.textContent()).toContain('Skylake-Server-v4');
    expect(await inspector.textContent()).toMatch(/filtered/i);
    await inspector.getByRole('button', { name: /prove/i }).first().click();
    await page.getByTestId('proof').getByText(/equal/i).first().waitFor({ timeout: 60_000 });
    expect(complaints).toEqual([]);
  }, 120_000);

  it('shows the layers of this host', async () => {
    const { page, complaints } = await bench.window();
    await page.goto(`${bench.url}/host`);
    const card = page.getByTestId('host-card').first();
    await card.waitFor({ timeout: 30_000 });
    const text = (await card.textContent()) ?? '';
    for (const layer of ['Hardware', 'Kernel', 'KVM', 'QEMU']) expect(text).toContain(layer);
    expect(complaints).toEqual([]);
  }, 60_000);

  it.each(['light', 'dark'] as const)('has readable contrast in the %s theme', async (colorScheme) => {
    const { page, complaints } = await openMatrix({ colorScheme });
    const ratio = await page.evaluate(() => {
      const channel = (value: number): number => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      const luminance = (color: string): number => {
        const [r, g, b] = (/\d+(\.\d+)?/g[Symbol.match](color) ?? [])
          .slice(0, 3)
          .map((part) => channel(Number(part) / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const style = getComputedStyle(document.body);
      const [light, dark] = [luminance(style.color), luminance(style.backgroundColor)].sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    });
    expect(ratio).toBeGreaterThan(4.5);
    expect(complaints).toEqual([]);
  });

  it('says what is wrong, and how to go on, when the backend does not answer', async () => {
    const { page } = await bench.window();
    await page.route('**/api/v1/hosts?*', (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'urn:cpu-atlas:error:STORE_FAILED',
          title: 'The store could not be read or written',
          status: 500,
          code: 'STORE_FAILED',
          detail: 'disk full',
          remedy: 'free some space',
        }),
      }),
    );
    await page.goto(`${bench.url}/matrix`);
    await page
      .getByText(/disk full/)
      .first()
      .waitFor({ timeout: 30_000 });
    expect(await page.textContent('body')).toContain('STORE_FAILED');
  }, 60_000);
});
