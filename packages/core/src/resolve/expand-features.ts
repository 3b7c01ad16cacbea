import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import type { HostSupport } from './host-support.ts';
import { lacksTraceLevel } from './processor-trace.ts';
import { holds } from './rules.ts';
import { amd, isIntelLike } from './vendors.ts';
import type { Words, WordsInput } from './words.ts';
import { enableXsaveComponents } from './xsave.ts';

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

function addTopologyBits(index: CatalogIndex, { threadsPerPackage, vendor }: WordsInput, set: FeatureSet): void {
  if (threadsPerPackage <= 1 || !holds('htFromTopology', index.release)) return;
  for (const name of ['ht', ...(isIntelLike(vendor) ? [] : ['cmp-legacy'])]) {
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
export function expandFeatures(
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
