import { describe, expect, it } from 'vitest';
import { selectHosts, type HostQuery, type QueriedHost } from './host-query.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

const host = (id: string, rest: Partial<QueriedHost> = {}): QueriedHost => ({
  id,
  name: `node-${id}`,
  labels: {},
  source: 'agent',
  freshness: 'fresh',
  ...rest,
});

const fleet: readonly QueriedHost[] = [
  host('a', { labels: { rack: 'r1', zone: '' } }),
  host('b', { labels: { rack: 'r2' }, freshness: 'stale' }),
  host('c', { labels: { rack: 'r1' }, source: 'import' }),
  host('d', { freshness: 'unreachable' }),
];

const cpuNames: Readonly<Record<string, string>> = { a: 'AMD EPYC 7763', b: 'Intel Xeon Gold 6148' };
const factsOf = ({ id }: QueriedHost): SnapshotFacts | undefined => {
  const cpuName = cpuNames[id];
  if (cpuName === undefined) return undefined;
  const known = { state: 'known' } as const;
  return {
    ...{ hostId: id, fingerprint: 'f', name: id, labels: {}, cpuName, vendor: null, hypervisor: null, qemu: [] },
    kernelRelease: '6.1.0-56-amd64',
    layers: { hardware: known, kernel: known, kvm: known, qemu: known },
  };
};
const idsOf = (query: Partial<HostQuery>): string =>
  selectHosts(fleet, { limit: 100, ...query }, factsOf)
    .hosts.map(({ id }) => id)
    .join('');

describe('which hosts a list shows', () => {
  it.each<[string, Partial<HostQuery>, string]>([
    ['all without a filter', {}, 'abcd'],
    ['a label with its value', { label: ['rack=r1'] }, 'ac'],
    ['a label with any value', { label: ['rack'] }, 'abc'],
    ['a label with an empty value', { label: ['zone='] }, 'a'],
    ['two labels that must both hold', { label: ['rack=r1', 'zone'] }, 'a'],
    ['a name that every object has is no label', { label: ['constructor'] }, ''],
    ['one freshness', { freshness: ['stale'] }, 'b'],
    ['any of two', { freshness: ['stale', 'unreachable'] }, 'bd'],
    ['a source', { source: ['import'] }, 'c'],
    ['a word of the name, in any case', { q: 'NODE-D' }, 'd'],
    ['a word of the CPU name', { q: 'epyc' }, 'a'],
    ['two words that must both occur', { q: 'xeon 6.1.0' }, 'b'],
    ['a label as it is written', { q: 'rack=r2' }, 'b'],
    ['nothing but spaces', { q: '  ' }, 'abcd'],
    ['a word that occurs nowhere', { q: 'arm' }, ''],
  ])('%s', (_, query, expected) => {
    expect(idsOf(query)).toBe(expected);
  });

  it('pages cover everything once, whatever their size', () => {
    for (const limit of [1, 2, 3, 4, 5]) {
      let seen = '';
      let cursor: string | undefined;
      do {
        const page = selectHosts(fleet, { limit, cursor }, factsOf);
        seen += page.hosts.map(({ id }) => id).join('');
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toBe('abcd');
    }
  });

  it('a page goes on behind a host that does not pass the filters any more', () => {
    const { hosts } = selectHosts(fleet, { limit: 2, cursor: 'b', freshness: ['fresh'] }, factsOf);
    expect(hosts.map(({ id }) => id)).toEqual(['c']);
  });

  it('counts by freshness what the other filters leave', () => {
    const { byFreshness, total } = selectHosts(fleet, { limit: 1, label: ['rack'], freshness: ['fresh'] }, factsOf);
    expect([byFreshness, total]).toEqual([{ fresh: 2, stale: 1, unreachable: 0 }, 2]);
  });

  it('a cursor whose host was removed is REQUEST_INVALID', () => {
    expect(() => selectHosts(fleet, { limit: 1, cursor: 'gone' }, factsOf)).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }) as Error,
    );
  });
});
