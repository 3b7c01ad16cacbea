import type { CatalogIndex } from '../catalog/catalog-index.ts';
import { AtlasError } from '../errors.ts';
import { isUnoffered, probeClass, ProbeMemory, type Probe } from './choices-probe.ts';
import { isAnswering, type HostClass, type SeenHost } from './fleet.ts';
import type { Steps } from './fleet-steps.ts';
import { resolveOn } from './predicates-cell.ts';
import { describeGuest } from './predicates-guest.ts';
import { LineWorkshop, type Launch, type PreparedLine } from './prepared-line.ts';

/** What a class of hosts makes of a line. The sets hold only until the next class is looked at. */
export interface ProbedClass {
  readonly members: HostClass;
  readonly probe: Probe;
}

/** A line prepared for one QEMU. */
interface LineOfQemu {
  readonly workshop: LineWorkshop;
  readonly line: PreparedLine;
  /** Texts of guests by {@link PreparedLine.guestKey}. */
  readonly guests: Map<string, string>;
}

/** Classes that are looked at before somebody else gets a turn: less than a millisecond for defined models. */
const classesInOneGo = 64;

/**
 * Tries `-cpu` arguments on classes of hosts. What defined models leave on a host is computed lane by lane, and verdicts
 * are kept, as in a column of the cube; `host` and `max`, and lines that set properties, are settled host by host.
 */
export class ClassProber {
  readonly #launch: Launch;
  readonly #memory = new ProbeMemory();
  readonly #workshops = new Map<CatalogIndex, LineWorkshop>();
  /** The line that was asked for last: lines come one after another. */
  #current: { readonly cpu: string; readonly lines: Map<CatalogIndex, LineOfQemu | null> } | null = null;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  /**
   * What a class of hosts makes of a line: the same as {@link probeClass}.
   * @throws CPU_STRING_INVALID, CATALOG_INVALID, SNAPSHOT_INVALID
   */
  probe(members: HostClass, cpu: string): Probe {
    const { sample } = members;
    const prepared = isAnswering(sample) ? this.#lineOn(sample, cpu) : null;
    if (prepared === null || !isAnswering(sample)) return this.#probeAlone(members, cpu);
    const { workshop, line } = prepared;
    const { context } = sample;
    const seat = workshop.seatOf(context, line.lanes);
    const { answer, refusal } = line.judge(seat);
    // Which features make QEMU abort, and with which text, hangs on more than is kept of a verdict.
    if (refusal?.by === 'abort') return this.#probeAlone(members, cpu);
    const { effective, filtered } = line.words;
    const message = refusal?.message ?? null;
    return {
      kind: 'settled',
      answer,
      context,
      support: seat.support,
      effective,
      filtered,
      aborting: [],
      refusal: message,
    };
  }

  /** Shows what each class makes of a line, one after another; others may have a turn in between. */
  *visit(classes: readonly HostClass[], cpu: string, look: (probed: ProbedClass) => void): Steps<void> {
    for (const [at, members] of classes.entries()) {
      if (at % classesInOneGo === 0) yield;
      look({ members, probe: this.probe(members, cpu) });
    }
  }

  /** Equal for equal guests on equal machine types, of hosts that give all that the line asks for. */
  guestOf(host: SeenHost, cpu: string): string {
    const prepared = this.#lineOn(host, cpu);
    if (prepared === null) return this.#describe(host, cpu);
    const { workshop, line, guests } = prepared;
    const key = line.guestKey(workshop.seatOf(host.context, line.lanes));
    const known = guests.get(key) ?? this.#describe(host, cpu);
    guests.set(key, known);
    return known;
  }

  #describe(host: SeenHost, cpu: string): string {
    const found = resolveOn(host, { ...this.#launch, cpu });
    return found.kind === 'none' ? '' : `${found.cell.resolution.machine} ${describeGuest(host.context, found.cell)}`;
  }

  #probeAlone(members: HostClass, cpu: string): Probe {
    return probeClass(members, { ...this.#launch, cpu }, this.#memory);
  }

  #lineOn({ context: { index } }: SeenHost, cpu: string): LineOfQemu | null {
    if (this.#current?.cpu !== cpu) this.#current = { cpu, lines: new Map() };
    const { lines } = this.#current;
    const known = lines.get(index);
    if (known !== undefined) return known;
    const prepared = this.#prepare(index, cpu);
    lines.set(index, prepared);
    return prepared;
  }

  /** What a QEMU does not offer is told host by host, with the reason. */
  #prepare(index: CatalogIndex, cpu: string): LineOfQemu | null {
    try {
      const workshop = this.#workshops.get(index) ?? new LineWorkshop(index, this.#launch);
      this.#workshops.set(index, workshop);
      const line = workshop.prepare(cpu);
      return line === null ? null : { workshop, line, guests: new Map() };
    } catch (error) {
      if (error instanceof AtlasError && isUnoffered(error)) return null;
      throw error;
    }
  }
}
