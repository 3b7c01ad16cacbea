/**
 * How long an agent waits. Chance spreads thousands of agents in time, so that they do not come all at once after a hub
 * was away. `chance` is from 0 to below 1.
 */

const secondMs = 1_000;
const longestBackoffMs = 300_000;

/** Time to the next heartbeat: what the hub asks for, 10 % more or less. */
export function heartbeatWaitMs(heartbeatMs: number, chance: number): number {
  return Math.round(heartbeatMs * (0.9 + 0.2 * chance));
}

/**
 * Time to the next attempt after `failures` attempts in a row failed (1: the first): anything between a second and an
 * upper end that doubles from 2 s to 5 minutes.
 * Source: Exponential Backoff And Jitter, AWS Architecture Blog, 2015 ("full jitter")
 */
export function backoffWaitMs(failures: number, chance: number): number {
  const upperMs = Math.min(longestBackoffMs, secondMs * 2 ** Math.min(failures, 20));
  return Math.round(secondMs + (upperMs - secondMs) * chance);
}
