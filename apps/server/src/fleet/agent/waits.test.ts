import { describe, expect, it } from 'vitest';
import { backoffWaitMs, heartbeatWaitMs } from './waits.ts';

describe('waits', () => {
  it.each([
    ['at the least', 30_000, 0, 27_000],
    ['in the middle', 30_000, 0.5, 30_000],
    ['at the most', 30_000, 1, 33_000],
    ['for a quick hub', 100, 0, 90],
  ])('a heartbeat comes 10 %% sooner or later: %s', (_, heartbeatMs, chance, expected) => {
    expect(heartbeatWaitMs(heartbeatMs, chance)).toBe(expected);
  });

  it.each([
    [1, 2_000],
    [2, 4_000],
    [5, 32_000],
    [8, 256_000],
    [9, 300_000],
    [1_000_000, 300_000],
  ])('after %i failures an attempt comes within %i ms, and never at once', (failures, mostMs) => {
    expect(backoffWaitMs(failures, 0)).toBe(1_000);
    expect(backoffWaitMs(failures, 1)).toBe(mostMs);
  });
});
