import { sql, type RawBuilder } from 'kysely';
import { Client, type ClientConfig } from 'pg';
import type { Announcements } from '../engine.ts';

const channel = 'atlas_changes';
const pollWithoutMs = 500;
/** An announcement may get lost with its connection. */
const pollBesideMs = 5_000;
const firstRetryMs = 250;
const lastRetryMs = 10_000;
/** A connection that was cut without a word is found out by asking. */
const pingMs = 20_000;

export interface ChangeListener extends Announcements {
  close(): Promise<void>;
}

/** Announces, when the transaction commits, that there are new changes, under the name of a hub. */
export function announceFrom(hub: string): RawBuilder<unknown> {
  return sql`select pg_notify(${channel}, ${hub})`;
}

/**
 * Hears what hubs announce with NOTIFY, on a connection of its own, which is made again when it is lost. Until
 * announcements arrive (there are engines and poolers that swallow them) the feed polls. A hub knows of its own changes
 * without announcements.
 */
export function listenForChanges(config: ClientConfig, hub: string): ChangeListener {
  const listeners = new Set<() => void>();
  let client: Client | null = null;
  let isHeard = false;
  let isClosed = false;
  let retryMs = firstRetryMs;
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const plan = (work: () => void, afterMs: number): void => {
    clearTimeout(timer);
    if (isClosed) return;
    timer = setTimeout(work, afterMs);
    timer.unref();
  };
  const drop = (lost: Client): void => {
    if (client !== lost) return;
    client = null;
    isHeard = false;
    void lost.end().catch(ignore);
    plan(() => void connect(), retryMs);
    retryMs = Math.min(lastRetryMs, retryMs * 2);
    // From now on the feed must poll often.
    tell();
  };
  const ping = (asked: Client): void => {
    asked.query('select pg_notify($1, $2)', [channel, hub]).then(
      () => plan(() => ping(asked), pingMs),
      () => drop(asked),
    );
  };
  const connect = async (): Promise<void> => {
    const fresh = new Client({ ...config, query_timeout: 10_000 });
    client = fresh;
    fresh.on('error', () => drop(fresh));
    fresh.on('end', () => drop(fresh));
    fresh.on('notification', ({ payload }) => {
      const isFirst = !isHeard;
      isHeard = true;
      retryMs = firstRetryMs;
      // With the first one there may be some that were missed.
      if (isFirst || payload !== hub) tell();
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
      // Its own announcement comes back, if any do.
      ping(fresh);
    } catch {
      drop(fresh);
    }
  };
  void connect();

  return {
    pollMs: () => (isHeard ? pollBesideMs : pollWithoutMs),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      listeners.clear();
      const last = client;
      client = null;
      await last?.end().catch(ignore);
    },
  };
}

/** For engines without announcements. */
export const pollForChanges: ChangeListener = {
  pollMs: () => pollWithoutMs,
  subscribe: () => () => undefined,
  close: async () => undefined,
};

function ignore(): void {}
