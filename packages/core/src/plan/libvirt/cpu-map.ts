import { AtlasError } from '../../errors.ts';

/**
 * libvirt's own table of CPU features and models, which it believes instead of asking QEMU. In the order of its files:
 * libvirt walks models from last to first, and lists features from first to last.
 */
export interface LibvirtCpuMap {
  readonly schema: 'cpu-atlas/libvirt-cpu-map/1';
  /** Release of libvirt, `9.0.0`. */
  readonly release: string;
  readonly source: string;
  readonly vendors: readonly LibvirtVendor[];
  readonly features: readonly LibvirtFeature[];
  readonly models: readonly LibvirtModel[];
}

export interface LibvirtVendor {
  /** `Intel`. */
  readonly name: string;
  /** What CPUID leaf 0 says: `GenuineIntel`. */
  readonly cpuid: string;
}

/** A register bit: `['7.0.EBX', 5]`, `['msr.10a', 0]`. The subleaf is always written. */
export type LibvirtBit = readonly [word: string, bit: number];

export interface LibvirtFeature {
  readonly name: string;
  readonly bits: readonly LibvirtBit[];
  /** Absent: migratable. */
  readonly migratable?: false;
  /** Names that QEMU has for it, where they differ. */
  readonly qemu?: readonly string[];
}

export interface LibvirtSignature {
  readonly family: number;
  readonly model: number;
  /** Absent: every stepping. */
  readonly steppings?: readonly number[];
}

export interface LibvirtModel {
  readonly name: string;
  readonly vendor?: string;
  /** The model whose features it starts from. */
  readonly ancestor?: string;
  /** Own features, to which those of the ancestor come. */
  readonly features: readonly string[];
  /** Features that the model once had: a guest CPU that libvirt makes of the model says `disable` for each. */
  readonly removed?: readonly string[];
  readonly signatures?: readonly LibvirtSignature[];
  /** Whether libvirt may describe a host, or a guest, by this model. */
  readonly decode: { readonly host: boolean; readonly guest: boolean };
}

/** Features as one number, one bit for each register bit that the map names. */
export type LibvirtBits = bigint;

export interface IndexedFeature {
  readonly name: string;
  readonly bits: LibvirtBits;
  readonly isMigratable: boolean;
}

export interface IndexedModel {
  readonly name: string;
  /** null: of no vendor. */
  readonly vendor: string | null;
  readonly signatures: readonly LibvirtSignature[];
  readonly decode: LibvirtModel['decode'];
  readonly removed: readonly string[];
  /** Own features and those of the ancestors. */
  readonly bits: LibvirtBits;
}

/** A map decoded once. */
export interface LibvirtMapIndex {
  readonly map: LibvirtCpuMap;
  readonly features: readonly IndexedFeature[];
  readonly featureByName: ReadonlyMap<string, IndexedFeature>;
  readonly models: readonly IndexedModel[];
  readonly modelByName: ReadonlyMap<string, IndexedModel>;
  /** By name of the vendor. */
  readonly vendors: ReadonlyMap<string, LibvirtVendor>;
  /** Position of each register bit, by `word/bit`. */
  readonly places: ReadonlyMap<string, number>;
  /** libvirt's name of a feature that QEMU calls so. */
  readonly nameOfQemu: ReadonlyMap<string, string>;
}

const damaged = (where: string, what: string): AtlasError =>
  new AtlasError('CPU_MAP_INVALID', what, { where, remedy: 'take the map of a libvirt release as it is' });

/** @throws CPU_MAP_INVALID when its parts do not fit together */
export function indexCpuMap(map: LibvirtCpuMap): LibvirtMapIndex {
  const places = new Map<string, number>();
  for (const feature of map.features)
    for (const [word, bit] of feature.bits) {
      const key = `${word}/${bit}`;
      if (!places.has(key)) places.set(key, places.size);
    }
  const features = map.features.map(({ name, bits, migratable }) => ({
    name,
    bits: bits.reduce((sum, [word, bit]) => sum | (1n << BigInt(places.get(`${word}/${bit}`) ?? 0)), 0n),
    isMigratable: migratable !== false,
  }));
  const featureByName = new Map(features.map((feature) => [feature.name, feature]));
  const vendors = new Map(map.vendors.map((vendor) => [vendor.name, vendor]));
  const models = indexModels(map, featureByName, vendors);
  return {
    map,
    features,
    featureByName,
    models,
    modelByName: new Map(models.map((model) => [model.name, model])),
    vendors,
    places,
    nameOfQemu: new Map(map.features.flatMap(({ name, qemu = [] }) => [name, ...qemu].map((own) => [own, name]))),
  };
}

function indexModels(
  map: LibvirtCpuMap,
  features: ReadonlyMap<string, IndexedFeature>,
  vendors: LibvirtMapIndex['vendors'],
): IndexedModel[] {
  const known = new Map<string, IndexedModel>();
  for (const model of map.models) {
    const where = `models.${model.name}`;
    const ancestor = model.ancestor === undefined ? undefined : known.get(model.ancestor);
    // libvirt reads its files in order, so that an ancestor always comes first.
    if (model.ancestor !== undefined && ancestor === undefined)
      throw damaged(where, `its ancestor "${model.ancestor}" does not come before it`);
    if (known.has(model.name)) throw damaged(where, 'is there twice');
    if (model.vendor !== undefined && !vendors.has(model.vendor))
      throw damaged(where, `vendor "${model.vendor}" is unknown`);
    let bits = ancestor?.bits ?? 0n;
    for (const name of model.features) {
      const feature = features.get(name);
      if (feature === undefined) throw damaged(where, `feature "${name}" is unknown`);
      bits |= feature.bits;
    }
    known.set(model.name, {
      name: model.name,
      vendor: model.vendor ?? ancestor?.vendor ?? null,
      signatures: model.signatures ?? ancestor?.signatures ?? [],
      decode: model.decode,
      removed: model.removed ?? [],
      bits,
    });
  }
  return [...known.values()];
}

/** Whether all bits of a feature are in a set. */
export function hasAll(set: LibvirtBits, bits: LibvirtBits): boolean {
  return (set & bits) === bits;
}

/** Names of the features that a set holds whole, in the order of the map. */
export function namesOf({ features }: LibvirtMapIndex, set: LibvirtBits): string[] {
  return features.filter(({ bits }) => hasAll(set, bits)).map(({ name }) => name);
}

/** Whether the signatures of a model name a CPU. */
export function matchesSignature(
  signatures: readonly LibvirtSignature[],
  cpu: { readonly family: number; readonly model: number; readonly stepping: number },
): boolean {
  return signatures.some(
    ({ family, model, steppings }) =>
      family === cpu.family && model === cpu.model && (steppings?.includes(cpu.stepping) ?? true),
  );
}
