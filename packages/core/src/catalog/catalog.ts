/**
 * A catalog: what one QEMU binary knows, harvested over QMP. Everything that decides an answer and that a binary can be
 * asked for is here, so that a release nobody has seen resolves from its catalog alone.
 *
 * Two binaries with equal knowledge have equal catalogs, hence equal hashes; where a catalog was harvested, and from
 * which file, is kept beside it (`CatalogProvenance`), not inside.
 */

export type Register = 'EAX' | 'EBX' | 'ECX' | 'EDX';

/** A feature word of QEMU: one CPUID register or one MSR of feature bits. */
export type WordSpec =
  | { readonly kind: 'cpuid'; readonly leaf: number; readonly subleaf: number | null; readonly register: Register }
  | { readonly kind: 'msr'; readonly index: number };

/** Feature bits that a property switches: `word` is an index into `Catalog.words`, `bits` are bit numbers (0..63). */
export interface FeatureProperty {
  readonly name: string;
  readonly word: number;
  readonly bits: readonly number[];
}

/** A property of a CPU that is not a feature bit (`level`, `vendor`, `pmu`, `hv-time`, …), with QOM's type name. */
export interface OtherProperty {
  readonly name: string;
  readonly type: string;
  /** Only `host` and `max` have it (`migratable`, `host-cache-info`). */
  readonly maxOnly?: true;
}

/** A missing feature clears others: `whenMissing` off takes `clears` away, and every bit of `clearsWords`. */
export interface FeatureDependency {
  readonly whenMissing: string;
  readonly clears: readonly string[];
  /** Indexes into `Catalog.words` of words that lose all their bits, nameless ones too. */
  readonly clearsWords?: readonly number[];
}

/** Features that cannot be on together: when all of `features` are asked for, `clears` goes. */
export interface FeatureExclusion {
  readonly features: readonly string[];
  readonly clears: readonly string[];
}

export interface MachineType {
  readonly name: string;
  readonly alias?: string;
  readonly deprecated: boolean;
  readonly isDefault: boolean;
  readonly defaultCpu?: string;
  readonly maxCpus?: number;
}

export interface CpuModelInfo {
  readonly name: string;
  readonly deprecated: boolean;
  readonly migrationSafe: 'yes' | 'no' | 'unknown';
  /** `static` of query-cpu-definitions: only `base` on x86. */
  readonly isStatic: boolean;
}

/** Sparse value of feature words: `{ "<index into words>": "hex" }`, without `0x`, zero words left out. */
export type SparseWords = Readonly<Record<string, string>>;

/**
 * Properties that are not feature bits, as `query-cpu-model-expansion` names them. Two differ in meaning: `min-level`,
 * `min-xlevel` and `min-xlevel2` are the definition's, before any feature raises them, and `level`, `xlevel`, `xlevel2`
 * are there only where something fixes them.
 */
export type PropertyValues = Readonly<Record<string, boolean | number | string>>;

/**
 * What models are on machine types under one accelerator before the user says anything: the definition with the
 * accelerator's defaults and the machine type's compat properties, before dependencies, levels and filtering.
 * A row pairs an index into `features` with one into `properties`; equal rows are stored once.
 *
 * Of `host` and `max` a row keeps only what does not come from the machine that harvested.
 */
export interface AcceleratorCatalog {
  readonly features: readonly SparseWords[];
  readonly properties: readonly PropertyValues[];
  readonly rows: readonly (readonly [features: number, properties: number])[];
  /** Per group of equal machine types: for each model (index into `Catalog.models`) an index into `rows`; -1 none. */
  readonly groups: readonly (readonly number[])[];
  /** For each machine type (index into `Catalog.machines`) an index into `groups`; -1: could not be harvested. */
  readonly machineGroups: readonly number[];
  /** Per group: for each model the model it is an alias of (index into `Catalog.models`), or -1. */
  readonly aliases: readonly (readonly number[])[];
  /** Per group: feature bits that the machine type itself turns off for every model, `host` and `max` too. */
  readonly withheld: readonly SparseWords[];
  /** Per group: whether the machine type turns host-phys-bits on for every CPU, whatever the user says. */
  readonly forcesHostPhysBits: readonly boolean[];
  /** Per group: properties that most models have there, where they differ from `Catalog.propertyDefaults`. */
  readonly groupProperties: readonly PropertyValues[];
}

/** TCG's own abilities: what it supports of every word. */
export interface TcgCatalog extends AcceleratorCatalog {
  readonly supported: SparseWords;
}

/** What KVM adds to a harvest. */
export interface KvmCatalog extends AcceleratorCatalog {
  /** Per group: what `kernel-irqchip` is when nobody says. */
  readonly irqchipDefault: readonly ('on' | 'split')[];
  /** Per group: whether a split irqchip turns kvm-msi-ext-dest-id on by default. */
  readonly splitExtDestId: readonly boolean[];
}

export interface Catalog {
  readonly schema: 'cpu-atlas/catalog/1';
  readonly qemu: { readonly version: string; readonly package: string };
  /** In QEMU's own order: the order of `unavailable-features` and of the warnings. */
  readonly words: readonly WordSpec[];
  readonly features: readonly FeatureProperty[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly otherProperties: readonly OtherProperty[];
  /** Values of properties that most models share; groups and rows hold what differs. */
  readonly propertyDefaults: PropertyValues;
  readonly dependencies: readonly FeatureDependency[];
  readonly exclusions: readonly FeatureExclusion[];
  /** Features that go when the `pmu` property is off. */
  readonly pmuFeatures: readonly string[];
  readonly machines: readonly MachineType[];
  readonly models: readonly CpuModelInfo[];
  readonly tcg?: TcgCatalog;
  readonly kvm?: KvmCatalog;
  /** What the machine that harvested could not show, in plain words. */
  readonly notSeen: readonly string[];
  /** `CPUID.07H:EBX` (colon) or `CPUID[eax=07h,ecx=00h].EBX` (brackets), as this binary writes its warnings. */
  readonly warningStyle: 'colon' | 'brackets';
}

/** Where a catalog came from; not part of its hash. */
export interface CatalogProvenance {
  readonly harvestedAt: string;
  readonly harvester: string;
  /** File name, size in bytes and time of change; not the whole path, which belongs to one machine. */
  readonly binary?: { readonly name: string; readonly sizeBytes: number; readonly mtime: string };
}
