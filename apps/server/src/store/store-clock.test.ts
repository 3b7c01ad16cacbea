import { describe, expect, it } from 'vitest';
import { StoreClock } from './store-clock.ts';

/** A clock over two that the test sets. */
function clockAt(startMs: number) {
  const machine = { referenceMs: startMs, monotonicMs: 0 };
  const clock = new StoreClock(
    () => machine.referenceMs,
    () => machine.monotonicMs,
  );
  const pass = (ms: number): number => {
    machine.referenceMs += ms;
    machine.monotonicMs += ms;
    return clock.nowMs();
  };
  return { clock, machine, pass };
}

describe('the clock of a store', () => {
  it('runs with its reference', () => {
    const { clock, pass } = clockAt(1_000);
    expect([clock.nowMs(), pass(5), pass(0), pass(10.9)]).toEqual([1_000, 1_005, 1_005, 1_015]);
  });

  it('follows a reference that is set forward at once', () => {
    const { clock, machine } = clockAt(1_000);
    machine.referenceMs = 3_600_000;
    expect(clock.nowMs()).toBe(3_600_000);
  });

  it('runs on, a tenth slower, when the reference is set back, until the two meet', () => {
    const { machine, pass } = clockAt(100_000);
    machine.referenceMs -= 1_000;
    expect(pass(0)).toBe(100_000);
    expect(pass(5_000)).toBe(104_500);
    expect(pass(5_000), 'the reference says 109,000').toBe(109_000);
    expect(pass(1_000)).toBe(110_000);
  });

  it('can be told that it is later', () => {
    const { clock, pass } = clockAt(1_000);
    clock.advanceTo(5_000);
    expect(pass(100)).toBe(5_090);
    clock.advanceTo(10);
    expect(clock.nowMs()).toBe(5_090);
  });
});
