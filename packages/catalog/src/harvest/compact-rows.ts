import {
  canonicalJson,
  fromSparse,
  toSparse,
  type AcceleratorCatalog,
  type CatalogIndex,
  type CpuModelInfo,
  type KvmCatalog,
  type MachineType,
  type PropertyValues,
  type SparseWords,
} from '@cpu-atlas/core';
import type { HarvestedMachine } from './machine-sweep.ts';
import type { HarvestedModel } from './model-rows.ts';

/** Gives equal values equal numbers, in the order in which they first appear. */
class Interner<T> {
  readonly values: T[] = [];
  readonly #numbers = new Map<string, number>();

  intern(value: T): number {
    const key = canonicalJson(value);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.values.length);
    return this.values.push(value) - 1;
  }
}

/** Only some models or machine types have these at all, so they are no defaults. */
const optional = new Set(['level', 'xlevel', 'xlevel2', 'migratable', 'host-cache-info']);

/** The most frequent value of each property: what rows need not repeat. */
function mostFrequent(all: Iterable<PropertyValues>): PropertyValues {
  const counts = new Map<string, Map<string, number>>();
  for (const properties of all)
    for (const [name, value] of Object.entries(properties)) {
      const values = counts.get(name) ?? new Map<string, number>();
      const key = JSON.stringify(value);
      values.set(key, (values.get(key) ?? 0) + 1);
      counts.set(name, values);
    }
  const common: Record<string, boolean | number | string> = {};
  for (const [name, values] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (optional.has(name)) continue;
    const [[value]] = [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    common[name] = JSON.parse(value) as boolean | number | string;
  }
  return common;
}

/** What most models of all sweeps share. */
export function commonProperties(sweeps: readonly (readonly HarvestedMachine[])[]): PropertyValues {
  return mostFrequent(sweeps.flat().flatMap(({ models }) => [...models.values()].map(({ properties }) => properties)));
}

function differing(properties: PropertyValues, common: PropertyValues): PropertyValues {
  const entries = Object.entries(properties).filter(([name, value]) => common[name] !== value);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Bits that `max` has on some machine type and not on this one: compat properties took them away. Where a property tells
 * about arch-capabilities by itself (QEMU 10.1.2 and later leave it out on AMD hosts), what this host showed is no
 * matter of the machine type.
 */
function withheldBits(index: CatalogIndex, machine: HarvestedMachine, reference: SparseWords): SparseWords {
  const max = machine.models.get('max');
  const all = fromSparse(index.layout, reference);
  const here = fromSparse(index.layout, max?.features ?? {});
  const withheld = all.map((lane, i) => lane & ~here[i]);
  const ofHost = index.features.get('arch-capabilities');
  if (ofHost && index.otherProperties.has('x-arch-cap-always-on')) {
    withheld[ofHost.lane] &= ~ofHost.mask;
    const msr = index.layout.laneOfKey.get('msr.10a');
    if (msr !== undefined) withheld.fill(0, msr, msr + 2);
  }
  return toSparse(index.layout, withheld);
}

function unionOfMax(index: CatalogIndex, machines: readonly HarvestedMachine[]): SparseWords {
  const union = new Uint32Array(index.layout.laneCount);
  for (const { models } of machines)
    fromSparse(index.layout, models.get('max')?.features ?? {}).forEach((lane, i) => (union[i] |= lane));
  return toSparse(index.layout, union);
}

/** Properties of `host` and `max` that KVM fills in from the machine that harvests. */
const fromTheHost = [
  'vendor',
  'family',
  'model',
  'stepping',
  'model-id',
  'min-level',
  'min-xlevel',
  'min-xlevel2',
  'ucode-rev',
  'lmce',
];
/** Under KVM every model gets the vendor of the host, so the definition's is taken from TCG. */
const fromTcg = ['vendor'];

/** Removes what a KVM harvest says about its own host. */
export function withoutHost(models: readonly HarvestedMachine[], tcg: readonly HarvestedMachine[]): HarvestedMachine[] {
  const twins = new Map(tcg.map((machine) => [machine.machine, machine]));
  return models.map((machine) => {
    const cleaned = new Map(
      [...machine.models].map(([name, model]) => [name, cleanModel(name, model, twins.get(machine.machine))]),
    );
    return { ...machine, models: cleaned };
  });
}

function cleanModel(name: string, model: HarvestedModel, twin: HarvestedMachine | undefined): HarvestedModel {
  const isHost = name === 'host' || name === 'max';
  const dropped = new Set(isHost ? fromTheHost : fromTcg);
  const kept = Object.entries(model.properties).filter(([property]) => !dropped.has(property));
  const vendor = isHost ? undefined : twin?.models.get(name)?.properties.vendor;
  const properties = Object.fromEntries([...kept, ...(vendor === undefined ? [] : [['vendor', vendor] as const])]);
  return { ...model, properties };
}

/** Folds a sweep: equal rows once, equal machine types into one group. */
export function compactSweep(options: {
  readonly index: CatalogIndex;
  readonly machines: readonly MachineType[];
  readonly models: readonly CpuModelInfo[];
  readonly harvested: readonly HarvestedMachine[];
  readonly common: PropertyValues;
}): KvmCatalog {
  const { index, machines, models, harvested, common } = options;
  const features = new Interner<SparseWords>();
  const properties = new Interner<PropertyValues>();
  const rows = new Interner<readonly [number, number]>();
  const groups = new Interner<{
    cells: number[];
    aliases: number[];
    withheld: SparseWords;
    shared: PropertyValues;
    physBits: boolean;
    irqchip: 'on' | 'split';
    extDestId: boolean;
  }>();
  const byName = new Map(harvested.map((machine) => [machine.machine, machine]));
  const modelIndex = new Map(models.map(({ name }, i) => [name, i]));
  const reference = unionOfMax(index, harvested);
  const machineGroups = machines.map(({ name }) => {
    const machine = byName.get(name);
    if (machine === undefined) return -1;
    const shared = differing(
      mostFrequent([...machine.models.values()].map(({ properties: values }) => values)),
      common,
    );
    const usual = { ...common, ...shared };
    const cells = models.map((model) => {
      const found = machine.models.get(model.name);
      if (found === undefined) return -1;
      const bits = model.name === 'host' || model.name === 'max' ? {} : found.features;
      return rows.intern([features.intern(bits), properties.intern(differing(found.properties, usual))]);
    });
    const aliases = models.map((model) => modelIndex.get(machine.aliases.get(model.name) ?? '') ?? -1);
    const withheld = withheldBits(index, machine, reference);
    return groups.intern({
      cells,
      aliases,
      withheld,
      shared,
      physBits: machine.forcesHostPhysBits,
      irqchip: machine.irqchipDefault,
      extDestId: machine.splitExtDestId,
    });
  });
  return {
    features: features.values,
    properties: properties.values,
    rows: rows.values,
    groups: groups.values.map(({ cells }) => cells),
    machineGroups,
    aliases: groups.values.map(({ aliases }) => aliases),
    withheld: groups.values.map(({ withheld }) => withheld),
    groupProperties: groups.values.map(({ shared }) => shared),
    forcesHostPhysBits: groups.values.map(({ physBits }) => physBits),
    irqchipDefault: groups.values.map(({ irqchip }) => irqchip),
    splitExtDestId: groups.values.map(({ extDestId }) => extDestId),
  };
}

/** A sweep without the KVM-only parts. */
export function acceleratorPart(compact: KvmCatalog): AcceleratorCatalog {
  const { features, properties, rows, groups, machineGroups, aliases, withheld, forcesHostPhysBits, groupProperties } =
    compact;
  return { features, properties, rows, groups, machineGroups, aliases, withheld, forcesHostPhysBits, groupProperties };
}
