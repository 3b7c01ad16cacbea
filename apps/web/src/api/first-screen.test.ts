import type { CatalogSummary, HostSummary } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { parseRoute } from '../navigation/route.ts';
import { loadFirstScreen } from './first-screen.ts';

const host = (id: string, more: object = {}) =>
  ({
    id,
    isSelf: false,
    snapshotHash: `snapshot-of-${id}`,
    qemu: [{ catalog: `catalog-of-${id}` }],
    ...more,
  }) as unknown;
const hosts = [host('far'), host('own', { isSelf: true }), host('bare', { qemu: [] })] as readonly HostSummary[];
const catalogs = [
  { hash: 'old', version: '7.2.0' },
  { hash: 'new', version: '10.0.0' },
] as readonly Partial<CatalogSummary>[] as readonly CatalogSummary[];

/** What was loaded for an address, in order. */
async function loadsOf(address: string, listed: readonly HostSummary[] | undefined = hosts): Promise<string[]> {
  const loads: string[] = [];
  const load = async (what: string) => void loads.push(what);
  await loadFirstScreen(
    {
      session: () => load('session'),
      hosts: async () => {
        await load('hosts');
        return listed;
      },
      catalogs: async () => {
        await load('catalogs');
        return catalogs;
      },
      snapshot: load,
      catalog: load,
      cube: ({ accel }) => load(`cube ${accel}`),
    },
    parseRoute(new URL(address, 'http://atlas')),
  );
  return loads;
}

describe('loadFirstScreen', () => {
  it.each<[string, string, string[]]>([
    ['the own host without a link', '/', ['catalogs', 'hosts', 'snapshot-of-own', 'catalog-of-own']],
    ['the host that a link names', '/matrix?host=far', ['catalogs', 'hosts', 'snapshot-of-far', 'catalog-of-far']],
    [
      'what a link pins, before the host is known',
      '/matrix?host=far&snapshot=s1&catalog=c1',
      ['s1', 'c1', 'catalogs', 'hosts'],
    ],
    ['the newest catalog for a host without QEMU', '/?host=bare', ['catalogs', 'hosts', 'snapshot-of-bare', 'new']],
    ['nothing of a host that is not listed', '/matrix?host=gone', ['catalogs', 'hosts']],
    ['the cube and the catalogs of the fleet', '/pivot?accel=tcg', ['cube tcg', 'catalogs']],
    ['nothing more on other screens', '/hosts', []],
  ])('loads %s', async (_, address, expected) => {
    expect(await loadsOf(address)).toEqual(['session', ...expected]);
  });

  it('ends where there are no hosts', async () => {
    expect(await loadsOf('/', [])).toEqual(['session', 'catalogs', 'hosts']);
  });
});
