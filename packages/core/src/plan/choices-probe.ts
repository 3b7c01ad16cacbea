import type { CatalogIndex, FeatureLocation } from '../catalog/catalog-index.ts';
import { AtlasError } from '../errors.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import { locateCell } from '../resolve/locate-cell.ts';
import type { ResolutionRequest } from '../resolve/resolution.ts';
import { allocateSets, type WordSets } from '../resolve/words.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { settleCell, type SettledCell } from '../resolve/settle-cell.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import { isEmpty } from '../x86/feature-set.ts';
import { wordKeyOf, type FeatureSet } from '../x86/word-layout.ts';
import { isSeen, silenceOf, type HostClass } from './fleet.ts';
import type { Answer } from './predicates-obstacle.ts';

/** What one class of hosts makes of a `-cpu` argument, without the words of a whole resolution. Sets may be lent. */
export type Probe =
  | {
      readonly kind: 'settled';
      readonly answer: Answer;
      readonly context: ResolveContext;
      readonly support: HostSupport;
      /** What the guest gets. */
      readonly effective: FeatureSet;
      /** What it asks for and does not get. */
      readonly filtered: FeatureSet;
      /** Features that make QEMU abort there. */
      readonly aborting: readonly string[];
      readonly refusal: string | null;
    }
  | { readonly kind: 'none'; readonly answer: 'no' | 'unknown'; readonly reason: string };

/** Memory to compute in, for each catalog, so that thousands of probes do not each take their own. */
export class ProbeMemory {
  readonly #sets = new Map<CatalogIndex, WordSets>();

  of(index: CatalogIndex): WordSets {
    const sets = this.#sets.get(index) ?? allocateSets(index);
    this.#sets.set(index, sets);
    return sets;
  }
}

const unoffered: ReadonlySet<string> = new Set([
  'MACHINE_TYPE_UNKNOWN',
  'CPU_MODEL_UNKNOWN',
  'CPU_PROPERTY_UNKNOWN',
  'CPU_PROPERTY_INVALID',
  'ACCELERATOR_UNKNOWN',
]);

/** Whether a QEMU does not know what is asked of it: an answer, not a fault. */
export const isUnoffered = ({ code }: AtlasError): boolean => unoffered.has(code);

/**
 * Settles a cell on a class of hosts and judges it as `runnable` does.
 * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
 */
export function probeClass({ sample }: HostClass, request: ResolutionRequest, memory: ProbeMemory): Probe {
  const silent = silenceOf(sample);
  if (silent !== null || !isSeen(sample))
    return { kind: 'none', answer: 'unknown', reason: silent ?? 'it was not seen' };
  const { context, assumption } = sample;
  try {
    const argument = parseCpuArgument(request.cpu);
    const cell = locateCell(context.index, request.accel, request.machine, argument.model);
    const settled = settleCell(context, request, cell, argument, memory.of(context.index));
    const { refusal, hasUnknown, start } = judgeCell(context, request, settled);
    const answer = refusal || start.wouldRefuse ? 'no' : hasUnknown ? 'unknown' : 'yes';
    return {
      kind: 'settled',
      answer,
      context,
      support: settled.support,
      effective: settled.words.effective,
      filtered: settled.words.filtered,
      aborting: refusal === null ? [] : abortingFeatures(context, settled),
      refusal: refusal?.message ?? null,
    };
  } catch (error) {
    if (!(error instanceof AtlasError) || !isUnoffered(error)) throw error;
    const isOpen =
      assumption !== undefined ||
      error.code === 'ACCELERATOR_UNKNOWN' ||
      (error.code === 'MACHINE_TYPE_UNKNOWN' && context.index.machineByName.has(request.machine));
    return { kind: 'none', answer: isOpen ? 'unknown' : 'no', reason: error.message };
  }
}

export const covers = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

/**
 * Features that bring in an MSR which the host's KVM refuses to be written, so that QEMU aborts: without them the MSR
 * stays untouched.
 */
function abortingFeatures({ index, facts }: ResolveContext, { words }: SettledCell): string[] {
  const lanes = [...(facts.kvm?.unwritableMsrs ?? [])].flatMap((msr) => {
    const lane = index.layout.laneOfKey.get(wordKeyOf({ kind: 'msr', index: msr }));
    const isUsed = lane !== undefined && (words.effective[lane] | words.effective[lane + 1]) !== 0;
    return isUsed ? [lane] : [];
  });
  return index.dependencies
    .filter(
      ({ whenMissing, lanes: cleared }) =>
        cleared.some((lane) => lanes.includes(lane)) && covers(words.effective, whenMissing),
    )
    .map(({ whenMissing }) => whenMissing.name);
}

/**
 * Features of a model's definition that KVM's defaults drop in silence: seen where TCG keeps them. A host that cannot
 * give one is safe only as long as nobody asks for it, so a line that is to mean the same everywhere switches it off.
 */
export function silentlyDropped(index: CatalogIndex, machine: string, model: string): string[] {
  const { tcg, kvm } = index.accelerators;
  if (tcg === null || kvm === null) return [];
  const [defined, given] = [locateCell(index, 'tcg', machine, model), locateCell(index, 'kvm', machine, model)];
  if (defined.row < 0 || given.row < 0 || defined.kind !== 'defined') return [];
  const full = tcg.features[tcg.source.rows[defined.row][0]];
  const kept = kvm.features[kvm.source.rows[given.row][0]];
  const dropped = full.map((lane, at) => lane & ~kept[at]);
  if (isEmpty(dropped)) return [];
  return index.catalog.features.flatMap(({ name }) => {
    const location = index.features.get(name);
    return location !== undefined && (dropped[location.lane] & location.mask) !== 0 ? [name] : [];
  });
}
