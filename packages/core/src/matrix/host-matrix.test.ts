import { describe, expect, it } from 'vitest';
import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { createContext, type ResolveContext } from '../resolve/context.ts';
import { isPcMachine } from '../resolve/locate-cell.ts';
import type { Accelerator, KernelIrqchip } from '../resolve/resolution.ts';
import { resolveCell } from '../resolve/resolve.ts';
import { shippedIndex, shippedVersions } from '../testing/catalogs.ts';
import { everything, hostWith, setOfFeatures } from '../testing/hosts.ts';
import { popcount } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { cellStatus, computeHostMatrix, type HostMatrix } from './host-matrix.ts';

const indexes = shippedVersions.map((version) => ({ version, index: shippedIndex(version) }));

/** A host that lacks some of what models ask for, and one MSR of which cannot be written. */
function ordinaryHost(index: CatalogIndex): ResolveContext {
  const set = everything(index);
  setOfFeatures(index, ['avx512f', 'rtm', 'pcid', 'vmx', 'mpx', 'arch-capabilities']).forEach(
    (lane, i) => (set[i] &= ~lane),
  );
  return createContext(index, hostWith(index, set));
}

function modestHost(index: CatalogIndex): ResolveContext {
  return createContext(
    index,
    hostWith(index, everything(index), { vendor: 'GenuineIntel', kvm: { unwritableMsrs: ['0x10a'] } }),
  );
}

interface Cell {
  readonly status: string;
  readonly filtered: number;
  readonly requested: number;
  readonly enabled: number;
  readonly aliasOf: string | null;
}

function cellOf(matrix: HostMatrix, model: number, column: number): Cell {
  const at = model * matrix.columns.length + column;
  const alias = matrix.aliasOf[at];
  return {
    status: cellStatus[matrix.status[at]],
    filtered: matrix.filteredCount[at],
    requested: matrix.requestedCount[at],
    enabled: matrix.enabledCount[at],
    aliasOf: alias < 0 ? null : matrix.models[alias].name,
  };
}

/** The same cell by way of a single resolution. */
function resolvedCell(
  context: ResolveContext,
  accel: Accelerator,
  machine: string,
  cpu: string,
  kernelIrqchip?: KernelIrqchip,
): Cell {
  const { index } = context;
  const { words, resolution } = resolveCell(context, { accel, machine, cpu, kernelIrqchip });
  const count = (set: FeatureSet): number =>
    set.reduce((sum, lane, i) => {
      let named = 0;
      for (let bit = 0; bit < 32; bit++) if (index.bitNames[i * 32 + bit] !== null) named |= 1 << bit;
      return sum + popcount(lane & named);
    }, 0);
  return {
    status: resolution.status,
    filtered: count(words.filtered),
    requested: count(words.requested.map((lane, i) => lane | words.filtered[i])),
    enabled: count(words.effective),
    aliasOf: resolution.aliasOf ?? null,
  };
}

/** Every how many cells are resolved one by one. */
const sampleStep = 23;

function differences(context: ResolveContext, accel: Accelerator, kernelIrqchip?: KernelIrqchip): string[] {
  const matrix = computeHostMatrix(context, { accel, kernelIrqchip });
  const found: string[] = [];
  let at = 0;
  matrix.columns.forEach(({ machines }, column) => {
    for (const machine of machines)
      matrix.models.forEach(({ name }, model) => {
        at += 1;
        const cell = cellOf(matrix, model, column);
        if (at % sampleStep !== 0 || cell.status === 'not-offered') return;
        const alone = resolvedCell(context, accel, machine, name, kernelIrqchip);
        if (JSON.stringify(alone) !== JSON.stringify(cell))
          found.push(`${machine} ${name}: ${JSON.stringify(cell)} alone ${JSON.stringify(alone)}`);
      });
  });
  expect(at).toBeGreaterThan(3000);
  return found;
}

describe.each(indexes)('the matrix of QEMU $version', ({ index }) => {
  it.each([
    { name: 'an ordinary host', context: ordinaryHost(index) },
    { name: 'a host with an MSR that cannot be written', context: modestHost(index) },
    { name: 'a host of which nothing is known', context: createContext(index, null) },
  ])('has the cells that are resolved one by one: KVM of $name', ({ context }) => {
    expect(differences(context, 'kvm')).toEqual([]);
  });

  it.each(['on', 'split', 'off'] as const)(
    'has the cells that are resolved one by one: kernel-irqchip=%s',
    (kernelIrqchip) => {
      expect(differences(ordinaryHost(index), 'kvm', kernelIrqchip)).toEqual([]);
    },
  );

  it('has the cells that are resolved one by one: TCG', () => {
    expect(differences(createContext(index, null), 'tcg')).toEqual([]);
  });

  it('has every model once, and every machine type that could be harvested in one column', () => {
    const { models, columns } = computeHostMatrix(ordinaryHost(index), { accel: 'kvm' });
    expect(models.map(({ name }) => name).sort()).toEqual(index.catalog.models.map(({ name }) => name).sort());
    const groups = index.accelerators.kvm?.source.machineGroups ?? [];
    const harvested = index.catalog.machines.filter((_, i) => groups[i] >= 0).map(({ name }) => name);
    expect(columns.flatMap(({ machines }) => machines).sort()).toEqual(harvested.sort());
  });

  it('keeps machine types apart on which anything differs, and folds those on which nothing does', () => {
    const matrix = computeHostMatrix(ordinaryHost(index), { accel: 'kvm' });
    const columns = matrix.columns.map((_, column) =>
      JSON.stringify(matrix.models.map((__, model) => cellOf(matrix, model, column))),
    );
    expect(columns.length).toBeGreaterThan(1);
    expect(columns.length).toBeLessThan(index.catalog.machines.length);
    expect(new Set(columns).size).toBeGreaterThan(columns.length / 2);
  });

  it('puts newer machine types first in a column, and says which names stand for them', () => {
    const { columns } = computeHostMatrix(ordinaryHost(index), { accel: 'kvm' });
    const newest = index.catalog.machines.find(({ alias }) => alias === 'q35')?.name ?? '';
    const column = columns.find(({ machines }) => machines.includes(newest));
    expect(column?.machines.at(0)).toBe(newest);
    expect(column?.aliases).toContain('q35');
    const old = columns.filter(({ deprecated }) => deprecated).flatMap(({ machines }) => machines);
    const deprecated = new Set(index.catalog.machines.filter((machine) => machine.deprecated).map(({ name }) => name));
    expect(old.filter((name) => !deprecated.has(name))).toEqual([]);
  });

  it('orders models by vendor, family and version, which is a number', () => {
    const { models } = computeHostMatrix(createContext(index, null), { accel: 'tcg' });
    const vendors = models.map(({ vendor }) => vendor);
    expect([...vendors].sort()).toEqual(vendors);
    const rome = models.map(({ name }) => name).filter((name) => name.startsWith('EPYC-Rome'));
    expect(rome.slice(0, 3)).toEqual(['EPYC-Rome', 'EPYC-Rome-v1', 'EPYC-Rome-v2']);
  });

  it('is made of typed arrays with one entry a cell', () => {
    const { models, columns, ...matrix } = computeHostMatrix(ordinaryHost(index), {
      accel: 'kvm',
      kernelIrqchip: 'split',
    });
    const size = models.length * columns.length;
    expect(
      [matrix.status, matrix.filteredCount, matrix.requestedCount, matrix.enabledCount, matrix.aliasOf].map(
        ({ length }) => length,
      ),
    ).toEqual(new Array(5).fill(size));
    expect(matrix).toMatchObject({ accel: 'kvm', kernelIrqchip: 'split' });
    expect([matrix.status.constructor, matrix.aliasOf.constructor]).toEqual([Uint8Array, Int16Array]);
  });
});

describe('computeHostMatrix', () => {
  const { index } = indexes[1];

  it('tells PC machine types from others, of which one has no SGX', () => {
    const context = createContext(index, hostWith(index, everything(index), { vendor: 'GenuineIntel' }));
    const matrix = computeHostMatrix(context, { accel: 'kvm' });
    for (const { machines } of matrix.columns) expect(new Set(machines.map(isPcMachine)).size).toBe(1);
    const model = matrix.models.findIndex(({ name }) => name === 'max');
    const enabled = (machine: string): number =>
      cellOf(
        matrix,
        model,
        matrix.columns.findIndex(({ machines }) => machines.includes(machine)),
      ).enabled;
    // sgx, sgxlc, and what depends on sgx.
    expect(enabled('pc-q35-10.0') - enabled('microvm')).toBe(12);
  });

  it('tells machine types apart whose devices need more room than the host has address bits', () => {
    const host = hostWith(index, everything(index), { vendor: 'GenuineIntel' });
    const { hardware } = host;
    if (hardware === undefined || 'unknown' in hardware) throw new Error('made with a CPU');
    const cpuid = hardware.cpus[0].cpuid.map((entry) =>
      Number(entry.leaf) === 0x80000008 ? { ...entry, eax: '0x00000022' } : entry,
    );
    const context = createContext(index, { ...host, hardware: { cpus: [{ cpus: '0', cpuid }] } });
    const matrix = computeHostMatrix(context, { accel: 'kvm' });
    const statusOf = (machine: string): string =>
      cellOf(
        matrix,
        matrix.models.findIndex(({ name }) => name === 'max'),
        matrix.columns.findIndex(({ machines }) => machines.includes(machine)),
      ).status;
    for (const machine of ['pc-q35-10.0', 'pc-i440fx-10.0'])
      expect([machine, statusOf(machine)]).toEqual([machine, resolvedCell(context, 'kvm', machine, 'max').status]);
    expect([statusOf('pc-q35-10.0'), statusOf('pc-i440fx-10.0')]).toEqual(['refused', 'runnable']);
  });

  it('says which names stand for which model, by machine type', () => {
    const matrix = computeHostMatrix(createContext(index, null), { accel: 'tcg' });
    const model = matrix.models.findIndex(({ name }) => name === 'Nehalem');
    const alias = (machine: string): string | null =>
      cellOf(
        matrix,
        model,
        matrix.columns.findIndex(({ machines }) => machines.includes(machine)),
      ).aliasOf;
    expect([alias('pc-q35-4.0'), alias('pc-q35-4.1'), alias('microvm')]).toEqual([null, 'Nehalem-v1', 'Nehalem-v2']);
  });

  it('shows host as refused under TCG', () => {
    const matrix = computeHostMatrix(createContext(index, null), { accel: 'tcg' });
    const model = matrix.models.findIndex(({ name }) => name === 'host');
    for (let column = 0; column < matrix.columns.length; column++)
      expect(['refused', 'not-offered']).toContain(cellOf(matrix, model, column).status);
  });

  it('refuses an accelerator that the catalog does not have', () => {
    const bare = { ...index, accelerators: { ...index.accelerators, kvm: null } };
    expect(() => computeHostMatrix(createContext(bare, null), { accel: 'kvm' })).toThrow(
      expect.objectContaining({ code: 'ACCELERATOR_UNKNOWN' }),
    );
  });
});
