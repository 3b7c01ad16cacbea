import { abiReach, familyOf, listVersions, readDefinition, unversionedName } from '@cpu-atlas/core';
import type { CatalogIndex, CpuModelInfo, NameHistory } from '@cpu-atlas/core';

/** A model as one line of the list; of several versions, what the name without a version stands for. */
export interface ModelRow {
  readonly name: string;
  readonly vendor: string;
  readonly family: string;
  /** Versions besides the name itself. */
  readonly versions: readonly string[];
  /** The version that the name stands for on the machine type; null: itself. */
  readonly standsFor: string | null;
  readonly deprecated: boolean;
  readonly migrationSafe: CpuModelInfo['migrationSafe'];
  /** `x86-64-v3`; null: below v1, or the host decides. */
  readonly abiLevel: string | null;
  /** How many features it asks for; null: the host decides, or the machine type does not offer it. */
  readonly features: number | null;
  /** The first release that has it; `''`: the oldest one that is known has it. undefined: not told yet. */
  readonly since: string | undefined;
}

export interface ModelFilter {
  readonly search: string;
  readonly vendor: '' | 'AMD' | 'Intel' | 'other';
  readonly isUnfolded: boolean;
  readonly showDeprecated: boolean;
}

/** All models of a QEMU. `histories` undefined: not loaded yet. */
export function listModelRows(index: CatalogIndex, histories: readonly NameHistory[] | undefined): readonly ModelRow[] {
  const accel = index.accelerators.kvm === null ? 'tcg' : 'kvm';
  const machine = defaultMachine(index);
  const since = new Map(
    histories?.filter(({ kind }) => kind === 'cpu-model').map((history) => [history.name, history.since ?? '']),
  );
  return index.catalog.models.map(({ name, deprecated, migrationSafe }): ModelRow => {
    const definition = readDefinition(index, accel, { model: name, machine });
    const features = definition === null ? null : new Set(definition.features);
    const isBase = unversionedName(name) === name;
    return {
      name,
      ...familyOf(name),
      versions: isBase ? listVersions(index, accel, { model: name, machine }).map((version) => version.name) : [],
      standsFor: definition?.aliasOf ?? null,
      deprecated,
      migrationSafe,
      abiLevel: features === null ? null : abiReach((feature) => features.has(feature)).name,
      features: features?.size ?? null,
      since: since.get(name),
    };
  });
}

/** The machine type that lists of models are about. */
function defaultMachine({ catalog, machineByName }: CatalogIndex): string {
  if (machineByName.has('q35')) return 'q35';
  return catalog.machines.find(({ isDefault }) => isDefault)?.name ?? catalog.machines[0]?.name ?? '';
}

/** What the filters leave. Folded, a model with versions is one line, which any of its names finds. */
export function filterModelRows(rows: readonly ModelRow[], filter: ModelFilter): readonly ModelRow[] {
  const words = filter.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const bases = new Set(rows.filter(({ versions }) => versions.length > 0).map(({ name }) => name));
  return rows.filter((row) => {
    const { name, vendor, family, versions, deprecated } = row;
    const base = unversionedName(name);
    if (!filter.isUnfolded && base !== name && bases.has(base)) return false;
    if (deprecated && !filter.showDeprecated) return false;
    if (filter.vendor !== '' && vendorGroup(vendor) !== filter.vendor) return false;
    const text = [name, family, vendor, ...versions].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function vendorGroup(vendor: string): 'AMD' | 'Intel' | 'other' {
  return vendor === 'AMD' || vendor === 'Intel' ? vendor : 'other';
}
