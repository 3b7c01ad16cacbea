import { describe, expect, it } from 'vitest';
import { rowsOf, useDemoServer } from './testing/demo-server.ts';
import { expectFault, recordedHost, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

describe('hosts, timeline and audit of a running server', () => {
  const server = useDemoServer(place);

  it('hosts lists as many as the API tells, and the filters leave some of them', async () => {
    const { total, byFreshness } = (await (await fetch(`${server.url}/api/v1/hosts?limit=1`)).json()) as {
      total: number;
      byFreshness: { stale: number };
    };
    const all = await runCli(['hosts', '--hub', server.url, '--format', 'csv']);
    expect([all.code, all.err]).toEqual([0, '']);
    expect(all.out).toContain('Freshness');
    const stale = await runCli(['hosts', '--hub', server.url, '--freshness', 'stale', '--format', 'json']);
    expect(rowsOf(stale.out, 'Hosts')).toHaveLength(byFreshness.stale);
    const json = await runCli(['hosts', '--hub', server.url, '--format', 'json']);
    expect(rowsOf(json.out, 'Hosts')).toHaveLength(total);
    const none = await runCli(['hosts', '--hub', server.url, '--search', 'no-such-host', '--format', 'table']);
    expect(none.out).toMatch(/^0 hosts\n[\s\S]*none\n/);
  });

  it('hosts --at a time before all hosts lists none, and a word that is no time is refused', async () => {
    const early = await runCli(['hosts', '--hub', server.url, '--at', '2001-01-01T00:00:00Z', '--format', 'json']);
    expect([early.code, rowsOf(early.out, 'Hosts')]).toEqual([0, []]);
    expectFault(await runCli(['hosts', '--hub', server.url, '--at', 'yesterday']), 'REQUEST_INVALID');
  });

  it('timeline names the layer of a change and the models that came of it', async () => {
    const { items: hosts } = (await (await fetch(`${server.url}/api/v1/hosts?limit=1000`)).json()) as {
      items: readonly { id: string }[];
    };
    const found: string[] = [];
    for (const { id } of hosts) {
      const reply = await fetch(`${server.url}/api/v1/hosts/${encodeURIComponent(id)}/observations`);
      const { items } = (await reply.json()) as { items: readonly { snapshotHash: string }[] };
      if (new Set(items.map(({ snapshotHash }) => snapshotHash)).size > 1) found.push(id);
    }
    const [host = ''] = found;
    const { code, out, err } = await runCli(['timeline', host, '--hub', server.url, '--format', 'json']);
    expect([code, err]).toEqual([0, '']);
    expect(rowsOf(out, 'Observations').length).toBeGreaterThan(1);
    const causes = rowsOf(out, 'Changes').map(([, cause]) => cause);
    expect(causes).toContainEqual(expect.stringMatching(/^(hardware|microcode|kernel|module-parameter|qemu)$/));
    expect(rowsOf(out, 'Models')).not.toEqual([]);
    const last = await runCli(['timeline', host, '--hub', server.url, '--last', '1', '--format', 'json']);
    expect(rowsOf(last.out, 'Observations')).toHaveLength(1);
    expect(rowsOf(last.out, 'Changes')).not.toEqual([]);
  });

  it('audit tells who changed what', async () => {
    const { code } = await runCli(['import', recordedHost, '--name', 'audited', '--hub', server.url]);
    expect(code).toBe(0);
    const { out } = await runCli(['audit', '--hub', server.url, '--last', '1', '--format', 'md']);
    expect(out).toContain('import');
    expect(out).toMatch(/\| *At *\|/);
  });

  it('a host that is not known is HOST_NOT_FOUND', async () => {
    expectFault(await runCli(['timeline', 'nosuch', '--hub', server.url]), 'HOST_NOT_FOUND');
  });
});

it.each([['hosts'], ['audit'], ['timeline', 'node-a']])('%s of a server that is not there', async (...args) => {
  const result = await runCli([...args, '--hub', 'http://127.0.0.1:1']);
  expectFault(result, 'HUB_UNREACHABLE', 3);
  // Why the connection failed, and what helps against a certificate that Node does not know.
  expect(result.err).toMatch(/does not answer \([^)]+\)/);
  expect(result.err).toContain('NODE_EXTRA_CA_CERTS');
});
