/** The clocks of a machine, ms. */
export interface MachineClock {
  /** Since 1970; may be set forward and back. */
  wallMs(): number;
  /** Since some moment; only runs forward. */
  monotonicMs(): number;
}

export const machineClock: MachineClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** How fast a clock runs that is ahead of its reference, until the reference has caught up. */
const paceAhead = 0.9;

/**
 * A clock that follows a reference forward at once and never goes back: where the reference is behind (it was set back,
 * or it runs slower), this clock runs on a tenth slower until the two meet. If it went back with it, a host would look
 * fresh for as long as the clock was set back, and new snapshots would seem older than the ones that they follow.
 */
export class StoreClock {
  readonly #referenceMs: () => number;
  readonly #monotonicMs: () => number;
  #nowMs: number;
  #readAtMs: number;

  /** Both give milliseconds: since 1970, and since any moment. */
  constructor(referenceMs: () => number, monotonicMs: () => number) {
    this.#referenceMs = referenceMs;
    this.#monotonicMs = monotonicMs;
    this.#nowMs = referenceMs();
    this.#readAtMs = monotonicMs();
  }

  /** Milliseconds since 1970, whole. */
  nowMs(): number {
    const readAtMs = this.#monotonicMs();
    const aheadMs = this.#nowMs + (readAtMs - this.#readAtMs) * paceAhead;
    this.#nowMs = Math.max(aheadMs, this.#referenceMs());
    this.#readAtMs = readAtMs;
    return Math.floor(this.#nowMs);
  }

  /** It is at least that late, ms since 1970. */
  advanceTo(atLeastMs: number): void {
    if (atLeastMs > this.nowMs()) this.#nowMs = atLeastMs;
  }
}
