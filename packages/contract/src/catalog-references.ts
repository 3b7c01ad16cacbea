import { AtlasError } from '@cpu-atlas/core';
import type { AcceleratorCatalog, Catalog } from '@cpu-atlas/core';
import { jsonPath } from './parse.ts';

type Path = readonly (string | number)[];

interface Scope {
  readonly refuse: (path: Path, what: string) => AtlasError;
  readonly catalog: Catalog;
}

/**
 * Checks that each index of a catalog points at something, so that nobody who reads it has to.
 * @throws CATALOG_INVALID
 */
export function checkCatalogReferences(catalog: Catalog, source: string | undefined): void {
  const refuse = (path: Path, what: string): AtlasError =>
    new AtlasError('CATALOG_INVALID', what, {
      where: source === undefined ? jsonPath(path) : `${source}: ${jsonPath(path)}`,
      remedy: 'harvest it again: cpu-atlas harvest --qemu PATH --out DIR',
    });
  catalog.features.forEach((feature, at) => {
    const word = catalog.words[feature.word];
    if (word === undefined) throw refuse(['features', at, 'word'], `there is no word ${feature.word}`);
    const width = word.kind === 'cpuid' ? 32 : 64;
    if (feature.bits.some((bit) => bit >= width)) throw refuse(['features', at, 'bits'], `the word has ${width} bits`);
  });
  catalog.dependencies.forEach((dependency, at) => {
    const wrong = dependency.clearsWords?.find((word) => word >= catalog.words.length);
    if (wrong !== undefined) throw refuse(['dependencies', at, 'clearsWords'], `there is no word ${wrong}`);
  });
  const scope = { catalog, refuse };
  const { tcg, kvm } = catalog;
  if (tcg !== undefined) {
    checkAccelerator(tcg, 'tcg', scope);
    checkWords([tcg.supported], ['tcg', 'supported'], scope);
  }
  if (kvm !== undefined) {
    checkAccelerator(kvm, 'kvm', scope);
    checkPerGroup(kvm.irqchipDefault, ['kvm', 'irqchipDefault'], kvm, scope);
    checkPerGroup(kvm.splitExtDestId, ['kvm', 'splitExtDestId'], kvm, scope);
  }
}

function checkAccelerator(part: AcceleratorCatalog, key: 'tcg' | 'kvm', scope: Scope): void {
  const { catalog, refuse } = scope;
  checkWords(part.features, [key, 'features'], scope);
  part.rows.forEach(([features, properties], at) => {
    if (features >= part.features.length) throw refuse([key, 'rows', at, 0], `there are no features ${features}`);
    if (properties >= part.properties.length)
      throw refuse([key, 'rows', at, 1], `there are no properties ${properties}`);
  });
  checkTable(part.groups, { path: [key, 'groups'], below: part.rows.length, noun: 'row' }, scope);
  checkTable(part.aliases, { path: [key, 'aliases'], below: catalog.models.length, noun: 'model' }, scope);
  checkWords(part.withheld, [key, 'withheld'], scope);
  checkPerGroup(part.aliases, [key, 'aliases'], part, scope);
  checkPerGroup(part.withheld, [key, 'withheld'], part, scope);
  checkPerGroup(part.forcesHostPhysBits, [key, 'forcesHostPhysBits'], part, scope);
  checkPerGroup(part.groupProperties, [key, 'groupProperties'], part, scope);
  if (part.machineGroups.length !== catalog.machines.length) {
    throw refuse(
      [key, 'machineGroups'],
      `has ${part.machineGroups.length} entries for ${catalog.machines.length} machines`,
    );
  }
  part.machineGroups.forEach((group, at) => {
    if (group >= part.groups.length) throw refuse([key, 'machineGroups', at], `there is no group ${group}`);
  });
}

function checkPerGroup(list: readonly unknown[], path: Path, part: AcceleratorCatalog, { refuse }: Scope): void {
  if (list.length !== part.groups.length)
    throw refuse(path, `has ${list.length} entries for ${part.groups.length} groups`);
}

interface Table {
  readonly path: Path;
  readonly below: number;
  readonly noun: string;
}

function checkTable(lists: readonly (readonly number[])[], table: Table, { catalog, refuse }: Scope): void {
  lists.forEach((list, at) => {
    if (list.length !== catalog.models.length) {
      throw refuse([...table.path, at], `has ${list.length} entries for ${catalog.models.length} models`);
    }
    const wrong = list.findIndex((index) => index >= table.below);
    if (wrong >= 0) throw refuse([...table.path, at, wrong], `there is no ${table.noun} ${list[wrong]}`);
  });
}

function checkWords(rows: AcceleratorCatalog['features'], path: Path, { catalog, refuse }: Scope): void {
  rows.forEach((row, at) => {
    const wrong = Object.keys(row).find((word) => Number(word) >= catalog.words.length);
    if (wrong !== undefined) throw refuse([...path, at, wrong], `there is no word ${wrong}`);
  });
}
