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
  readonly file: string;
  readonly text: string;
  readonly snapshot: HostSnapshot;
}

const hosts: readonly DemoHost[] = readdirSync(snapshotRoot)
  .filter((file) => file.endsWith('.json'))
  .sort()
  .map((file) => {
    const text = readFileSync(join(snapshotRoot, file), 'utf8');
    return { file, text, snapshot: parseSnapshotText(text, file) };
  });

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

  it('has one stale host, one without TSX for its microcode, and ids of which each is there once', () => {
    const roles = hosts.flatMap(({ snapshot }) => snapshot.host.labels?.demo ?? []);
    expect(roles.sort()).toEqual(['stale', 'tsx-removed-by-microcode']);
    expect(new Set(hosts.map(({ snapshot }) => snapshot.host.id)).size).toBe(hosts.length);
  });

  it('lists each file in its index', () => {
    const index = readFileSync(join(snapshotRoot, 'README.md'), 'utf8');
    const listed = [...index.matchAll(/^\| `([^`]+)`/gm)].map(([, file]) => file);
    expect(listed).toEqual(hosts.map(({ file }) => file));
  });

  it.each(hosts)('$file says where it comes from, and imports as it is', ({ text, snapshot }) => {
    const { provenance } = JSON.parse(text) as {
      provenance: { what: string; sources: readonly { file: string }[]; notes: readonly string[] };
    };
    expect(provenance.what.length).toBeGreaterThan(40);
    expect(provenance.sources.length).toBeGreaterThan(0);
    for (const { file } of provenance.sources) expect(file).toMatch(/^(?:libvirt|kvm-hosts)/);
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

  const probed = hosts.filter(({ snapshot: { kernel } }) => kernel !== undefined && !isUnknown(kernel));
  it.each(probed)('$file: -cpu host filters nothing, with each of its QEMUs', ({ snapshot }) => {
    for (const { version } of snapshot.qemu ?? []) {
      const check = checkHostModel(createContext(nearestCatalog(version), snapshot));
      expect({ version, ...check }).toMatchObject({ outcome: 'passed' });
    }
  });
});
