import { bitCoordinate, findFeature, wordKeyOf, wordRecords } from '@cpu-atlas/core';
import type { CatalogIndex, ModelDefinition } from '@cpu-atlas/core';

/** The bits of a QEMU's features by name, `CPUID.07H.0:EBX[5]`; of a feature of several bits the first. */
export function listCoordinates(index: CatalogIndex): ReadonlyMap<string, string> {
  return new Map(
    index.catalog.features.flatMap(({ name, word, bits }): (readonly [string, string])[] => {
      const spec = index.layout.words[word];
      return spec === undefined ? [] : [[name, bitCoordinate(spec, bits[0] ?? 0)]];
    }),
  );
}

export interface ListedFeature {
  readonly name: string;
  /** `CPUID.07H.0:EBX[5]`. */
  readonly bit: string;
  readonly description: string;
  /** Features that it needs. */
  readonly requires: readonly string[];
}

/** Features of one register. */
export interface FeatureGroup {
  readonly key: string;
  readonly title: string;
  readonly features: readonly ListedFeature[];
}

/** What a model asks for, register by register in QEMU's order. A search keeps what its words occur in. */
export function groupFeatures(
  index: CatalogIndex,
  { names, search }: { readonly names: ModelDefinition['features']; readonly search: string },
): readonly FeatureGroup[] {
  const wanted = new Set(names);
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const titles = new Map(wordRecords().map(({ key, title }) => [key, title]));
  const groups = new Map<string, ListedFeature[]>();
  for (const { name, word, bits } of index.catalog.features) {
    const spec = index.layout.words[word];
    if (!wanted.has(name) || spec === undefined) continue;
    const record = findFeature(name);
    const feature = {
      name,
      bit: bitCoordinate(spec, bits[0] ?? 0),
      description: record?.description ?? '',
      requires: (record?.requires ?? []).map(({ feature: needed }) => needed),
    };
    const text = `${name} ${feature.bit} ${feature.description}`.toLowerCase();
    if (!words.every((one) => text.includes(one))) continue;
    const key = wordKeyOf(spec);
    groups.set(key, [...(groups.get(key) ?? []), feature]);
  }
  return [...groups].map(([key, features]) => ({ key, title: titles.get(key) ?? key, features }));
}
