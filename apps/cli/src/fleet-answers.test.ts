import { describe, expect, it } from 'vitest';
import { rowsOf, useDemoServer } from './testing/demo-server.ts';
import { expectFault, runCli, useFolder } from './testing/run-cli.ts';

const place = useFolder();

describe('where, security and features of a running server', () => {
  const server = useDemoServer(place);
  const ask = (...args: string[]) => runCli([...args, '--hub', server.url, '--format', 'json']);
  const getJson = async (path: string): Promise<unknown> => (await fetch(`${server.url}/api/v1/${path}`)).json();

  it('where counts every host once, and tells what those lack that filter the model', async () => {
    const { total } = (await getJson('hosts?limit=1')) as { total: number };
    const { code, out, err } = await ask('where', 'EPYC-Milan');
    expect([code, err]).toEqual([1, '']);
    const rows = rowsOf(out, 'Where it runs');
    expect(rows.flatMap(([, hosts]) => String(hosts).split(' '))).toHaveLength(total);
    const filtered = rows.filter(([outcome]) => outcome === 'filtered');
    expect(filtered.length).toBeGreaterThan(0);
    for (const [, , , count, lacks] of filtered) {
      expect(count).toBeGreaterThan(0);
      expect(lacks).not.toBe('');
    }
    // What is not known has no number, not even zero.
    const unknown = rows.filter(([outcome]) => outcome === 'unknown');
    expect(new Set(unknown.map(([, , , count]) => count))).toEqual(new Set([null]));
  });

  it('where exits 3 as of a time when no host was known, and 2 for a name that nobody knows', async () => {
    const early = await ask('where', 'EPYC-Milan', '--at', '2001-01-01T00:00:00Z');
    expect([early.code, rowsOf(early.out, 'Where it runs')]).toEqual([3, []]);
    expectFault(await ask('where', 'NoSuchModel'), 'CPU_MODEL_UNKNOWN');
    expectFault(await ask('where', 'EPYC-Milan', '--machine', 'nosuch'), 'MACHINE_TYPE_UNKNOWN');
    expectFault(await ask('where', 'EPYC-Milan', '--at', 'yesterday'), 'REQUEST_INVALID');
  });

  it('security has the flags of every group that the API tells, and exits 1 where one is lacking', async () => {
    const { groups } = (await getJson('security?model=EPYC-Milan')) as {
      groups: readonly { security: { kind: string; flags?: readonly { verdict: string }[] } }[];
    };
    const { code, out, err } = await ask('security', 'EPYC-Milan');
    expect([code, err]).toEqual([1, '']);
    expect(rowsOf(out, 'Hosts')).toHaveLength(groups.length);
    const verdicts = rowsOf(out, 'Flags').map(([, , verdict]) => verdict);
    expect(verdicts).toEqual(groups.flatMap(({ security }) => (security.flags ?? []).map(({ verdict }) => verdict)));
    expect(verdicts).toContain('unknown');
    expectFault(await ask('security', 'NoSuch,,='), 'CPU_STRING_INVALID');
  });

  it('features finds all words of a search, also in what is known of a feature', async () => {
    const all = rowsOf((await ask('features')).out, 'Features');
    expect(all.length).toBeGreaterThan(100);
    const { code, out } = await ask('features', '--search', 'SPECTRE ibrs', '--catalog', '10.0');
    expect(code).toBe(0);
    const found = rowsOf(out, 'Features').map(([name]) => name);
    expect(found).toContain('spec-ctrl');
    expect(found.length).toBeLessThan(all.length);
    expectFault(await ask('features', '--catalog', 'nosuch'), 'CATALOG_NOT_FOUND');
  });
});

it.each([['where', 'EPYC'], ['security', 'EPYC'], ['features']])(
  '%s of a server that is not there',
  async (...args) => {
    expectFault(await runCli([...args, '--hub', 'http://127.0.0.1:1']), 'HUB_UNREACHABLE', 3);
  },
);
