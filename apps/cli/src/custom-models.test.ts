import { describe, expect, it } from 'vitest';
import { rowsOf, useDemoServer } from './testing/demo-server.ts';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

describe('custom-models of a running server', () => {
  const server = useDemoServer(place);
  const ask = (args: readonly string[], input = '') =>
    runCli(['custom-models', ...args, '--hub', server.url, '--format', 'json'], input);
  const save = (content: unknown) => ask(['save', 'cli-web', '-'], JSON.stringify(content));

  it('saves versions, shows each, and removes; the versions stay', async () => {
    const first = await save({ base: 'EPYC', features: [{ name: 'avx', isOn: false }] });
    expect([first.code, first.err]).toEqual([0, '']);
    await save({ base: 'EPYC-Rome' });
    const newest = rowsOf((await ask(['show', 'cli-web'])).out, 'Custom models');
    expect(newest).toEqual([['cli-web', '2', 'EPYC-Rome', 'EPYC-Rome', expect.any(String), 'local']]);
    const old = rowsOf((await ask(['show', 'cli-web', '--version-number', '1'])).out, 'Custom models');
    expect(old[0].slice(0, 4)).toEqual(['cli-web', '1', 'EPYC', 'EPYC,avx=off']);
    expect(rowsOf((await ask(['list'])).out, 'Custom models').map(([name]) => name)).toContain('cli-web');

    expect(await ask(['remove', 'cli-web'])).toEqual({ code: 0, out: '', err: '' });
    expect(rowsOf((await ask(['list'])).out, 'Custom models').map(([name]) => name)).not.toContain('cli-web');
    expectFault(await ask(['show', 'cli-web']), 'CUSTOM_MODEL_NOT_FOUND');
    expectFault(await ask(['remove', 'cli-web']), 'CUSTOM_MODEL_NOT_FOUND');
    expect((await ask(['show', 'cli-web', '--version-number', '2'])).code).toBe(0);
  });

  it('refuses what is no model, before the server is asked', async () => {
    expectFault(await save({ features: [] }), 'REQUEST_INVALID');
    expectFault(await ask(['save', 'cli-web', '-'], '{"base": '), 'REQUEST_INVALID');
    expectFault(await ask(['save', 'cli-web', '/no/such/file']), 'FILE_UNREADABLE');
    expectFault(await ask(['save', 'no name', '-'], '{"base": "EPYC"}'), 'REQUEST_INVALID');
  });
});
