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
    open[lane] = support.unknown[lane] & kept;
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
  const beforeDependencies = input.byUser === index.nothing ? null : set.slice();
  const gone = new Uint32Array(set.length);
  const open = input.isMax ? new Uint32Array(set.length) : null;
  for (const { whenMissing, clears, lanes } of index.dependencies) {
    if (isSet(set, whenMissing)) continue;
    const into = open !== null && (undecided[whenMissing.lane] & whenMissing.mask) !== 0 ? open : gone;
    for (const lane of lanes) into[lane] |= clears[lane];
  }
  const dropped = gone;
  for (let lane = 0; lane < set.length; lane++) {
    const maybe = open === null ? 0 : set[lane] & open[lane] & ~gone[lane];
    const kept = set[lane] & ~gone[lane] & ~maybe;
    undecided[lane] |= maybe;
    dropped[lane] = set[lane] & gone[lane] & input.byUser[lane];
    set[lane] = kept;
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
): Omit<Words, 'effective' | 'filtered' | 'traceDiffers'> {
  const { index } = context;
  const requested = input.features.slice();
  const undecided = new Uint32Array(requested.length);
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

/**
 * Takes a CPU through expansion and filtering: what `host` and `max` add, topology, dependencies, state components, and
 * what the accelerator does not support.
 */
export function computeWords(context: ResolveContext, input: WordsInput, support: HostSupport): Words {
  const { index } = context;
  const expanded = expand(context, input, support);
  const { requested, dropped, conflicting, undecided, traceLacksLevel } = expanded;
  const effective = requested.slice();
  const filtered = dropped.slice();
  const isForced = input.properties['x-force-features'] === true;
  const trace = index.features.get('intel-pt');
  if (trace && traceLacksLevel) filterBit(trace, isForced ? [] : [requested, effective], filtered);
  for (let lane = 0; lane < requested.length; lane++) {
    const lacking = requested[lane] & ~support.supported[lane];
    undecided[lane] |= lacking & support.unknown[lane];
    filtered[lane] |= conflicting[lane] | (lacking & ~support.unknown[lane]);
    if (!isForced) effective[lane] &= support.supported[lane];
  }
  const traceDiffers =
    input.accel === 'kvm' && hasFeature(index, effective, 'intel-pt') && differsFromGuestTrace(context, effective);
  if (trace && traceDiffers) filterBit(trace, isForced ? [] : [effective], filtered);
  mirrorAmdAliases(index, input.vendor, effective);
  return { ...expanded, effective, filtered, traceDiffers };
}

function filterBit({ lane, mask }: FeatureLocation, from: readonly FeatureSet[], filtered: FeatureSet): void {
  filtered[lane] |= mask;
  for (const set of from) set[lane] &= ~mask;
}
