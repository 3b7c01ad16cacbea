import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createContext } from '../resolve/context.ts';
import { resolve } from '../resolve/resolve.ts';
import type { HostSnapshot } from '../snapshot/snapshot.ts';
import { shippedIndex } from '../testing/catalogs.ts';
import { recordedSnapshot, recordedSnapshots } from '../testing/recorded-snapshots.ts';
import { classifyCells, type MatrixRequest } from './cell-classes.ts';
import { ColumnComputer } from './cube-column.ts';
import { foldSheet, hostFreshness, type Cube, type HostFreshnessState } from './cube.ts';
import { decodeCube } from './cube-decode.ts';
import { encodeCube } from './cube-encode.ts';
import { pivotCube } from './pivot-cube.ts';
import { pivotFeatures } from './pivot-features.ts';
import { planClasses } from './word-classes.ts';

const older = shippedIndex('7.2.22');
const newer = shippedIndex('10.0.13');

interface FleetHost {
  readonly snapshot: HostSnapshot;
  readonly freshness?: HostFreshnessState;
  /** Which QEMU it is asked with; null: it has none that is known. */
  readonly index?: typeof older | null;
}

/** A cube of hosts, each of which is a fingerprint of its own. */
function cubeOf(fleet: readonly FleetHost[], request: MatrixRequest): Cube {
  const used = [...new Set(fleet.map(({ index = newer }) => index))].filter((index) => index !== null);
  const columnOf = new Uint16Array(fleet.length);
  const sheets = used.map((index) => {
    const classes = classifyCells(index, request);
    const computer = new ColumnComputer(planClasses(index, classes));
    const members = [...fleet.keys()].filter((i) => (fleet[i].index === undefined ? newer : fleet[i].index) === index);
    const columns = members.map((i) => computer.computeColumn(createContext(index, fleet[i].snapshot)));
    const folded = foldSheet(index, classes, columns, {
      ...index.catalog.qemu,
      catalog: 'sha256:0',
      runsAs: index === older ? '7.2.0' : null,
    });
    members.forEach((i, at) => (columnOf[i] = folded.columnOf[at]));
    return folded.sheet;
  });
  return {
    accel: request.accel,
    kernelIrqchip: request.kernelIrqchip ?? null,
    at: null,
    sheets,
    fingerprints: fleet.map((_, i) => `fingerprint-${i}`),
    sheetOf: Int16Array.from(fleet, ({ index = newer }) => (index === null ? -1 : used.indexOf(index))),
    columnOf,
    hosts: {
      ids: fleet.map((_, i) => `host-${i}`),
      names: fleet.map(({ snapshot }) => `Wirt ${snapshot.host.name} \u{1f5a5}`),
      fingerprintOf: Int32Array.from(fleet.keys()),
      freshness: Uint8Array.from(fleet, ({ freshness = 'fresh' }) => hostFreshness.indexOf(freshness)),
    },
  };
}

const lab = recordedSnapshots().filter(({ host }) => host.name.startsWith('lab-'));
const milan = recordedSnapshot('lab-epyc-milan-6.1');
const opteron = recordedSnapshot('lab-opteron_g3-6.1');

describe('the pivot', () => {
  const cube = cubeOf(
    lab.map((snapshot) => ({ snapshot })),
    { accel: 'kvm' },
  );

  it('counts on how many hosts each model runs on each machine type, as resolving each cell does', () => {
    const pivot = pivotCube(cube, { rows: 'model', columns: 'machine' });
    const contexts = lab.map((snapshot) => createContext(newer, snapshot));
    expect(pivot.total).toBe(lab.length);
    let compared = 0;
    pivot.rows.forEach(({ members: [cpu] }, row) =>
      pivot.columns.forEach(({ members }, column) => {
        const at = row * pivot.columns.length + column;
        if (at % 7 !== 0 || pivot.notOffered[at] > 0) return;
        const statuses = contexts.map((context) => resolve(context, { accel: 'kvm', machine: members[0], cpu }).status);
        const count = (status: string): number => statuses.filter((own) => own === status).length;
        expect([pivot.runnable[at], pivot.filtered[at], pivot.refused[at], pivot.unknown[at]]).toEqual(
          ['runnable', 'filtered', 'refused', 'unknown'].map(count),
        );
        compared += 1;
      }),
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('shows single hosts on one machine type, also by its alias', () => {
    const pivot = pivotCube(cube, {
      rows: 'host',
      columns: 'model',
      fixed: { machines: ['q35'], models: ['EPYC-Milan'] },
    });
    expect(pivot.rows.flatMap(({ members }) => members).sort()).toEqual(lab.map((_, i) => `host-${i}`).sort());
    pivot.rows.forEach(({ members }, row) => {
      const snapshot = lab[Number(members[0].slice(5))];
      const { status } = resolve(createContext(newer, snapshot), { accel: 'kvm', machine: 'q35', cpu: 'EPYC-Milan' });
      expect([status, pivot.runnable[row], pivot.filtered[row]]).toEqual(
        status === 'runnable' ? ['runnable', 1, 0] : ['filtered', 0, 1],
      );
    });
  });

  it('counts machine types, too', () => {
    const pivot = pivotCube(cube, { rows: 'host', columns: 'model', fixed: { models: ['qemu64'] } });
    const harvested = cube.sheets[0].machines.flatMap(({ machines }) => machines).length;
    pivot.rows.forEach((_, row) => {
      const counted = pivot.runnable[row] + pivot.filtered[row] + pivot.refused[row] + pivot.unknown[row];
      expect(counted + pivot.notOffered[row]).toBe(harvested);
    });
    expect(pivot.total).toBe(harvested);
  });

  it('has every machine type in one column, and no two columns that are alike', () => {
    const { machines } = cube.sheets[0];
    const names = machines.flatMap((column) => column.machines);
    expect(new Set(names).size).toBe(names.length);
    const pivot = pivotCube(cube, { rows: 'model', columns: 'machine' });
    expect(pivot.columns.length).toBe(machines.length);
    expect(machines.length).toBeLessThan(names.length / 2);
  });
});

describe('a host that is silent', () => {
  const fleet = (freshness: HostFreshnessState): Cube =>
    cubeOf([{ snapshot: milan }, { snapshot: opteron, freshness }], { accel: 'kvm' });
  const request = { rows: 'model', columns: 'machine' } as const;

  it.each(['stale', 'unreachable'] as const)(
    'and so %s makes every cell unknown by one, and none wider',
    (freshness) => {
      const before = pivotCube(fleet('fresh'), request);
      const after = pivotCube(fleet(freshness), request);
      const alone = pivotCube(cubeOf([{ snapshot: milan }], { accel: 'kvm' }), request);
      const at = (pivot: typeof before, model: string, machine: string): number =>
        pivot.rows.findIndex(({ members }) => members.includes(model)) * pivot.columns.length +
        pivot.columns.findIndex(({ members }) => members.includes(machine));
      for (const { members } of before.rows)
        for (const machine of before.columns.flatMap((column) => column.members)) {
          const [b, a, one] = [before, after, alone].map((pivot) => at(pivot, members[0], machine));
          expect(after.runnable[a]).toBeLessThanOrEqual(before.runnable[b]);
          expect(after.runnable[a]).toBe(alone.runnable[one]);
          expect(after.unknown[a]).toBe(alone.unknown[one] + 1);
        }
    },
  );

  it('has features of which nothing is known', () => {
    const pivot = pivotFeatures(fleet('stale'), {});
    expect(pivot.unknown.every((count) => count >= 1)).toBe(true);
    const svm = pivot.features.indexOf('avx2');
    expect([pivot.yes[svm], pivot.no[svm], pivot.unknown[svm]]).toEqual([1, 0, 1]);
  });
});

describe('hosts with a QEMU of their own', () => {
  const cube = cubeOf(
    [
      { snapshot: milan, index: older },
      { snapshot: milan, index: newer },
      { snapshot: milan, index: null },
    ],
    { accel: 'kvm' },
  );

  it('are each asked with theirs; what a QEMU lacks is not offered, an unknown QEMU is unknown', () => {
    const pivot = pivotCube(cube, {
      rows: 'machine',
      columns: 'model',
      fixed: { machines: ['pc-q35-10.0', 'pc-q35-7.2'], models: ['qemu64'] },
    });
    const row = (name: string): number => pivot.rows.findIndex(({ members }) => members.includes(name));
    expect(pivot.notOffered[row('pc-q35-10.0')]).toBe(1);
    expect(pivot.notOffered[row('pc-q35-7.2')]).toBe(0);
    expect([...pivot.unknown]).toEqual(pivot.rows.map(() => 1));
    expect(pivot.total).toBe(3);
  });

  it('take an alias as their QEMU does', () => {
    const pivot = pivotCube(cube, {
      rows: 'machine',
      columns: 'model',
      fixed: { machines: ['q35'], models: ['qemu64'] },
    });
    expect(pivot.rows.map(({ members }) => members)).toEqual([['q35']]);
    expect([pivot.notOffered[0], pivot.unknown[0]]).toEqual([0, 1]);
  });
});

describe('features by host', () => {
  it('shows only rows that differ when asked', () => {
    const cube = cubeOf([{ snapshot: milan }, { snapshot: opteron }], { accel: 'kvm' });
    const all = pivotFeatures(cube, {});
    const differing = pivotFeatures(cube, { onlyDiffering: true });
    expect(all.features).toEqual(newer.catalog.features.map(({ name }) => name));
    expect(differing.features).toEqual(all.features.filter((_, f) => all.yes[f] !== 0 && all.yes[f] !== 2));
    expect(differing.features).toContain('avx2');
  });
});

describe('a cube as bytes', () => {
  const cube = cubeOf(
    [
      { snapshot: milan, index: older },
      { snapshot: opteron, freshness: 'stale' },
    ],
    { accel: 'kvm', kernelIrqchip: 'split' },
  );
  const bytes = encodeCube(cube);

  it('comes back as it was, and equal cubes have equal bytes', () => {
    expect(decodeCube(bytes)).toEqual(cube);
    expect(encodeCube(decodeCube(bytes))).toEqual(bytes);
  });

  it('is read from the middle of a larger buffer', () => {
    const larger = new Uint8Array(bytes.length + 5);
    larger.set(bytes, 5);
    expect(decodeCube(larger.subarray(5))).toEqual(cube);
  });

  it('is refused, or still safe to read, wherever it is damaged', () => {
    const damage = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.integer({ min: 0, max: bytes.length }));
    fc.assert(
      fc.property(damage, ([at, value, length]) => {
        const broken = bytes.slice(0, length);
        if (at < length) broken[at] = value;
        try {
          pivotCube(decodeCube(broken), { rows: 'model', columns: 'machine' });
        } catch (error) {
          expect(error).toMatchObject({ code: 'CUBE_INVALID' });
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { name: 'nothing', broken: new Uint8Array(0) },
    { name: 'other bytes', broken: new Uint8Array(64) },
    { name: 'half of it', broken: bytes.slice(0, bytes.length / 2) },
    {
      name: 'a header that is no header',
      broken: Uint8Array.from([...bytes.slice(0, 8), 2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]),
    },
  ])('is refused: $name', ({ broken }) => {
    expect(() => decodeCube(broken)).toThrow(expect.objectContaining({ code: 'CUBE_INVALID' }));
  });
});
