import type { FeatureLocation } from '../catalog/catalog-index.ts';
import type { PropertyValues } from '../catalog/catalog.ts';
import type { ResolveContext } from '../resolve/context.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import { popcount } from '../x86/feature-set.ts';
import type { FeatureSet } from '../x86/word-layout.ts';
import { allocateWords, clearWords, fillWords, filterTrace, settleOnHost, type ScratchWords } from './lane-words.ts';
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
  readonly #words: ScratchWords;
  /** Under TCG of a binary that tells what it supports, all hosts are one. */
  #everyHost: CubeColumn | null = null;

  constructor(plan: ClassPlan) {
    this.#plan = plan;
    this.#words = allocateWords(plan.index);
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
    const memo = new VerdictMemo<number>(context, classes.varying);
    for (const wordClass of wordClasses) this.#computeWordClass(context, wordClass, memo, outcomes);
    const table = new OutcomeTable(context, classes, named);
    for (const number of others) {
      const { status, filtered } = table.outcomeOf(number);
      outcomes.status[number] = status;
      outcomes.filteredCount[number] = filtered;
    }
    return outcomes;
  }

  #computeWordClass(
    context: ResolveContext,
    wordClass: WordClass,
    memo: VerdictMemo<number>,
    outcomes: ClassOutcomes,
  ): void {
    const { classes, named } = this.#plan;
    const words = this.#words;
    const support = context.support(classes.request.accel, wordClass.irqchip, wordClass.isPc);
    clearWords(words);
    fillWords(words, wordClass, support);
    filterTrace(context, classes.request.accel, words);
    const filtered = countNamed(words.filtered, named, wordClass.lanes);
    const key = memo.wordsKey(words);
    for (const member of wordClass.members) {
      const status =
        memo.find(key, member) ?? memo.keep(key, member, (recorded) => this.#judge(context, member, support, recorded));
      outcomes.status[member.number] = status;
      outcomes.filteredCount[member.number] = filtered;
    }
  }

  #judge(context: ResolveContext, { settled }: ClassMember, support: HostSupport, properties: PropertyValues): number {
    const { index, classes } = this.#plan;
    const cell = settleOnHost(context, settled, { support, words: this.#words, properties });
    return statusCode(judgeCell(context, requestOf(index, settled.cell, classes.request), cell).status);
  }
}
