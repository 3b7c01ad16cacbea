import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one slice of computing holds up everything else. */
export const sliceMs = 8;

/** Long work in slices, so that whatever else waits has its turn in between. */
export interface Turns {
  /** Goes on at once, or after others had their turn where this one took its time. */
  take(): Promise<void>;
}

export function createTurns(sliceMs: number, nowMs: () => number = () => performance.now()): Turns {
  let startedAtMs = nowMs();
  return {
    async take() {
      if (nowMs() - startedAtMs < sliceMs) return;
      await nextTurn();
      startedAtMs = nowMs();
    },
  };
}
