import type { HostSummary } from '@cpu-atlas/contract';
import { describe, expect, it } from 'vitest';
import { chosenField, textsField } from './pools-fields.ts';
import { filterHosts, foldClasses, listLabels, nameFold, selectHosts, stampOf } from './select-hosts.ts';

type Told = Partial<Pick<HostSummary, 'labels' | 'cpuName' | 'fingerprint' | 'snapshotHash' | 'freshness'>>;

function host(id: string, told: Told = {}): HostSummary {
  const known = { state: 'known' } as const;
  return {
    ...{ id, name: id, labels: {}, source: 'agent', collectedAt: '2026-11-22T13:00:00Z', ageSeconds: 0 },
    freshness: { state: 'fresh', lastSeenAt: '2026-11-22T13:00:00Z', silentSeconds: 0 },
    ...{ isSelf: false, isProbing: false, cpuName: null, vendor: null, kernelRelease: null, hypervisor: null },
    ...{ snapshotHash: `sha256:${id}`, fingerprint: `sha256:${id}`, agentVersion: null, takesCommands: false },
    layers: { hardware: known, kernel: known, kvm: known, qemu: known },
    qemu: [],
    ...told,
  };
}

const stale = { state: 'stale', lastSeenAt: '2026-11-20T13:00:00Z', silentSeconds: 9e5 } as const;
const fleet = [
  host('a', { labels: { rack: 'r1', site: 'x' }, cpuName: 'AMD EPYC 7601' }),
  host('b', { labels: { rack: 'r2', site: 'x' }, cpuName: 'Intel Xeon', fingerprint: 'same' }),
  host('c', { labels: { rack: 'r3', site: 'y' }, cpuName: 'Intel Xeon', fingerprint: 'same' }),
  host('d', { cpuName: 'Intel Xeon', fingerprint: 'same', freshness: stale }),
];
const all = { hosts: null, search: '', labels: [] };
const idsOf = (hosts: readonly HostSummary[]) => hosts.map(({ id }) => id).join('');

describe('hosts of a pool', () => {
  it.each([
    ['nothing said leaves all', {}, 'abcd'],
    ['every word has to occur', { search: 'xeon R2' }, 'b'],
    ['values of one label are alternatives', { labels: ['rack=r1', 'rack=r2'] }, 'ab'],
    ['labels are not', { labels: ['rack=r1', 'rack=r3', 'site=y'] }, 'c'],
  ])('%s', (_, choice, ids) => {
    expect(idsOf(filterHosts(fleet, { ...all, ...choice }))).toBe(ids);
  });

  it.each([
    ['a host that the fleet does not know is told', ['a', 'zz'], 'a', ['zz'], false],
    ['none at all is not all', [], '', [], false],
    ['all by hand are the whole fleet', ['d', 'c', 'b', 'a'], 'abcd', [], true],
  ] as const)('chosen by hand: %s', (_, hosts, ids, missing, isWhole) => {
    const selection = selectHosts(fleet, { ...all, hosts, search: 'passed over' });
    expect([idsOf(selection.chosen), selection.missing, selection.isWhole]).toEqual([ids, missing, isWhole]);
  });

  it('equal hosts are one class, unless one of them is silent', () => {
    const classes = foldClasses(fleet);
    expect(classes.map(nameFold)).toEqual(['a', 'b … ×2', 'd']);
  });

  it('lists labels with their counts', () => {
    expect(listLabels(fleet)).toEqual([
      { label: 'rack=r1', name: 'rack', count: 1 },
      { label: 'rack=r2', name: 'rack', count: 1 },
      { label: 'rack=r3', name: 'rack', count: 1 },
      { label: 'site=x', name: 'site', count: 2 },
      { label: 'site=y', name: 'site', count: 1 },
    ]);
  });

  it('the stamp changes when a host falls silent or is seen anew', () => {
    const changed = [
      fleet,
      fleet.slice(1),
      [...fleet.slice(0, 3), host('d', { freshness: stale, snapshotHash: 'sha256:new' })],
      [host('a', { freshness: stale }), ...fleet.slice(1)],
    ].map(stampOf);
    expect(new Set(changed).size).toBe(changed.length);
    expect(stampOf([...fleet])).toBe(stampOf(fleet));
  });
});

describe('lists in the address', () => {
  it.each([[[]], [['a', 'b']], [['with,comma', '100%2C', '%']]])('%j comes back', (list) => {
    const field = textsField();
    expect(field.parse(field.format(list))).toEqual(list);
  });

  it.each([
    [null, ''],
    [[], '-'],
    [['a'], 'a'],
  ])('%j is %j', (value, text) => {
    const field = chosenField();
    expect(field.format(value)).toBe(text);
    expect(field.parse(text)).toEqual(value);
  });
});
