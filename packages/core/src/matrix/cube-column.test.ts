import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { createContext, type ResolveContext } from '../resolve/context.ts';
import { explain } from '../resolve/explain.ts';
import { settleCell } from '../resolve/settle-cell.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { everything, hostWith, setOfFeatures } from '../testing/hosts.ts';
import { recordedSnapshots } from '../testing/recorded-snapshots.ts';
import { classifyCells, type MatrixRequest } from './cell-classes.ts';
import { ColumnComputer, type ClassOutcomes } from './cube-column.ts';
import { decodeColumn, encodeColumn } from './cube-column-bytes.ts';
import { computeHostMatrix } from './host-matrix.ts';
import { requestOf } from './outcome-table.ts';
import { judgedFeatures, judgedUndecided } from './verdict-memo.ts';
import { planClasses, type ClassPlan } from './word-classes.ts';

const indexes = shippedVersions.map((version) => ({ version, index: shippedIndex(version) }));
const hosts = recordedSnapshots();
const probedHosts = hosts.filter(({ host }) => host.name.startsWith('lab-'));

/** Cells of a column that are not those of the matrix, which resolves each one. */
function differences(plan: ClassPlan, context: ResolveContext, outcomes: ClassOutcomes): string[] {
  const matrix = computeHostMatrix(context, plan.classes.request);
  const columnOf = new Map(matrix.columns.flatMap(({ machines }, column) => machines.map((name) => [name, column])));
  const rowOf = new Map(matrix.models.map(({ name }, row) => [name, row]));
  const { models, machines } = context.index.catalog;
  return plan.classes.groups.flatMap((group) =>
    group.machines.flatMap((machine) =>
      [...group.classOf].flatMap((number, model) => {
        const at =
          (rowOf.get(models[model].name) ?? 0) * matrix.columns.length + (columnOf.get(machines[machine].name) ?? 0);
        const [status, filtered] = number < 0 ? [4, 0] : [outcomes.status[number], outcomes.filteredCount[number]];
        const isEqual = matrix.status[at] === status && matrix.filteredCount[at] === filtered;
        return isEqual ? [] : [`${machines[machine].name} ${models[model].name}`];
      }),
    ),
  );
}

function planOf(index: CatalogIndex, request: MatrixRequest): ClassPlan {
  return planClasses(index, classifyCells(index, request));
}

describe.each(indexes)('a column of the cube, QEMU $version', ({ index }) => {
  it('has the cells of the matrix of every recorded host under KVM', () => {
    const plan = planOf(index, { accel: 'kvm' });
    const computer = new ColumnComputer(plan);
    for (const host of hosts) {
      const context = createContext(index, host);
      expect({ host: host.host.name, cells: differences(plan, context, computer.compute(context)) }).toEqual({
        host: host.host.name,
        cells: [],
      });
    }
  });

  it.each<MatrixRequest>([
    { accel: 'kvm', kernelIrqchip: 'on' },
    { accel: 'kvm', kernelIrqchip: 'split' },
    { accel: 'kvm', kernelIrqchip: 'off' },
    { accel: 'tcg' },
  ])('has the cells of the matrix with $accel, kernel-irqchip=$kernelIrqchip', (request) => {
    const plan = planOf(index, request);
    const computer = new ColumnComputer(plan);
    for (const host of [null, ...probedHosts, hosts[0]]) {
      const context = createContext(index, host);
      expect(differences(plan, context, computer.computeColumn(context))).toEqual([]);
    }
  });

  it('has the cells of the matrix on hosts that no one recorded', () => {
    const plan = planOf(index, { accel: 'kvm' });
    const computer = new ColumnComputer(plan);
    const names = index.catalog.features.map(({ name }) => name);
    const lacking = fc.subarray(names, { maxLength: 40 });
    const traits = fc.record({
      vendor: fc.constantFrom('AuthenticAMD', 'GenuineIntel', 'CentaurHauls'),
      kvm: fc.record({
        unwritableMsrs: fc.subarray(['0x10a', '0x345', '0x48b', '0x492']),
        mceCapabilities: fc.constantFrom('0x0', '0x8000000'),
        msrIndices: fc.constantFrom(['0x3a', '0x40000000'], ['0x10a'], []),
      }),
    });
    fc.assert(
      fc.property(lacking, traits, (without, host) => {
        const set = everything(index);
        setOfFeatures(index, without).forEach((lane, i) => (set[i] &= ~lane));
        const context = createContext(index, hostWith(index, set, host));
        expect(differences(plan, context, computer.compute(context))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('tells of each feature what the explanation of -cpu max tells', () => {
    const [host] = probedHosts;
    const context = createContext(index, host);
    const { supported, supportUnknown } = new ColumnComputer(planOf(index, { accel: 'kvm' })).computeColumn(context);
    const machine = index.catalog.machines.find(({ isDefault }) => isDefault)?.name ?? '';
    const { features } = explain(context, { accel: 'kvm', machine, cpu: 'max' });
    const told = index.catalog.features.map(({ name }, i) => {
      const bit = 1 << (i & 7);
      return { name, supported: supported[i >> 3] & bit ? 'yes' : supportUnknown[i >> 3] & bit ? 'unknown' : 'no' };
    });
    expect(told).toEqual(features.map(({ name, supported: state }) => ({ name, supported: state })));
  });
});

describe('the bits that decide whether a CPU starts', () => {
  const { index } = indexes[1];
  const declared = setOfFeatures(
    index,
    judgedFeatures.filter((name) => index.features.has(name)),
  );
  const declaredOpen = setOfFeatures(index, [...judgedUndecided]);
  const plan = planOf(index, { accel: 'kvm' });
  const lanes = index.layout.laneCount;

  it.each(['on', 'off'] as const)(
    'are those that are declared: no other one turns a verdict, irqchip %s',
    (irqchip) => {
      const request: MatrixRequest = { accel: 'kvm', kernelIrqchip: irqchip };
      const snapshot = hostWith(index, everything(index), { vendor: 'GenuineIntel', kvm: { msrIndices: [] } });
      const context = createContext(index, snapshot);
      const flips = fc.record({
        number: fc.nat(plan.classes.classes.length - 1),
        effective: fc.array(fc.nat(0xffffffff), { minLength: lanes, maxLength: lanes }),
        undecided: fc.array(fc.nat(0xffffffff), { minLength: lanes, maxLength: lanes }),
      });
      fc.assert(
        fc.property(flips, ({ number, effective, undecided }) => {
          const cell = plan.classes.classes[number];
          const asked = requestOf(index, cell, request);
          const settled = settleCell(context, asked, cell, { model: asked.cpu, edits: [] });
          const open = settled.words.undecided.slice();
          open[0] |= 1;
          const verdict = (words: Partial<typeof settled.words>): string =>
            judgeCell(context, asked, { ...settled, words: { ...settled.words, undecided: open, ...words } }).status;
          const flipped = settled.words.effective.map((lane, i) => lane ^ (effective[i] & ~declared[i]));
          const otherOpen = open.map((lane, i) => lane ^ (undecided[i] & ~declaredOpen[i] & (i === 0 ? ~1 : ~0)));
          expect(verdict({ effective: flipped, undecided: otherOpen })).toBe(verdict({}));
        }),
        { numRuns: 400 },
      );
    },
  );
});

describe('a column as bytes', () => {
  const { index } = indexes[0];
  const plan = planOf(index, { accel: 'kvm' });
  const column = new ColumnComputer(plan).computeColumn(createContext(index, probedHosts[0]));
  const shape = { classCount: plan.classes.classes.length, featureCount: index.catalog.features.length };

  it('comes back as it was', () => {
    expect(decodeColumn(encodeColumn(column), shape)).toEqual(column);
  });

  it('is refused where it is of another catalog', () => {
    expect(() => decodeColumn(encodeColumn(column), { ...shape, classCount: 3 })).toThrow(
      expect.objectContaining({ code: 'CUBE_INVALID' }),
    );
  });
});
