import { Readable } from 'node:stream';
import type { FleetEvent } from '@cpu-atlas/contract';
import type { Change, Store } from '../store/store.ts';
import { watchFreshness } from './freshness-watch.ts';
import type { HostIndex } from './host-index.ts';

/** Streams of Server-Sent Events about the fleet, for browsers. Source: HTML Living Standard, 9.2 Server-sent events */
export interface EventStreams {
  /**
   * A stream that goes on after the change `lastEventId`; null: with what happens from now on.
   * Null: there are too many streams already.
   */
  open(lastEventId: number | null): Readable | null;
  readonly count: number;
  /** Ends all streams. */
  close(): void;
}

export interface EventStreamsOptions {
  readonly store: Store;
  readonly index: HostIndex;
  readonly onFault: (error: unknown) => void;
  readonly limits?: Partial<StreamLimits>;
}

export interface StreamLimits {
  readonly streams: number;
  /** Bytes that wait for a reader; one that is slower is cut off and comes back with its Last-Event-ID. */
  readonly waitingBytes: number;
  readonly keepAliveMs: number;
  /** A stream ends after this, so that a login that was taken back does not go on reading. */
  readonly lifeMs: number;
  /** How often it is looked for hosts that fell silent. */
  readonly freshnessMs: number;
  /** Time after which a browser comes back. */
  readonly retryMs: number;
}

const usualLimits: StreamLimits = {
  streams: 512,
  waitingBytes: 512 * 1024,
  keepAliveMs: 15_000,
  lifeMs: 60_000,
  freshnessMs: 1_000,
  retryMs: 2_000,
};

/** Lines that are read at once for a browser that comes back. */
const replayPage = 500;

export function createEventStreams({ store, index, onFault, limits: given }: EventStreamsOptions): EventStreams {
  const limits = { ...usualLimits, ...given };
  const streams = new Set<EventStream>();
  let stopWatching: (() => void) | null = null;
  const broadcast = (write: (stream: EventStream) => void): void => {
    for (const stream of [...streams]) write(stream);
  };
  const unsubscribe = store.changes.subscribe(
    (changes) => broadcast((stream) => stream.takeChanges(changes)),
    () => broadcast((stream) => stream.end()),
  );
  const watch = (): (() => void) =>
    watchFreshness(index, limits.freshnessMs, (changes) => {
      const at = new Date(store.nowMs()).toISOString();
      for (const { hostId, freshness } of changes) {
        const text = eventText({ kind: 'host-freshness', at, host: hostId, freshness }, null);
        broadcast((stream) => stream.write(text));
      }
    });

  return {
    open(lastEventId) {
      if (streams.size >= limits.streams) return null;
      const stream = new EventStream(store, limits, () => {
        streams.delete(stream);
        if (streams.size > 0) return;
        stopWatching?.();
        stopWatching = null;
      });
      streams.add(stream);
      stopWatching ??= watch();
      stream.start(lastEventId).catch((error: unknown) => {
        onFault(error);
        stream.end();
      });
      return stream.readable;
    },
    get count() {
      return streams.size;
    },
    close() {
      unsubscribe();
      broadcast((stream) => stream.end());
    },
  };
}

/** One reader. What changes while it catches up waits until it has. */
class EventStream {
  readonly readable: Readable;
  readonly #store: Store;
  readonly #limits: StreamLimits;
  readonly #timers: readonly NodeJS.Timeout[];
  #waiting: Change[] | null = [];
  #lastId = 0;

  constructor(store: Store, limits: StreamLimits, onEnded: () => void) {
    this.#store = store;
    this.#limits = limits;
    this.readable = new Readable({ read: () => undefined, highWaterMark: limits.waitingBytes });
    this.#timers = [
      setInterval(() => this.write(': still here\n\n'), limits.keepAliveMs).unref(),
      setTimeout(() => this.end(), limits.lifeMs).unref(),
    ];
    this.readable.once('close', () => {
      this.#timers.forEach(clearTimeout);
      onEnded();
    });
    this.write(`retry: ${limits.retryMs}\n\n`);
  }

  async start(lastEventId: number | null): Promise<void> {
    const newest = await this.#store.changes.latest();
    if (lastEventId === null) this.#begin(newest);
    else await this.#replay(lastEventId, newest);
    const missed = this.#waiting ?? [];
    this.#waiting = null;
    this.takeChanges(missed);
  }

  /** Of changes that overlap what was sent before, only the rest is sent. */
  takeChanges(changes: readonly Change[]): void {
    if (this.#waiting !== null) {
      this.#waiting.push(...changes);
      return;
    }
    const news = changes.filter(({ id }) => id > this.#lastId);
    if (news.length > 0) this.#send(news);
  }

  write(text: string): void {
    if (this.readable.destroyed || this.readable.readableEnded) return;
    if (this.readable.readableLength + text.length > this.#limits.waitingBytes) this.readable.destroy();
    else this.readable.push(text);
  }

  end(): void {
    if (!this.readable.destroyed) this.readable.push(null);
  }

  /** An id without data only tells the browser where to go on from. */
  #begin(id: number): void {
    this.#lastId = id;
    this.write(`id: ${id}\n\n`);
  }

  async #replay(lastEventId: number, newest: number): Promise<void> {
    this.#lastId = lastEventId;
    while (!this.readable.destroyed && this.#lastId < newest) {
      const page = await this.#store.changes.after(this.#lastId, replayPage);
      if (page === null) break;
      if (page.length === 0) return;
      this.#send(page);
    }
    if (this.#lastId === newest) return;
    this.write(eventText({ kind: 'reset', at: new Date(this.#store.nowMs()).toISOString() }, newest));
    this.#lastId = newest;
  }

  #send(changes: readonly Change[]): void {
    this.write(changes.map((change) => eventText(eventOf(change), change.id)).join(''));
    this.#lastId = changes.at(-1)?.id ?? this.#lastId;
  }
}

function eventOf({ kind, atMs, subject }: Change): FleetEvent {
  const at = new Date(atMs).toISOString();
  return kind === 'catalog-new' ? { kind, at, catalog: subject } : { kind, at, host: subject };
}

function eventText(event: FleetEvent, id: number | null): string {
  return `${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`;
}
