import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import type { HostSupport } from './host-support.ts';
import { hasFeature } from './feature-words.ts';
import { amdAliasMask } from './kvm-cpuid.ts';
import { differsFromGuestTrace, lacksTraceLevel } from './processor-trace.ts';
import type { Accelerator } from './resolution.ts';
import { holds } from './rules.ts';
import { enableXsaveComponents } from './xsave.ts';

/** A CPU with all its properties set, about to be expanded and filtered. */
export interface WordsInput {
  readonly accel: Accelerator;
  /** `host` or `max`. */
  readonly isMax: boolean;
  readonly features: FeatureSet;
  /** Bits that the machine type takes away, which `host` and `max` leave alone; null: none. */
  readonly withheld: FeatureSet | null;
  /** Bits that the user set: `host` and `max` leave them alone, and what is dropped of them counts as filtered. */
  readonly byUser: FeatureSet;
  readonly properties: PropertyValues;
  readonly vendor: string;
  /** Threads of one package; above 1 some releases switch `ht` on. */
  readonly threadsPerPackage: number;
}

/** The feature words on their way through QEMU. All sets are over the catalog's layout. */
export interface Words {
  /** What the CPU asks for after expansion. */
  readonly requested: FeatureSet;
  /** What the guest gets. */
  readonly effective: FeatureSet;
  readonly filtered: FeatureSet;
  /** Asked for by the user, but dropped because something it depends on is not there; part of `filtered`. */
  readonly dropped: FeatureSet;
  /** What the CPU asked for before anything of it was dropped; null where the user set no feature. */
  readonly beforeDependencies: FeatureSet | null;
  /** Asked for together with a feature that excludes it; part of `filtered`. */
  readonly conflicting: FeatureSet;
  /** Requested bits of which it is not known whether they are supported. */
  readonly undecided: FeatureSet;
  /** intel-pt is filtered because the machine type does not raise the level to leaf 14H. */
  readonly traceLacksLevel: boolean;
  /** intel-pt is filtered because KVM's Processor Trace differs from the one that QEMU shows. */
  readonly traceDiffers: boolean;
}

const isSet = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

function clear(set: FeatureSet, bits: FeatureSet): void {
  for (let lane = 0; lane < set.length; lane++) set[lane] &= ~bits[lane];
}

/** `host` and `max`: whatever is supported and neither set by somebody nor kept back. */
function takeSupported(
  context: ResolveContext,
  input: WordsInput,
  support: HostSupport,
  set: FeatureSet,
  open: FeatureSet,
): void {
  const { index } = context;
  const onlyMigratable = input.properties.migratable !== false;
  const available = support.supported.slice();
  restrictMax(context, input, available);
  for (let lane = 0; lane < set.length; lane++) {
    const touched = input.byUser[lane] | (input.withheld?.[lane] ?? 0);
    const kept = ~touched & ~index.notAutoenabled[lane] & (onlyMigratable ? index.migratable[lane] : 0xffffffff);
    set[lane] |= available[lane] & kept;
    if (!support.isWhole) open[lane] = support.unknown[lane] & kept;
  }
  const invtsc = index.features.get('invtsc');
  const hasFrequency = typeof input.properties['tsc-frequency'] === 'number' && input.properties['tsc-frequency'] > 0;
  if (invtsc && hasFrequency && holds('tscFrequencyMakesInvtscMigratable', index.release))
    set[invtsc.lane] |=
      available[invtsc.lane] & invtsc.mask & ~input.byUser[invtsc.lane] & ~(input.withheld?.[invtsc.lane] ?? 0);
}

/** Words that a `host` or `max` CPU of another vendor leaves alone. */
function restrictMax({ index }: ResolveContext, { vendor, properties }: WordsInput, available: FeatureSet): void {
  const machineCheck = index.layout.laneOfKey.get('80000007.EBX');
  if (machineCheck !== undefined && vendor !== amd && holds('amdOnlyMachineCheck', index.release))
    available[machineCheck] = 0;
  const archCapabilities = index.features.get('arch-capabilities');
  // Only releases that hide it (10.1.2 and later) have the property that brings it back.
  const isHidden = properties['x-arch-cap-always-on'] === false && vendor === amd;
  if (archCapabilities && isHidden) available[archCapabilities.lane] &= ~archCapabilities.mask;
}

export const amd = 'AuthenticAMD';
const intelLike = new Set(['GenuineIntel', 'CentaurHauls', '  Shanghai  ']);

function addTopologyBits(index: CatalogIndex, { threadsPerPackage, vendor }: WordsInput, set: FeatureSet): void {
  if (threadsPerPackage <= 1 || !holds('htFromTopology', index.release)) return;
  for (const name of ['ht', ...(intelLike.has(vendor) ? [] : ['cmp-legacy'])]) {
    const location = index.features.get(name);
    if (location) set[location.lane] |= location.mask;
  }
}

interface Dropped {
  readonly dropped: FeatureSet;
  readonly beforeDependencies: FeatureSet | null;
}

/**
 * Clears what depends on something that is not there, and tells what the user had asked for of it. What depends on
 * something of which it is not known whether it is there becomes undecided itself.
 */
function applyDependencies(index: CatalogIndex, input: WordsInput, set: FeatureSet, undecided: FeatureSet): Dropped {
  if (input.properties.pmu === false) dropWithoutPmu(index, input.properties, set);
  // All parents are looked at before anything is cleared: what a dependency clears, it clears with all that follows.
  const missing = index.dependencies.filter(({ whenMissing }) => !isSet(set, whenMissing));
  if (input.byUser === index.nothing && !input.isMax) {
    for (const { clears, lanes } of missing) for (const lane of lanes) set[lane] &= ~clears[lane];
    return { dropped: index.nothing, beforeDependencies: null };
  }
  const beforeDependencies = set.slice();
  const dropped = new Uint32Array(set.length);
  for (const isOpen of [false, true])
    for (const { whenMissing, clears, lanes } of missing) {
      if (isOpen !== ((undecided[whenMissing.lane] & whenMissing.mask) !== 0)) continue;
      for (const lane of lanes) {
        const gone = set[lane] & clears[lane];
        if (isOpen) undecided[lane] |= gone;
        else dropped[lane] |= gone & input.byUser[lane];
        set[lane] &= ~gone;
      }
    }
  return { dropped, beforeDependencies };
}

/** Silent, even for what the user asked for. */
function dropWithoutPmu(index: CatalogIndex, properties: PropertyValues, set: FeatureSet): void {
  const kept = properties['x-pdcm-on-even-without-pmu'] === true ? index.features.get('pdcm') : undefined;
  const keepsPdcm = kept !== undefined && isSet(set, kept);
  clear(set, index.pmuFeatures);
  if (kept && keepsPdcm) set[kept.lane] |= kept.mask;
}

/** Features that exclude each other go together, and count as filtered whoever asked for them. */
function findConflicts(index: CatalogIndex, set: FeatureSet): FeatureSet {
  let conflicting = index.nothing;
  for (const { features, clears } of index.exclusions) {
    if (!features.every((feature) => isSet(set, feature))) continue;
    if (conflicting === index.nothing) conflicting = new Uint32Array(set.length);
    for (let lane = 0; lane < set.length; lane++) conflicting[lane] |= set[lane] & clears[lane];
  }
  return conflicting;
}

function dropKvmWords(index: CatalogIndex, { accel, properties }: WordsInput, set: FeatureSet): void {
  if (accel === 'kvm' && properties.kvm !== false) return;
  const lane = index.layout.laneOfKey.get('40000001.EAX');
  if (lane !== undefined) set[lane] = 0;
}

/** On AMD the lower bits of 80000001H.EDX repeat those of 1.EDX that the guest really gets. */
export function mirrorAmdAliases(index: CatalogIndex, vendor: string, effective: FeatureSet): void {
  const extended = index.layout.laneOfKey.get('80000001.EDX');
  const basic = index.layout.laneOfKey.get('1.EDX');
  if (vendor !== amd || extended === undefined || basic === undefined) return;
  effective[extended] = (effective[extended] & ~amdAliasMask) | (effective[basic] & amdAliasMask);
}

/** The format of LBR records lies in the lowest bits of IA32_PERF_CAPABILITIES. Source: Intel SDM vol. 3B, 19.1 */
const lbrFormatMask = 0x3f;

function setLbrFormat(index: CatalogIndex, { properties }: WordsInput, set: FeatureSet): void {
  const lane = index.layout.laneOfKey.get('msr.345');
  const format = properties['lbr-fmt'];
  // A format that nobody set is a number beyond the mask.
  if (lane === undefined || typeof format !== 'number' || format > lbrFormatMask) return;
  if (holds('lbrFormatChecked', index.release)) set[lane] = (set[lane] & ~lbrFormatMask) | format;
}

/** Everything that the CPU asks for, in QEMU's order. */
function expand(
  context: ResolveContext,
  input: WordsInput,
  support: HostSupport,
  requested: FeatureSet,
): Omit<Words, 'effective' | 'filtered' | 'traceDiffers'> {
  const { index } = context;
  requested.set(input.features);
  const undecided = support.isWhole ? index.nothing : new Uint32Array(requested.length);
  if (input.isMax) takeSupported(context, input, support, requested, undecided);
  addTopologyBits(index, input, requested);
  const { dropped, beforeDependencies } = applyDependencies(index, input, requested, undecided);
  dropKvmWords(index, input, requested);
  const conflicting = findConflicts(index, requested);
  const isForced = input.properties['x-force-features'] === true;
  if (!isForced && conflicting !== index.nothing) clear(requested, conflicting);
  enableXsaveComponents(index, context.components, requested, support.supported);
  const traceLacksLevel = lacksTraceLevel(index, requested, input.properties);
  setLbrFormat(index, input, requested);
  return { requested, beforeDependencies, dropped, conflicting, undecided, traceLacksLevel };
}

/** Sets to compute into. Memory for sets is dear in the hot loop, where one of these serves all cells in turn. */
export type WordSets = Pick<Words, 'requested' | 'effective' | 'filtered'>;

export function allocateSets({ layout: { laneCount } }: CatalogIndex): WordSets {
  return {
    requested: new Uint32Array(laneCount),
    effective: new Uint32Array(laneCount),
    filtered: new Uint32Array(laneCount),
  };
}

/**
 * Takes a CPU through expansion and filtering: what `host` and `max` add, topology, dependencies, state components, and
 * what the accelerator does not support.
 */
export function computeWords(
  context: ResolveContext,
  input: WordsInput,
  support: HostSupport,
  sets: WordSets = allocateSets(context.index),
): Words {
  const { index } = context;
  const { requested, effective, filtered } = sets;
  const expanded = expand(context, input, support, requested);
  const isForced = input.properties['x-force-features'] === true;
  const trace = index.features.get('intel-pt');
  filtered.set(expanded.dropped);
  if (trace && expanded.traceLacksLevel) filterBit(trace, isForced ? [] : [requested], filtered);
  effective.set(requested);
  filterUnsupported(expanded, sets, support, isForced);
  const traceDiffers =
    input.accel === 'kvm' && hasFeature(index, effective, 'intel-pt') && differsFromGuestTrace(context, effective);
  if (trace && traceDiffers) filterBit(trace, isForced ? [] : [effective], filtered);
  mirrorAmdAliases(index, input.vendor, effective);
  return { ...expanded, effective, filtered, traceDiffers };
}

function filterUnsupported(
  { requested, conflicting, undecided }: Pick<Words, 'requested' | 'conflicting' | 'undecided'>,
  { effective, filtered }: WordSets,
  { supported, unknown, isWhole }: HostSupport,
  isForced: boolean,
): void {
  for (let lane = 0; lane < requested.length; lane++) {
    const lacking = requested[lane] & ~supported[lane];
    filtered[lane] |= conflicting[lane] | (lacking & ~unknown[lane]);
    if (!isWhole) undecided[lane] |= lacking & unknown[lane];
    if (!isForced) effective[lane] &= supported[lane];
  }
}

function filterBit({ lane, mask }: FeatureLocation, from: readonly FeatureSet[], filtered: FeatureSet): void {
  filtered[lane] |= mask;
  for (const set of from) set[lane] &= ~mask;
}
