import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { varyingProperties } from '../matrix/cell-classes.ts';
import {
  allocateWords,
  extremesOf,
  fillWords,
  filterTrace,
  learnWords,
  settleOnHost,
  type Extremes,
  type LaneWords,
  type ScratchWords,
} from '../matrix/lane-words.ts';
import { VerdictMemo, type MemoMember } from '../matrix/verdict-memo.ts';
import { resolveAddressBits } from '../resolve/address-bits.ts';
import type { ResolveContext } from '../resolve/context.ts';
import { parseCpuArgument } from '../resolve/cpu-argument.ts';
import type { HostSupport } from '../resolve/host-support.ts';
import { acceleratorOf, locateCell } from '../resolve/locate-cell.ts';
import type { Refusal, ResolutionRequest } from '../resolve/resolution.ts';
import { judgeCell } from '../resolve/start-sequence.ts';
import type { Words } from '../resolve/words.ts';
import type { Answer } from './predicates-obstacle.ts';

/** What is asked of a line, but for the line itself. */
export type Launch = Omit<ResolutionRequest, 'cpu'>;

/** Whether a line gets all that it asks for, and why QEMU does not start at all. */
export interface LineVerdict {
  readonly answer: Answer;
  readonly refusal: Refusal | null;
}

/** A host as prepared lines look at it: what it supports, and the verdicts that were found on it. */
export interface Seat {
  readonly context: ResolveContext;
  readonly support: HostSupport;
  readonly verdicts: VerdictMemo<LineVerdict>;
}

/** One QEMU, as far as lines on one machine type need it. */
export class LineWorkshop {
  readonly #index: CatalogIndex;
  readonly #launch: Launch;
  readonly #extremes: Extremes;
  readonly #varying: readonly string[];
  readonly #seats = new Map<ResolveContext, Seat>();

  /** @throws ACCELERATOR_UNKNOWN */
  constructor(index: CatalogIndex, launch: Launch) {
    this.#index = index;
    this.#launch = launch;
    this.#extremes = extremesOf(index);
    this.#varying = varyingProperties(acceleratorOf(index, launch.accel));
  }

  /**
   * Prepares a line to be judged on any number of hosts; null: more of a host gets into it than what it supports, so
   * that each host has to be settled by itself.
   * @throws CPU_STRING_INVALID, CPU_MODEL_UNKNOWN, CPU_PROPERTY_UNKNOWN, CPU_PROPERTY_INVALID, MACHINE_TYPE_UNKNOWN
   */
  prepare(cpu: string): PreparedLine | null {
    // What the topology adds hangs on the vendor of the host.
    if (this.#launch.smp !== undefined) return null;
    const request = { ...this.#launch, cpu };
    const argument = parseCpuArgument(cpu);
    const cell = locateCell(this.#index, request.accel, request.machine, argument.model);
    const learnt = cell.row < 0 ? null : learnWords(this.#extremes, request, cell, argument);
    if (learnt === null || learnt.settled.configured.named.size > 0) return null;
    const { settled, words } = learnt;
    const values = this.#varying.map((name) => settled.configured.properties[name]);
    // Verdicts are kept for one machine type and irqchip: only the kind of model is left to tell places apart.
    const place = cell.kind === 'base' ? 1 : 0;
    return new PreparedLine({ request, words, member: { place, settled, values } }, allocateWords(this.#index));
  }

  /** The same host gets the same seat, so that its verdicts serve all lines. */
  seatOf(context: ResolveContext, { irqchip, isPc }: LaneWords): Seat {
    const known = this.#seats.get(context);
    if (known !== undefined) return known;
    const support = context.support(this.#launch.accel, irqchip, isPc);
    const seat = { context, support, verdicts: new VerdictMemo<LineVerdict>(context, this.#varying) };
    this.#seats.set(context, seat);
    return seat;
  }
}

interface LineParts {
  readonly request: ResolutionRequest;
  readonly words: LaneWords;
  readonly member: MemoMember;
}

/** A `-cpu` argument on one machine type of one QEMU, judged on a host in a microsecond or two. */
export class PreparedLine {
  readonly lanes: LaneWords;
  readonly #parts: LineParts;
  readonly #words: ScratchWords;
  readonly #cutLanes: readonly number[];

  constructor(parts: LineParts, words: ScratchWords) {
    this.lanes = parts.words;
    this.#parts = parts;
    this.#words = words;
    this.#cutLanes = parts.words.lanes.filter((lane) => parts.words.cut[lane] !== 0);
  }

  /** The words on the host that was judged last, without AMD's copies of bits. */
  get words(): Pick<Words, 'effective' | 'filtered'> {
    return this.#words;
  }

  /** The same as settling and judging the line on that host. */
  judge({ context, support, verdicts }: Seat): LineVerdict {
    const { request, words: lanes, member } = this.#parts;
    const words = this.#words;
    fillWords(words, lanes, support);
    filterTrace(context, request.accel, words);
    const key = verdicts.wordsKey(words);
    const known = verdicts.find(key, member);
    if (known !== undefined) return known;
    return verdicts.keep(key, member, (properties) => {
      const own = { support, words: { ...words, effective: words.effective.slice() }, properties };
      const { refusal, hasUnknown, start } = judgeCell(context, request, settleOnHost(context, member.settled, own));
      return { answer: refusal || start.wouldRefuse ? 'no' : hasUnknown ? 'unknown' : 'yes', refusal };
    });
  }

  /**
   * Equal for hosts on which this line gives equal guests, of those that give all that it asks for: levels and identity
   * follow from the definition, from what is asked for, and from what is told apart here.
   */
  guestKey({ context, support }: Seat): string {
    const { request, words: lanes, member } = this.#parts;
    const words = this.#words;
    fillWords(words, lanes, support);
    const { properties } = member.settled.configured;
    const { physBits, guestPhysBits } = resolveAddressBits(context, request.accel, words, properties);
    const asked = this.#cutLanes.map((lane) => words.requested[lane]).join();
    return `${context.facts.vendor} ${asked} ${physBits} ${guestPhysBits}`;
  }
}
