import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findQemuBinary, harvestCatalog, verifyCell, type Harvest, type HarvestProgress } from '@cpu-atlas/catalog';
import {
  AtlasError,
  createContext,
  indexCatalog,
  resolve,
  type Accelerator,
  type Catalog,
  type ResolveContext,
} from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { shippedCatalog, shippedVersions } from './oracle/catalogs.ts';
import { checkoutRoot } from './oracle/oracle-files.ts';
import { opensKvm } from './testing/opens-kvm.ts';

const binaryName = process.env.CPU_ATLAS_LIVE_QEMU ?? 'qemu-system-x86_64';
const binary = await findQemuBinary(binaryName).catch(() => null);

const hasKvm = opensKvm();
const harvestLimitMs = 600_000;
/** Cells of one accelerator that are launched; spread over all of them, the same in each run. */
const sampleSize = 48;

/** Arguments beyond plain models: each touches another rule. */
const variations = [
  'Skylake-Server,+vmx',
  'Skylake-Server,vmx=on,vmx-ept=off',
  'EPYC-Milan,+svm,-npt',
  'EPYC,enforce',
  'qemu64,+avx512f,+pku',
  'Nehalem,-xsave,level=5',
  'max,migratable=off',
  'kvm64,+invtsc,check=off',
  'Icelake-Server-v1,-arch-capabilities,phys-bits=46',
  'host,-arch-capabilities',
  'base,+lm,+pae',
];

interface Sample {
  readonly machine: string;
  readonly cpu: string;
}

function sampleCells(catalog: Catalog, accel: Accelerator): Sample[] {
  const groups = catalog[accel]?.machineGroups ?? [];
  const machines = catalog.machines.filter((_, i) => groups[i] >= 0);
  const total = machines.length * catalog.models.length;
  // A step that shares no factor with the size visits machine types and models evenly.
  const step = Math.floor(total / sampleSize) | 1;
  return Array.from({ length: sampleSize }, (_, n) => {
    const cell = (n * step) % total;
    return {
      machine: machines[cell % machines.length].name,
      cpu: catalog.models[Math.floor(cell / machines.length)].name,
    };
  });
}

describe.skipIf(binary === null)(`the installed QEMU, ${binaryName} (skipped where there is none)`, () => {
  let harvest: Harvest;
  let context: ResolveContext;
  const progress: HarvestProgress[] = [];

  beforeAll(async () => {
    harvest = await harvestCatalog(binaryName, {
      now: '2026-01-01T00:00:00Z',
      onProgress: (step) => progress.push(step),
    });
    const snapshot = await collectSnapshot({ qemu: false });
    context = createContext(indexCatalog(harvest.catalog), snapshot);
  }, harvestLimitMs);

  it('harvests with progress, and every machine type that starts alone', () => {
    expect(progress.length).toBeGreaterThan(harvest.catalog.machines.length);
    expect(harvest.catalog.features.length).toBeGreaterThan(300);
    expect(harvest.catalog.models.length).toBeGreaterThan(100);
    expect(harvest.catalog.notSeen.filter((line) => line.startsWith('the bit of these properties'))).toEqual([]);
  });

  const shipped = shippedVersions.map(shippedCatalog);
  it('equals the shipped catalog of the same package, or is another package', (test) => {
    const same = shipped.find(
      ({ qemu }) => qemu.version === harvest.catalog.qemu.version && qemu.package === harvest.catalog.qemu.package,
    );
    if (same === undefined || (same.kvm !== undefined && !hasKvm))
      return test.skip('no shipped catalog of this package, or no KVM here');
    expect(harvest.catalog).toEqual(same);
  });

  it('shipped catalogs are small and load fast', () => {
    for (const version of shippedVersions) {
      const text = readFileSync(join(checkoutRoot, 'data', 'qemu', version, 'catalog.json'), 'utf8');
      expect(text.length, version).toBeLessThan(400_000);
    }
  });

  const accelerators: readonly { accel: Accelerator; isHere: boolean }[] = [
    { accel: 'tcg', isHere: true },
    { accel: 'kvm', isHere: hasKvm },
  ];
  describe.each(accelerators)('$accel', ({ accel, isHere }) => {
    it.skipIf(!isHere)(
      'a sample of all cells, launched, equals what Atlas says (skipped under KVM where /dev/kvm does not open)',
      async () => {
        const cells = [...sampleCells(harvest.catalog, accel), ...variations.map((cpu) => ({ machine: 'q35', cpu }))];
        const different: string[] = [];
        for (const { machine, cpu } of cells) {
          const difference = await proveCell(accel, machine, cpu);
          if (difference !== null) different.push(`${machine} ${cpu}: ${difference}`);
        }
        expect(different).toEqual([]);
      },
      harvestLimitMs,
    );
  });

  /** null: equal. */
  async function proveCell(accel: Accelerator, machine: string, cpu: string): Promise<string | null> {
    try {
      const resolution = resolve(context, { accel, machine, cpu });
      const { outcome, differences, reason } = await verifyCell({
        binary: binaryName,
        accel,
        machine,
        cpu,
        resolution,
        featureNames: harvest.catalog,
        timeoutMs: 60_000,
      });
      return outcome === 'equal' ? null : `${outcome}: ${JSON.stringify(differences)} ${reason ?? ''}`;
    } catch (error) {
      if (error instanceof AtlasError) return error.toString();
      throw error;
    }
  }
});
