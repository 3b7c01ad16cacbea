import type { AcceleratorIndex, CatalogIndex } from '../catalog/catalog-index.ts';
import type { KvmCatalog } from '../catalog/catalog.ts';
import { AtlasError } from '../errors.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { Accelerator, KernelIrqchip } from './resolution.ts';

/** One model on one machine type: where the catalog keeps it. Indexes are those of the catalog. */
export interface Cell {
  readonly accelerator: AcceleratorIndex;
  readonly machine: number;
  readonly group: number;
  readonly model: number;
  readonly row: number;
  /** `host` and `max` take what the host has; the others are defined. */
  readonly kind: 'defined' | 'max' | 'host' | 'base';
}

/** Suggests the names that begin alike. */
function similar(names: Iterable<string>, wanted: string): string {
  const start = wanted.toLowerCase().slice(0, 4);
  const near = [...names].filter((name) => name.toLowerCase().startsWith(start)).slice(0, 5);
  return near.length === 0 ? 'see the list: cpu-atlas harvest, or the matrix' : `did you mean ${near.join(', ')}?`;
}

/** The accelerator's part of a catalog. @throws ACCELERATOR_UNKNOWN when the binary, as harvested, has none. */
export function acceleratorOf(index: CatalogIndex, accel: Accelerator): AcceleratorIndex {
  const accelerator = index.accelerators[accel];
  if (accelerator) return accelerator;
  throw new AtlasError(
    'ACCELERATOR_UNKNOWN',
    `the catalog of QEMU ${index.catalog.qemu.version} knows nothing of ${accel}`,
    {
      where: 'accel',
      remedy: accel === 'kvm' ? 'harvest it where /dev/kvm opens' : 'use kvm',
    },
  );
}

/** Finds a machine type by name or alias. @throws MACHINE_TYPE_UNKNOWN */
export function machineOf(index: CatalogIndex, name: string): number {
  const machine = index.machineByName.get(name);
  if (machine !== undefined) return machine;
  throw new AtlasError(
    'MACHINE_TYPE_UNKNOWN',
    `QEMU ${index.catalog.qemu.version} has no machine type "${name.slice(0, 60)}"`,
    {
      where: 'machine',
      remedy: similar(index.machineByName.keys(), name),
    },
  );
}

/** Finds a model on a machine type. @throws CPU_MODEL_UNKNOWN, MACHINE_TYPE_UNKNOWN, ACCELERATOR_UNKNOWN */
export function locateCell(index: CatalogIndex, accel: Accelerator, machineName: string, modelName: string): Cell {
  const accelerator = acceleratorOf(index, accel);
  const machine = machineOf(index, machineName);
  const group = accelerator.source.machineGroups[machine];
  if (group < 0)
    throw new AtlasError('MACHINE_TYPE_UNKNOWN', `machine type "${machineName}" could not be harvested`, {
      where: 'machine',
      remedy: 'it does not start alone; choose another, or prove single cells with the real QEMU',
    });
  const model = index.modelByName.get(modelName);
  if (model === undefined)
    throw new AtlasError('CPU_MODEL_UNKNOWN', `unable to find CPU model '${modelName.slice(0, 60)}'`, {
      where: '-cpu',
      remedy: similar(index.modelByName.keys(), modelName),
    });
  return { accelerator, machine, group, model, row: accelerator.source.groups[group][model], kind: kindOf(modelName) };
}

/** Three names are no definitions. */
export function kindOf(modelName: string): Cell['kind'] {
  return modelName === 'host' || modelName === 'max' || modelName === 'base' ? modelName : 'defined';
}

/** Tells the KVM part of a catalog from the TCG part. */
export function isKvmCatalog(accelerator: AcceleratorIndex['source']): accelerator is KvmCatalog {
  return 'irqchipDefault' in accelerator;
}

/** What `kernel-irqchip` is on a machine type: as asked for, else the machine type's own default. */
export function effectiveIrqchip(cell: Cell, asked: KernelIrqchip | undefined): KernelIrqchip {
  if (asked !== undefined) return asked;
  return isKvmCatalog(cell.accelerator.source) ? cell.accelerator.source.irqchipDefault[cell.group] : 'on';
}

/** Whether this irqchip turns kvm-msi-ext-dest-id on for named models of this machine type. */
export function hasExtDestIdDefault(cell: Cell, irqchip: KernelIrqchip): boolean {
  return (
    irqchip === 'split' && isKvmCatalog(cell.accelerator.source) && cell.accelerator.source.splitExtDestId[cell.group]
  );
}

/** Whether a machine type is a PC (i440fx, q35, isapc and their downstream kin), which alone can have SGX memory. */
export function isPcMachine(name: string): boolean {
  return !/^(?:microvm|none|x-remote|nitro|xenpvh)/.test(name);
}

/** Feature bits that the machine type takes away from every model; kvm-msi-ext-dest-id only where split does not bring it. */
export function withheldFeatures(index: CatalogIndex, cell: Cell): FeatureSet {
  const withheld = cell.accelerator.withheld[cell.group];
  const extDestId = index.features.get('kvm-msi-ext-dest-id');
  if (!isKvmCatalog(cell.accelerator.source) || !extDestId) return withheld;
  const corrected = withheld.slice();
  if (cell.accelerator.source.splitExtDestId[cell.group]) corrected[extDestId.lane] &= ~extDestId.mask;
  else corrected[extDestId.lane] |= extDestId.mask;
  return corrected;
}
