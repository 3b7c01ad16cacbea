import type { PropertyValues } from '../catalog/catalog.ts';
import type { AcceleratorIndex, CatalogIndex } from '../catalog/catalog-index.ts';
import {
  acceleratorOf,
  effectiveIrqchip,
  hasExtDestIdDefault,
  isPcMachine,
  kindOf,
  type Cell,
} from '../resolve/locate-cell.ts';
import type { Accelerator, KernelIrqchip } from '../resolve/resolution.ts';

/** What a matrix is asked for. */
export interface MatrixRequest {
  readonly accel: Accelerator;
  /** Absent: what each machine type does by itself. */
  readonly kernelIrqchip?: KernelIrqchip | undefined;
}

/** Machine types of one group of the catalog and one family, in the catalog's order. */
export interface MachineGroup {
  readonly group: number;
  /** Indexes into `Catalog.machines`. */
  readonly machines: readonly number[];
  /** For each model (index into `Catalog.models`) an index into `CellClasses.classes`; -1: not offered. */
  readonly classOf: Int32Array;
}

/** The cells of a catalog, folded: those of one class come out the same, whatever the host. */
export interface CellClasses {
  readonly request: MatrixRequest;
  readonly accelerator: AcceleratorIndex;
  readonly groups: readonly MachineGroup[];
  /** One cell of each class. */
  readonly classes: readonly Cell[];
  /** Names of properties in which rows or machine types differ; all others are the same for every cell. */
  readonly varying: readonly string[];
  /** For each class where it is: equal numbers stand for equal machine types, irqchips and kinds of model. */
  readonly places: readonly number[];
}

/**
 * Properties that change no feature and keep no CPU from starting while the user sets nothing. One that is not listed
 * here counts as deciding, so that a new one costs time and never an answer.
 */
const idle = new Set([
  ...['hv-version-id-build', 'hv-version-id-major', 'hv-version-id-minor', 'hv-version-id-sbranch'],
  ...['hv-version-id-snumber', 'hv-version-id-spack', 'x-hv-max-vps', 'x-hv-synic-kvm-only', 'x-migrate-smi-count'],
  ...['kvm-no-smi-migration', 'vmware-cpuid-freq', 'tcg-cpuid', 'cpuid-0xb', 'l3-cache', 'legacy-cache'],
  ...['legacy-multi-node', 'host-cache-info', 'x-consistent-cache', 'x-l1-cache-per-thread'],
  ...['x-amd-topoext-features-only', 'check', 'model-id', 'ucode-rev', 'level', 'xlevel', 'xlevel2', 'min-xlevel'],
  ...['min-xlevel2', 'model', 'stepping', 'x-force-cpuid-0x1f'],
]);

/** Names of properties in which cells of an accelerator differ. */
export function varyingProperties({ source }: AcceleratorIndex): readonly string[] {
  return [...new Set([...source.groupProperties, ...source.properties].flatMap((values) => Object.keys(values)))];
}

/** Numbers texts in the order in which they come. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }
}

/**
 * The name of a machine type without its version: `pc-q35`. What QEMU does by machine type beyond its properties (SGX,
 * the room for devices) goes by this at most.
 */
function familyOfMachine(name: string): string {
  return name.replace(/-v?\d+(?:\.\d+)*(?=$|-)/g, '');
}

function groupMachines({ catalog }: CatalogIndex, machineGroups: readonly number[]): Omit<MachineGroup, 'classOf'>[] {
  const groups = new Map<string, { group: number; machines: number[] }>();
  machineGroups.forEach((group, machine) => {
    if (group < 0) return;
    const key = `${group} ${familyOfMachine(catalog.machines[machine].name)}`;
    const known = groups.get(key) ?? { group, machines: [] };
    known.machines.push(machine);
    groups.set(key, known);
  });
  return [...groups.values()];
}

/** Whether a CPU has as many physical address bits as the host, so that they can be too few for a machine's devices. */
function hasHostAddressBits({ accelerator, group, row, kind }: Cell): boolean {
  const properties = accelerator.propertiesOf(group, row);
  const isFixed = properties['phys-bits'] === 0 && properties['host-phys-bits'] === false;
  return !isFixed || kind === 'host' || kind === 'max' || accelerator.source.forcesHostPhysBits[group];
}

/** Whatever beyond features and properties can tell two cells of one model apart. */
function describePlace(index: CatalogIndex, cell: Cell, { kernelIrqchip }: MatrixRequest): string {
  const { accelerator, group, kind } = cell;
  const { name } = index.catalog.machines[cell.machine];
  const irqchip = effectiveIrqchip(cell, kernelIrqchip);
  // Only `host` and `max` look at what is withheld; from a defined model the machine type already took it away.
  const withheld = kind === 'host' || kind === 'max' ? accelerator.source.withheld[group] : null;
  const split = 'splitExtDestId' in accelerator.source ? hasExtDestIdDefault(cell, 'split') : null;
  const family = hasHostAddressBits(cell) ? familyOfMachine(name) : isPcMachine(name);
  return JSON.stringify([kind, irqchip, split, accelerator.source.forcesHostPhysBits[group], family, withheld]);
}

/**
 * Folds the cells of a catalog under one accelerator and irqchip.
 * @throws ACCELERATOR_UNKNOWN
 */
export function classifyCells(index: CatalogIndex, request: MatrixRequest): CellClasses {
  const accelerator = acceleratorOf(index, request.accel);
  const { source } = accelerator;
  const kinds = index.catalog.models.map(({ name }) => kindOf(name));
  const places = new Numbering();
  const properties = new Numbering();
  const numbers = new Map<number, number>();
  const classes: Cell[] = [];
  const varying = varyingProperties(accelerator);
  const deciding = varying.filter((name) => !idle.has(name));
  const propertiesOf = (group: number, row: number): number => {
    const key = group * source.properties.length + source.rows[row][1];
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const values: PropertyValues = accelerator.propertiesOf(group, row);
    const number = properties.numberOf(JSON.stringify(deciding.map((name) => values[name])));
    numbers.set(key, number);
    return number;
  };
  const classNumbers = new Map<string, number>();
  const placeOf: number[] = [];
  const groups = groupMachines(index, source.machineGroups).map(({ group, machines }): MachineGroup => {
    const placesOfKinds = new Map<string, number>();
    const classOf = Int32Array.from(source.groups[group], (row, model) => {
      if (row < 0) return -1;
      const cell: Cell = { accelerator, machine: machines[0], group, model, row, kind: kinds[model] };
      const decided = propertiesOf(group, row);
      const kindKey = `${cell.kind}/${decided}`;
      const place = placesOfKinds.get(kindKey) ?? places.numberOf(describePlace(index, cell, request));
      placesOfKinds.set(kindKey, place);
      const key = `${source.rows[row][0]}/${decided}/${place}`;
      const known = classNumbers.get(key);
      if (known !== undefined) return known;
      classNumbers.set(key, classes.length);
      placeOf.push(place);
      return classes.push(cell) - 1;
    });
    return { group, machines, classOf };
  });
  return { request, accelerator, groups, classes, varying, places: placeOf };
}
