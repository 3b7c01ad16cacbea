import { AtlasError } from '../errors.ts';
import { dependencyRecords, featureAt, findFeature } from '../x86/feature-table.ts';
import { fromSparse } from '../x86/feature-set.ts';
import { layoutWords, locateBit, wordKeyOf, type FeatureSet, type WordLayout } from '../x86/word-layout.ts';
import type {
  AcceleratorCatalog,
  Catalog,
  FeatureDependency,
  MachineType,
  OtherProperty,
  PropertyValues,
} from './catalog.ts';
import { releaseOf, type QemuRelease } from './release.ts';

/** Where a feature property lies: one lane and the mask of its one or two bits. */
export interface FeatureLocation {
  readonly name: string;
  readonly lane: number;
  readonly mask: number;
  /** Second lane of a property whose bits straddle the halves of an MSR; mask 0 for almost all. */
  readonly highMask: number;
}

export interface CompiledDependency {
  readonly whenMissing: FeatureLocation;
  readonly clears: FeatureSet;
  /** The lanes in which `clears` has anything. */
  readonly lanes: readonly number[];
}

/** One edge of the curated dependencies, in QEMU's order, which the catalog's own do not have. */
export interface DependencyEdge {
  /** It acts when all of them are missing. */
  readonly whenMissing: readonly FeatureLocation[];
  readonly clears: FeatureSet;
}

export interface CompiledExclusion {
  readonly features: readonly FeatureLocation[];
  readonly clears: FeatureSet;
}

/** One accelerator of a catalog, ready to resolve from. */
export interface AcceleratorIndex {
  readonly source: AcceleratorCatalog;
  /** All properties of a row on the machine types of a group: the catalog's defaults, the group's, the row's own. */
  propertiesOf(group: number, row: number): PropertyValues;
  /** Decoded `features` by index; shared, never to be written. */
  readonly features: readonly FeatureSet[];
  readonly withheld: readonly FeatureSet[];
  /** Whether a model (index into `Catalog.models`) comes with caches of its own, which `legacy-cache=off` asks for. */
  hasOwnCaches(model: number): boolean;
}

/** A catalog decoded once, from which any number of resolutions are computed. */
export interface CatalogIndex {
  readonly catalog: Catalog;
  readonly release: QemuRelease;
  readonly layout: WordLayout;
  /** The empty set; shared, never to be written. */
  readonly nothing: FeatureSet;
  readonly features: ReadonlyMap<string, FeatureLocation>;
  /** Name of each bit at lane * 32 + bit; null for a nameless one. */
  readonly bitNames: readonly (string | null)[];
  readonly otherProperties: ReadonlyMap<string, OtherProperty>;
  readonly dependencies: readonly CompiledDependency[];
  readonly dependencyEdges: readonly DependencyEdge[];
  readonly exclusions: readonly CompiledExclusion[];
  /** What goes, silently, when `pmu` is off; what depends on that is not among it. */
  readonly pmuFeatures: FeatureSet;
  /** Bits that `host` and `max` never take by themselves. */
  readonly notAutoenabled: FeatureSet;
  /** Bits that `host` and `max` take while `migratable` is on. */
  readonly migratable: FeatureSet;
  readonly machineByName: ReadonlyMap<string, number>;
  readonly modelByName: ReadonlyMap<string, number>;
  readonly accelerators: { readonly tcg: AcceleratorIndex | null; readonly kvm: AcceleratorIndex | null };
  readonly tcgSupported: FeatureSet | null;
}

const damaged = (where: string, what: string): AtlasError =>
  new AtlasError('CATALOG_INVALID', what, { where, remedy: 'harvest the catalog again: cpu-atlas harvest' });

function compileFeatures(catalog: Catalog, layout: WordLayout): Map<string, FeatureLocation> {
  const features = new Map<string, FeatureLocation>();
  for (const property of catalog.features) {
    const lane = layout.laneOfWord[property.word];
    if (lane === undefined) throw damaged(`features.${property.name}.word`, `word ${property.word} does not exist`);
    let mask = 0;
    let highMask = 0;
    for (const bit of property.bits) {
      if (bit < 32) mask |= 1 << bit;
      else highMask |= 1 << (bit - 32);
    }
    const location =
      mask === 0
        ? { lane: lane + 1, mask: highMask >>> 0, highMask: 0 }
        : { lane, mask: mask >>> 0, highMask: highMask >>> 0 };
    features.set(property.name, { name: property.name, ...location });
  }
  for (const [alias, name] of Object.entries(catalog.aliases)) {
    const target = features.get(name);
    if (target) features.set(alias, target);
  }
  return features;
}

function nameBits(catalog: Catalog, layout: WordLayout): (string | null)[] {
  const names: (string | null)[] = new Array<string | null>(layout.laneCount * 32).fill(null);
  for (const property of catalog.features)
    for (const bit of property.bits) names[layout.laneOfWord[property.word] * 32 + bit] = property.name;
  return names;
}

function setOf(
  names: readonly string[],
  features: ReadonlyMap<string, FeatureLocation>,
  layout: WordLayout,
): FeatureSet {
  const set = new Uint32Array(layout.laneCount);
  for (const name of names) {
    const location = features.get(name);
    if (!location) throw damaged('dependencies', `feature "${name}" is not among the catalog's features`);
    set[location.lane] |= location.mask;
    if (location.highMask !== 0) set[location.lane + 1] |= location.highMask;
  }
  return set;
}

/** The curated dependencies on any of some features, by word key. */
function curatedMasks(missing: ReadonlySet<string>): Map<string, bigint> {
  const masks = new Map<string, bigint>();
  for (const { whenMissing, word, mask } of dependencyRecords())
    if (whenMissing.some((name) => missing.has(name))) masks.set(word, (masks.get(word) ?? 0n) | mask);
  return masks;
}

/**
 * A harvest shows names, QEMU clears bits. Where the curated data know the mask, it decides what a name cannot tell: of
 * a name that stands for two bits, one may stay (vmx-invept-single-context: one belongs to EPT, one to VPID), and
 * nameless bits go with their neighbours.
 */
function refineByMask(clears: FeatureSet, dependency: FeatureDependency, catalog: Catalog, layout: WordLayout): void {
  const masks = curatedMasks(new Set([dependency.whenMissing, ...dependency.clears]));
  catalog.words.forEach((spec, word) => {
    const mask = masks.get(wordKeyOf(spec));
    if (mask === undefined) return;
    const named = catalog.features.filter((feature) => feature.word === word);
    const single = new Set(named.filter(({ bits }) => bits.length === 1).flatMap(({ bits }) => bits));
    for (let bit = 0; bit < (spec.kind === 'msr' ? 64 : 32); bit++) {
      if (single.has(bit)) continue;
      const place = locateBit(layout, word, bit);
      if ((mask >> BigInt(bit)) & 1n) clears[place.lane] |= place.mask;
      else clears[place.lane] &= ~place.mask;
    }
  });
}

/** A binary older than the catalog that stands in for it may not know a dependency yet. */
function isEnforced(parent: string, release: QemuRelease): boolean {
  const records = dependencyRecords().filter(({ whenMissing }) => whenMissing.includes(parent));
  return records.length === 0 || records.some(({ since }) => since === null || releaseOf(since) <= release);
}

function compileDependencies(
  catalog: Catalog,
  features: ReadonlyMap<string, FeatureLocation>,
  layout: WordLayout,
  release: QemuRelease,
): CompiledDependency[] {
  return catalog.dependencies
    .filter(({ whenMissing }) => isEnforced(whenMissing, release))
    .map((dependency) => {
      const whenMissing = features.get(dependency.whenMissing);
      if (!whenMissing) throw damaged('dependencies', `feature "${dependency.whenMissing}" is unknown`);
      const clears = setOf(dependency.clears, features, layout);
      for (const word of dependency.clearsWords ?? []) {
        const lane = layout.laneOfWord[word];
        if (lane === undefined) throw damaged('dependencies', `word ${word} does not exist`);
        clears[lane] = 0xffffffff;
        if (layout.words[word].kind === 'msr') clears[lane + 1] = 0xffffffff;
      }
      refineByMask(clears, dependency, catalog, layout);
      return { whenMissing, clears, lanes: [...clears.keys()].filter((lane) => clears[lane] !== 0) };
    });
}

/** The curated edges that this release enforces, cut to what its catalog knows. */
function compileEdges(
  features: ReadonlyMap<string, FeatureLocation>,
  layout: WordLayout,
  release: QemuRelease,
): DependencyEdge[] {
  return dependencyRecords().flatMap(({ whenMissing, word, mask, since }): DependencyEdge[] => {
    const lane = layout.laneOfKey.get(word);
    const parents = whenMissing.flatMap((name) => features.get(name) ?? []);
    if (lane === undefined || parents.length === 0 || (since !== null && releaseOf(since) > release)) return [];
    const clears = new Uint32Array(layout.laneCount);
    clears[lane] = Number(mask & 0xffffffffn);
    if (word.startsWith('msr.')) clears[lane + 1] = Number((mask >> 32n) & 0xffffffffn);
    return [{ whenMissing: parents, clears }];
  });
}

/** A harvest sees all that goes with `pmu`; what goes because something else did is left to the dependencies. */
function directPmuFeatures(names: readonly string[], { dependencies }: Catalog): string[] {
  const indirect = new Set(
    dependencies.filter(({ whenMissing }) => names.includes(whenMissing)).flatMap(({ clears }) => clears),
  );
  return names.filter((name) => !indirect.has(name));
}

/** The bits of all words for which a trait of the curated data holds. */
function bitsWhere(
  catalog: Catalog,
  layout: WordLayout,
  trait: (key: string, bit: number, named: boolean) => boolean,
): FeatureSet {
  const named = new Set(catalog.features.flatMap((f) => f.bits.map((bit) => f.word * 64 + bit)));
  const set = new Uint32Array(layout.laneCount);
  layout.words.forEach((word, index) => {
    const key = wordKeyOf(word);
    for (let bit = 0; bit < (word.kind === 'msr' ? 64 : 32); bit++) {
      if (!trait(key, bit, named.has(index * 64 + bit))) continue;
      const { lane, mask } = locateBit(layout, index, bit);
      set[lane] |= mask;
    }
  });
  return set;
}

function indexAccelerator(
  accelerator: AcceleratorCatalog | undefined,
  layout: WordLayout,
  defaults: PropertyValues,
): AcceleratorIndex | null {
  if (!accelerator) return null;
  const completed = new Map<number, PropertyValues>();
  const ownCaches = new Set<number>();
  accelerator.groups.forEach((rows, group) =>
    rows.forEach((row, model) => {
      if (row < 0) return;
      const own = accelerator.properties[accelerator.rows[row][1]]['legacy-cache'];
      if ((own ?? accelerator.groupProperties[group]['legacy-cache'] ?? defaults['legacy-cache']) === false)
        ownCaches.add(model);
    }),
  );
  return {
    source: accelerator,
    hasOwnCaches: (model) => ownCaches.has(model),
    propertiesOf(group, row) {
      const own = accelerator.rows[row][1];
      const key = group * accelerator.properties.length + own;
      const known = completed.get(key) ?? {
        ...defaults,
        ...accelerator.groupProperties[group],
        ...accelerator.properties[own],
      };
      completed.set(key, known);
      return known;
    },
    features: accelerator.features.map((sparse) => fromSparse(layout, sparse)),
    withheld: accelerator.withheld.map((sparse) => fromSparse(layout, sparse)),
  };
}

function indexMachines(machines: readonly MachineType[]): Map<string, number> {
  const byName = new Map<string, number>();
  machines.forEach((machine, index) => {
    byName.set(machine.name, index);
    if (machine.alias !== undefined && !byName.has(machine.alias)) byName.set(machine.alias, index);
  });
  return byName;
}

/**
 * Decodes a catalog. `runsAs` is the version of the binary in question where the catalog is only the nearest one: dated
 * rules follow the binary, definitions the catalog.
 * @throws CATALOG_INVALID when its parts do not fit together
 */
export function indexCatalog(catalog: Catalog, runsAs: string = catalog.qemu.version): CatalogIndex {
  const layout = layoutWords(catalog.words);
  const features = compileFeatures(catalog, layout);
  return {
    catalog,
    release: releaseOf(runsAs),
    layout,
    nothing: new Uint32Array(layout.laneCount),
    features,
    bitNames: nameBits(catalog, layout),
    otherProperties: new Map(catalog.otherProperties.map((property) => [property.name, property])),
    dependencies: compileDependencies(catalog, features, layout, releaseOf(runsAs)),
    dependencyEdges: compileEdges(features, layout, releaseOf(runsAs)),
    exclusions: catalog.exclusions.map((exclusion) => ({
      features: exclusion.features.flatMap((name) => features.get(name) ?? []),
      clears: setOf(exclusion.clears, features, layout),
    })),
    pmuFeatures: setOf(directPmuFeatures(catalog.pmuFeatures, catalog), features, layout),
    notAutoenabled: bitsWhere(catalog, layout, (key, bit) => featureAt(key, bit)?.autoenabled === false),
    migratable: bitsWhere(catalog, layout, (key, bit, named) => named && featureAt(key, bit)?.migratable !== false),
    machineByName: indexMachines(catalog.machines),
    modelByName: new Map(catalog.models.map((model, index) => [model.name, index])),
    accelerators: {
      tcg: indexAccelerator(catalog.tcg, layout, catalog.propertyDefaults),
      kvm: indexAccelerator(catalog.kvm, layout, catalog.propertyDefaults),
    },
    tcgSupported: catalog.tcg ? fromSparse(layout, catalog.tcg.supported) : null,
  };
}

/** The feature property of a name or alias, also when only the curated data know the alias. */
export function locateFeature(index: CatalogIndex, name: string): FeatureLocation | null {
  const direct = index.features.get(name);
  if (direct) return direct;
  const record = findFeature(name);
  return record?.name == null ? null : (index.features.get(record.name) ?? null);
}
