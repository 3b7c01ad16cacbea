import { AtlasError } from '@cpu-atlas/core';

/** A machine that is busy with other work is given so much more time. */
const patience = 4;

export interface EachReading<T> {
  readonly machines: readonly string[];
  /** For one machine type, the first time. */
  readonly timeoutMs: number;
  /** Machine types that are read at a time. */
  readonly parallel: number;
  /** @throws AtlasError where the machine type tells nothing; `QEMU_TIMEOUT` where it took longer than `timeoutMs` */
  readonly read: (machine: string, timeoutMs: number) => Promise<T>;
  readonly onMachine?: ((done: number, machine: string) => void) | undefined;
}

/** A machine type that this QEMU lists but does not start, and why. */
export interface SkippedMachine {
  readonly machine: string;
  readonly reason: string;
}

/**
 * Reads every machine type. One that cannot be read is reported, not fatal; one that takes too long is tried again after
 * the others, alone and with four times the time.
 * @throws QEMU_TIMEOUT when all of them took too long, which says nothing about machine types; what is no fault of a
 *   machine type
 */
export async function readEach<T>(
  reading: EachReading<T>,
): Promise<{ readonly harvested: T[]; readonly skipped: SkippedMachine[] }> {
  const { timeoutMs, parallel } = reading;
  const queue = [...reading.machines];
  const slow: string[] = [];
  const harvested: T[] = [];
  const skipped: SkippedMachine[] = [];
  const attempt = async (machine: string, limit: { readonly timeoutMs: number; readonly isLast: boolean }) => {
    try {
      harvested.push(await reading.read(machine, limit.timeoutMs));
    } catch (error) {
      if (!(error instanceof AtlasError) || error.code === 'INTERNAL') throw error;
      const isSlow = error.code === 'QEMU_TIMEOUT';
      if (isSlow && limit.isLast && harvested.length === 0) throw error;
      if (isSlow && !limit.isLast) slow.push(machine);
      else skipped.push({ machine, reason: error.message });
    }
    reading.onMachine?.(harvested.length + skipped.length, machine);
  };
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await attempt(next, { timeoutMs, isLast: false });
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  for (const machine of slow) await attempt(machine, { timeoutMs: timeoutMs * patience, isLast: true });
  return { harvested, skipped };
}
