import type { FeatureLocation } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import { mirrorAmdAliases } from '../resolve/compute-words.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { applyHostIdentity } from '../resolve/identity.ts';
import { differsFromGuestTrace } from '../resolve/processor-trace.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import type { Words } from '../resolve/words.ts';
import { popcount } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { VerdictMemo } from './verdict-memo.ts';
import { OutcomeTable, requestOf, statusCode } from './outcome-table.ts';
import type { ClassMember, ClassPlan, WordClass } from './word-classes.ts';

/** The outcomes of all classes of cells on one host. */
export interface ClassOutcomes {
  /** Indexes into `cellStatus`, one a class. */
  readonly status: Uint8Array;
  /** Named features that are asked for and not to be had. */
  readonly filteredCount: Uint16Array;
}

/** Everything that the cube keeps of one kind of host under one QEMU, accelerator and irqchip. */
export interface CubeColumn extends ClassOutcomes {
  /** Bit f & 7 of byte f >> 3: the accelerator has feature f (in the order of the catalog). */
  readonly supported: Uint8Array;
  /** As `supported`: it is not known. */
  readonly supportUnknown: Uint8Array;
}

type Scratch = { -readonly [Name in keyof Words]: Words[Name] };

function allocateWords(laneCount: number, nothing: FeatureSet): Scratch {
  return {
    requested: new Uint32Array(laneCount),
    effective: new Uint32Array(laneCount),
    filtered: new Uint32Array(laneCount),
    undecided: new Uint32Array(laneCount),
    dropped: nothing,
    conflicting: nothing,
    beforeDependencies: null,
    traceLacksLevel: false,
    traceDiffers: false,
  };
}

/** Computes the words of one class on one host into `words`, lane by lane: see {@link WordClass}. */
function fillWords(
  words: Scratch,
  { asks, cut, dropped, lanes }: WordClass,
  { supported, unknown }: HostSupport,
): void {
  const { requested, effective, filtered, undecided } = words;
  requested.fill(0);
  effective.fill(0);
  filtered.fill(0);
  undecided.fill(0);
  for (const lane of lanes) {
    const own = supported[lane];
    const asked = asks[lane] & (own | ~cut[lane]);
    const lacking = asked & ~own;
    requested[lane] = asked;
    effective[lane] = asked & own;
    filtered[lane] = dropped[lane] | (lacking & ~unknown[lane]);
    undecided[lane] = lacking & unknown[lane];
  }
}

function countNamed(set: FeatureSet, named: FeatureSet, lanes: readonly number[]): number {
  let count = 0;
  for (const lane of lanes) count += popcount(set[lane] & named[lane]);
  return count;
}

const covers = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) >>> 0 === mask && (highMask === 0 || (set[lane + 1] & highMask) >>> 0 === highMask);

const overlaps = (set: FeatureSet, { lane, mask, highMask }: FeatureLocation): boolean =>
  (set[lane] & mask) !== 0 || (highMask !== 0 && (set[lane + 1] & highMask) !== 0);

/** Computes columns of the cube: what all cells of a catalog come out as, host by host. */
export class ColumnComputer {
  readonly #plan: ClassPlan;
  readonly #words: Scratch;
  /** Under TCG of a binary that tells what it supports, all hosts are one. */
  #everyHost: CubeColumn | null = null;

  constructor(plan: ClassPlan) {
    this.#plan = plan;
    this.#words = allocateWords(plan.index.layout.laneCount, plan.index.nothing);
  }

  /** All that the cube keeps of one host. @throws SNAPSHOT_INVALID */
  computeColumn(context: ResolveContext): CubeColumn {
    const { index, classes } = this.#plan;
    if (classes.request.accel !== 'tcg' || index.tcgSupported === null) return this.#computeColumn(context);
    return (this.#everyHost ??= this.#computeColumn(context));
  }

  #computeColumn(context: ResolveContext): CubeColumn {
    return { ...this.compute(context), ...this.#describeSupport(context) };
  }

  /** Features as `-cpu host` on the default machine type would find them. */
  #describeSupport(context: ResolveContext): Pick<CubeColumn, 'supported' | 'supportUnknown'> {
    const { index, classes, shown } = this.#plan;
    const support = context.support(classes.request.accel, shown.irqchip, shown.isPc);
    const bytes = Math.ceil(index.catalog.features.length / 8);
    const column = { supported: new Uint8Array(bytes), supportUnknown: new Uint8Array(bytes) };
    index.catalog.features.forEach(({ name }, feature) => {
      const location = index.features.get(name);
      if (location === undefined) return;
      const bit = 1 << (feature & 7);
      if (covers(support.supported, location)) column.supported[feature >> 3] |= bit;
      else if (overlaps(support.unknown, location)) column.supportUnknown[feature >> 3] |= bit;
    });
    return column;
  }

  /**
   * All classes on one host, equal to resolving each cell. The context must be made with the plan's index.
   * @throws SNAPSHOT_INVALID
   */
  compute(context: ResolveContext): ClassOutcomes {
    const { classes, wordClasses, named, others } = this.#plan;
    const size = classes.classes.length;
    const outcomes = { status: new Uint8Array(size), filteredCount: new Uint16Array(size) };
    const memo = new VerdictMemo(context, classes.varying);
    for (const wordClass of wordClasses) this.#computeWordClass(context, wordClass, memo, outcomes);
    const table = new OutcomeTable(context, classes, named);
    for (const number of others) {
      const { status, filtered } = table.outcomeOf(number);
      outcomes.status[number] = status;
      outcomes.filteredCount[number] = filtered;
    }
    return outcomes;
  }

  #computeWordClass(context: ResolveContext, wordClass: WordClass, memo: VerdictMemo, outcomes: ClassOutcomes): void {
    const { classes, named } = this.#plan;
    const words = this.#words;
    const support = context.support(classes.request.accel, wordClass.irqchip, wordClass.isPc);
    fillWords(words, wordClass, support);
    this.#filterTrace(context);
    const filtered = countNamed(words.filtered, named, wordClass.lanes);
    const key = memo.wordsKey(words);
    for (const member of wordClass.members) {
      const status =
        memo.find(key, member) ?? memo.keep(key, member, (recorded) => this.#judge(context, member, support, recorded));
      outcomes.status[member.number] = status;
      outcomes.filteredCount[member.number] = filtered;
    }
  }

  /** KVM's Processor Trace may differ from the one that QEMU shows every guest. */
  #filterTrace(context: ResolveContext): void {
    const trace = context.index.features.get('intel-pt');
    const words = this.#words;
    const asks = trace !== undefined && (words.effective[trace.lane] & trace.mask) !== 0;
    const isKvm = this.#plan.classes.request.accel === 'kvm';
    words.traceDiffers = asks && isKvm && differsFromGuestTrace(context, words.effective);
    if (!words.traceDiffers || trace === undefined) return;
    words.filtered[trace.lane] |= trace.mask;
    words.effective[trace.lane] &= ~trace.mask;
  }

  #judge(context: ResolveContext, { settled }: ClassMember, support: HostSupport, properties: PropertyValues): number {
    const { index, classes } = this.#plan;
    const { accel } = classes.request;
    const { vendor, unknowns } = applyHostIdentity(context, settled.cell, accel, settled.configured.properties);
    const words = this.#words;
    mirrorAmdAliases(index, vendor ?? '', words.effective);
    const configured = { ...settled.configured, properties };
    const cell = { ...settled, support, configured, vendor, words, unknownProperties: unknowns };
    return statusCode(judgeCell(context, requestOf(index, settled.cell, classes.request), cell).status);
  }
}
