/**
 * Work in steps: whoever runs it may do something else between them, as a server does that must not keep others waiting.
 */
export type Steps<T> = Generator<void, T, void>;

/** Runs steps to their end at once. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
