import { describe, expect, it } from 'vitest';
import { readDefinition } from '../plan/model-definitions.ts';
import { createContext } from '../resolve/context.ts';
import { resolve } from '../resolve/resolve.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { recordedSnapshot } from '../testing/recorded-snapshots.ts';
import { classifyCells } from './cell-classes.ts';
import { ColumnComputer } from './cube-column.ts';
import { foldSheet, hostFreshness, type Cube } from './cube.ts';
import { featureNeeds, modelReach } from './model-reach.ts';
import { planClasses } from './word-classes.ts';

const index = shippedIndex('10.0.13');
const snapshots = ['lab-epyc-milan-6.1', 'lab-opteron_g3-6.1', 'lab-epyc-6.1'].map(recordedSnapshot);
const catalog = 'sha256:0';

/** Three hosts with one QEMU, and a fourth that is silent. */
function cubeOfLab(): Cube {
  const request = { accel: 'kvm' } as const;
  const classes = classifyCells(index, request);
  const computer = new ColumnComputer(planClasses(index, classes));
  const columns = snapshots.map((snapshot) => computer.computeColumn(createContext(index, snapshot)));
  const { sheet, columnOf } = foldSheet(index, classes, columns, { ...index.catalog.qemu, catalog, runsAs: null });
  return {
    ...{ accel: 'kvm', kernelIrqchip: null, at: null, sheets: [sheet] },
    fingerprints: snapshots.map((_, at) => `f${at}`),
    sheetOf: Int16Array.from(snapshots, () => 0),
    columnOf: Uint16Array.from(columnOf),
    hosts: {
      ids: [...snapshots.keys(), 'silent'].map(String),
      names: [...snapshots.map(({ host }) => host.name), 'silent'],
      fingerprintOf: Int32Array.from([0, 1, 2, 0]),
      freshness: Uint8Array.from([0, 0, 0, hostFreshness.indexOf('stale')]),
    },
  };
}

describe('modelReach', () => {
  const cube = cubeOfLab();
  const asked = (model: string) => readDefinition(index, 'kvm', { model, machine: 'q35' })?.features ?? null;
  const reachOf = (model: string) => modelReach(cube, { model, machine: 'q35', askedOf: () => asked(model) });

  it.each(['EPYC-Milan-v2', 'EPYC', 'Opteron_G3', 'Skylake-Server-v4', 'qemu64'])(
    'tells of %s on every host what resolving the cell tells',
    (model) => {
      for (const { hosts, outcome, filteredCount, lacks } of reachOf(model))
        for (const id of hosts.filter((host) => host !== 'silent')) {
          const context = createContext(index, snapshots[Number(id)]);
          const resolution = resolve(context, { accel: 'kvm', machine: 'q35', cpu: model });
          expect(outcome).toBe(resolution.status);
          expect(filteredCount).toBe(new Set(resolution.unavailableFeatures).size);
          for (const name of lacks ?? []) expect(resolution.unavailableFeatures).toContain(name);
        }
    },
  );

  it('says unknown of a host that is silent, whatever it said before', () => {
    const silent = reachOf('qemu64').find(({ hosts }) => hosts.includes('silent'));
    expect(silent).toMatchObject({ hosts: ['silent'], outcome: 'unknown', lacks: null, qemu: null });
  });

  it('says not offered of a model that no QEMU has, and unknown of the silent host', () => {
    const outcomes = modelReach(cube, { model: 'EPYC-Turin', machine: 'q35', askedOf: () => null });
    expect(outcomes.map(({ hosts, outcome }) => [hosts.includes('silent'), outcome]).sort()).toEqual([
      ...outcomes.slice(1).map(() => [false, 'not-offered']),
      [true, 'unknown'],
    ]);
  });

  it('puts what most hosts lack first, and counts no host that is not asked', () => {
    const needs = featureNeeds(reachOf('Skylake-Server-v4'));
    expect(needs[0].lackedBy.length).toBeGreaterThanOrEqual(needs[needs.length - 1].lackedBy.length);
    expect(needs.find(({ name }) => name === 'avx512f')?.lackedBy).toHaveLength(3);
    expect(new Set(needs.map(({ of }) => of))).toEqual(new Set([3]));
    expect(needs.flatMap(({ lackedBy }) => lackedBy)).not.toContain('silent');
  });
});
