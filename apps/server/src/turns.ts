import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long one slice of computing holds up everything else. */
const sliceMs = 8;

/** Long work in slices, so that whatever else waits has its turn in between. */
export interface Turns {
  /** Goes on at once, or after others had their turn where this one took its time. */
  take(): Promise<void>;
}

export function createTurns(): Turns {
  let startedAtMs = performance.now();
  return {
    async take() {
      if (performance.now() - startedAtMs < sliceMs) return;
      await nextTurn();
      startedAtMs = performance.now();
    },
  };
}

/** Runs steps to their end without keeping others waiting. */
export async function inSlices<T>(steps: Generator<void, T, void>): Promise<T> {
  const turns = createTurns();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await turns.take();
  }
}
