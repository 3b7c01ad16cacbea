import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import type { ResolveContext } from './context.ts';
import { expandFeatures } from './expand-features.ts';
import { hasFeature } from './feature-words.ts';
import type { HostSupport } from './host-support.ts';
import { amdAliasMask } from './kvm-cpuid.ts';
import { differsFromGuestTrace } from './processor-trace.ts';
import { amd } from './vendors.ts';
import { allocateSets, type WordSets, type Words, type WordsInput } from './words.ts';

/** On AMD the lower bits of 80000001H.EDX repeat those of 1.EDX that the guest really gets. */
export function mirrorAmdAliases(index: CatalogIndex, vendor: string, effective: FeatureSet): void {
  const extended = index.layout.laneOfKey.get('80000001.EDX');
  const basic = index.layout.laneOfKey.get('1.EDX');
  if (vendor !== amd || extended === undefined || basic === undefined) return;
  effective[extended] = (effective[extended] & ~amdAliasMask) | (effective[basic] & amdAliasMask);
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
  const expanded = expandFeatures(context, input, support, requested);
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
