import { sql, type Kysely } from 'kysely';
import { StoreClock, type MachineClock } from '../store-clock.ts';
import type { Tables } from '../tables.ts';

const samples = 3;
const measureEveryMs = 30_000;

export interface ServerClock {
  readonly clock: StoreClock;
  close(): void;
}

/**
 * The clock of the database server, which all hubs share: this machine's monotonic clock and its distance from the
 * server's, measured again from time to time. A sample is off by at most half the time that its answer took.
 */
export async function followServerClock(database: Kysely<Tables>, machine: MachineClock): Promise<ServerClock> {
  const { monotonicMs } = machine;
  let offsetMs = await measureOffsetMs(database, monotonicMs);
  const timer = setInterval(() => {
    measureOffsetMs(database, monotonicMs).then(
      (measured) => (offsetMs = measured),
      // The server does not answer: the old distance serves until it does.
      () => undefined,
    );
  }, measureEveryMs);
  timer.unref();
  return {
    clock: new StoreClock(() => monotonicMs() + offsetMs, monotonicMs),
    close: () => clearInterval(timer),
  };
}

async function measureOffsetMs(database: Kysely<Tables>, monotonicMs: () => number): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let sample = 0; sample < samples; sample += 1) {
    const askedAtMs = monotonicMs();
    const { rows } = await sql<{ readonly ms: number }>`
      select cast(extract(epoch from clock_timestamp()) * 1000 as double precision) as ms`.execute(database);
    const tookMs = monotonicMs() - askedAtMs;
    const serverMs = rows[0]?.ms;
    if (serverMs !== undefined && tookMs < best.tookMs) {
      best = { tookMs, offsetMs: serverMs - (askedAtMs + tookMs / 2) };
    }
  }
  return best.offsetMs;
}
