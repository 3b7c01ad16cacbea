import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseSnapshotText } from '@cpu-atlas/contract';
import {
  checkHostModel,
  createContext,
  indexCatalog,
  isUnknown,
  releaseOf,
  resolve,
  type Catalog,
  type CatalogIndex,
  type HostSnapshot,
} from '@cpu-atlas/core';
import { describe, expect, it } from 'vitest';
import { importText } from './import-text.ts';
import { options, snapshotRoot } from './testing/seed-corpus.ts';

const catalogRoot = join(snapshotRoot, '..', 'qemu');
const versions = readdirSync(catalogRoot, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const indexes = new Map<string, CatalogIndex>();

/** Of the shipped catalogs the one with the least distance; a host without a QEMU gets the newest. */
function nearestCatalog(wanted: string | undefined): CatalogIndex {
  const distance = (version: string): number =>
    wanted === undefined ? -releaseOf(version) : Math.abs(releaseOf(version) - releaseOf(wanted));
  const nearest = [...versions].sort((a, b) => distance(a) - distance(b))[0] ?? '';
  const known = indexes.get(nearest);
  if (known !== undefined) return known;
  const file = join(catalogRoot, nearest, 'catalog.json');
  const index = indexCatalog((JSON.parse(readFileSync(file, 'utf8')) as { catalog: Catalog }).catalog);
  indexes.set(nearest, index);
  return index;
}

interface DemoHost {
  /** `earlier/…` for a state that the host was in before. */
  readonly file: string;
  readonly text: string;
  readonly snapshot: HostSnapshot;
  readonly provenance: {
    readonly what: string;
    readonly sources: readonly { readonly record: string }[];
    readonly derived?: { readonly from: string; readonly change: string; readonly source: string };
    readonly staging: { readonly role: string; readonly fromDaysAgo: number; readonly untilDaysAgo?: number };
  };
}

function readHosts(folder: string): readonly DemoHost[] {
  return readdirSync(join(snapshotRoot, folder))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(snapshotRoot, file), 'utf8');
      const { provenance } = JSON.parse(text) as Pick<DemoHost, 'provenance'>;
      return { file, text, snapshot: parseSnapshotText(text, file), provenance };
    });
}

const hosts = readHosts('.');
const earlier = readHosts('earlier');
const states = [...earlier, ...hosts];

describe('data/snapshots', () => {
  it('has at least 24 hosts of 12 generations and both vendors, in less than 1.5 MB', () => {
    const generations = new Set(hosts.map(({ snapshot }) => snapshot.host.labels?.generation));
    const vendors = new Set(
      hosts.map(({ snapshot }) => createContext(nearestCatalog(undefined), snapshot).facts.vendor),
    );
    expect(hosts.length).toBeGreaterThanOrEqual(24);
    expect(generations.size).toBeGreaterThanOrEqual(12);
    expect([...vendors].sort()).toEqual(['AuthenticAMD', 'GenuineIntel']);
    expect(hosts.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(1_500_000);
  });

  it('has several kernels and the QEMUs of all shipped catalogs', () => {
    const releases = hosts.flatMap(({ snapshot: { kernel } }) =>
      kernel === undefined || isUnknown(kernel) ? [] : [kernel.release.split('.').slice(0, 2).join('.')],
    );
    expect(new Set(releases)).toEqual(new Set(['5.10', '6.1', '6.12', '7.3']));
    const installed = new Set(hosts.flatMap(({ snapshot }) => (snapshot.qemu ?? []).map(({ version }) => version)));
    expect(versions.filter((version) => !installed.has(version))).toEqual([]);
  });

  it('stages one stale and one unreachable host, and an earlier state for each history', () => {
    const inRole = (role: string): number => states.filter(({ provenance }) => provenance.staging.role === role).length;
    expect({ stale: inRole('stale'), unreachable: inRole('unreachable'), earlier: inRole('earlier') }).toEqual({
      stale: 1,
      unreachable: 1,
      earlier: earlier.length,
    });
    expect(new Set(hosts.map(({ snapshot }) => snapshot.host.id)).size).toBe(hosts.length);
    for (const { snapshot, provenance } of earlier) {
      const now = hosts.find((host) => host.snapshot.host.id === snapshot.host.id);
      expect(now?.provenance.staging.fromDaysAgo).toBe(provenance.staging.untilDaysAgo);
      expect(provenance.staging.fromDaysAgo).toBeGreaterThan(provenance.staging.untilDaysAgo ?? 0);
    }
  });

  it('derives one state, and only as its provenance says: TSX is gone, and nothing else changed', () => {
    const [derived, ...others] = states.filter(({ provenance }) => provenance.derived !== undefined);
    expect([derived?.snapshot.host.labels?.demo, others]).toEqual(['tsx-removed-by-microcode', []]);
    const before = earlier.find(({ file }) => file === derived?.provenance.derived?.from)?.snapshot.hardware;
    const after = derived?.snapshot.hardware;
    if (before === undefined || after === undefined || isUnknown(before) || isUnknown(after)) throw new Error('none');
    const entriesOf = ({ cpus }: typeof before): readonly string[] =>
      cpus[0].cpuid.map((entry) => JSON.stringify(entry));
    const changed = entriesOf(after).filter((entry) => !entriesOf(before).includes(entry));
    const leaf7 = (layer: typeof before): number =>
      Number(layer.cpus[0].cpuid.find(({ leaf, subleaf }) => Number(leaf) === 7 && subleaf === 0)?.ebx);
    expect([changed.length, leaf7(before) ^ leaf7(after)]).toEqual([1, (1 << 4) | (1 << 11)]);
  });

  it('lists each file in its index', () => {
    const index = readFileSync(join(snapshotRoot, 'README.md'), 'utf8');
    const listed = [...index.matchAll(/^\| `([^`]+)`/gm)].map(([, file]) => file);
    expect(listed).toEqual(states.map(({ file }) => file).sort());
  });

  it.each(states)('$file says where it comes from, and imports as it is', ({ text, snapshot, provenance }) => {
    expect(provenance.what.length).toBeGreaterThan(40);
    expect(provenance.sources.length).toBeGreaterThan(0);
    for (const { record } of provenance.sources)
      expect(record).toMatch(/^(?:libvirt\/|kvm-hosts\/|scripts\/probe-lab-hosts)/);
    expect(importText(text, options).snapshots).toEqual([snapshot]);
  });

  it.each(hosts)('$file: every model resolves under KVM with the nearest shipped catalog', ({ snapshot }) => {
    const index = nearestCatalog(snapshot.qemu?.[0]?.version);
    const context = createContext(index, snapshot);
    const machine = index.catalog.machines.find(({ isDefault }) => isDefault)?.name ?? 'q35';
    const canTell = context.facts.kvm !== null || context.facts.observed.kvm !== null;
    // The model base asks for nothing, so it runs wherever.
    const models = index.catalog.models.filter(({ name }) => name !== 'base');
    const statuses = models.map(({ name }) => resolve(context, { accel: 'kvm', machine, cpu: name }).status);
    if (canTell) expect(statuses.filter((status) => status !== 'unknown').length).toBeGreaterThan(10);
    else expect(new Set(statuses)).toEqual(new Set(['unknown']));
  });

  const probed = states.filter(({ snapshot: { kernel } }) => kernel !== undefined && !isUnknown(kernel));
  it.each(probed)('$file: -cpu host filters nothing, with each of its QEMUs', ({ snapshot }) => {
    for (const { version } of snapshot.qemu ?? []) {
      const check = checkHostModel(createContext(nearestCatalog(version), snapshot));
      expect({ version, ...check }).toMatchObject({ outcome: 'passed' });
    }
  });
});
