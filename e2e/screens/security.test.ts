import type { SecurityResult } from '@cpu-atlas/contract';
import { expect, it } from 'vitest';
import { describeScreens } from '../testing/screen-bench.ts';

describeScreens('security', (bench) => {
  const ask = async (model: string): Promise<SecurityResult> =>
    (await (await fetch(`${bench.url}/api/v1/security?model=${model}&accel=kvm`)).json()) as SecurityResult;

  it('shows each flag against what the host says of its vulnerability', async () => {
    const { page, complaints } = await bench.open('/security?model=host');
    const result = await ask('host');
    const found = result.groups.flatMap(({ hosts, security }) =>
      security.kind !== 'judged'
        ? []
        : security.flags.flatMap(({ flag, hostSays }) => (hostSays === null ? [] : [{ hosts, flag, hostSays }])),
    )[0];
    if (found === undefined) throw new Error('no host of the demo fleet tells a vulnerability');
    const host = found.hosts[0]?.id ?? '';
    await page.goto(
      `${bench.url}/security?${new URLSearchParams({ model: 'host', flag: found.flag, host }).toString()}`,
    );
    const pane = page.getByTestId('inspector');
    await pane.getByText(found.hostSays, { exact: true }).first().waitFor();
    expect(await pane.textContent()).toContain(found.flag);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('names a flag that the host gives and the guest does not ask for, and what to do', async () => {
    const model = 'EPYC-Milan';
    const result = await ask(encodeURIComponent(model));
    const found = result.groups.flatMap(({ hosts, security }) =>
      security.kind !== 'judged'
        ? []
        : security.flags.flatMap(({ flag, verdict, remedy }) =>
            verdict === 'should-be-on' ? [{ host: hosts[0]?.id ?? '', flag, remedy }] : [],
          ),
    )[0];
    if (found === undefined) throw new Error('no guest could have more');
    const { host, flag, remedy } = found;
    const { page, complaints } = await bench.open(`/security?${new URLSearchParams({ model, flag, host }).toString()}`);
    const pane = page.getByTestId('inspector');
    await pane.getByText('the host gives it, the guest does not ask for it').waitFor();
    expect(await pane.textContent()).toContain(remedy ?? 'no remedy');
    expect(complaints).toEqual([]);
  }, 60_000);

  it('counts gaps, and leaves only the flags that have one', async () => {
    const { page, complaints } = await bench.open('/security?model=EPYC-Milan');
    await page.getByText(/could have more, of \d+ hosts/).waitFor();
    const before = Number(await page.getByRole('grid').getAttribute('aria-rowcount'));
    await page.getByRole('button', { name: 'Only gaps' }).click();
    await expect
      .poll(async () => Number(await page.getByRole('grid').getAttribute('aria-rowcount')))
      .toBeLessThan(before);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('its export is the report of the same model', async () => {
    const { page, complaints } = await bench.open('/security?model=EPYC-Milan');
    await page.getByRole('link', { name: 'Export' }).click();
    await page.waitForURL(/\/reports\?.*kind=security/);
    expect(new URL(page.url()).searchParams.get('model')).toBe('EPYC-Milan');
    expect(complaints).toEqual([]);
  }, 60_000);
});
