import type { Readable, Writable } from 'node:stream';
import { AtlasError } from '@cpu-atlas/core';
import { LineSplitter } from './line-splitter.ts';
import { Outbox } from './outbox.ts';
import { describeEnd, during, refused, tooLate, type StreamEnd } from './qmp-fault.ts';
import { parseQmpMessage, type QmpEvent, type QmpGreeting } from './qmp-message.ts';

/** The two directions of a QMP connection: the standard streams of a child, or twice the same socket. */
export interface QmpStreams {
  /** QEMU's answers. */
  readonly readable: Readable;
  /** QEMU's commands. */
  readonly writable: Writable;
}

export interface QmpClientOptions {
  /** For connecting, and for each command that names no limit of its own. Default 30 000. */
  readonly timeoutMs?: number;
  /** A longer line ends the connection. Default 64 MiB. */
  readonly lineLimitBytes?: number;
  /** How many of the latest events are kept. Default 256. */
  readonly keptEvents?: number;
  /** Says why the stream ended; whoever owns the process knows. Must settle by itself. */
  readonly explainEnd?: (end: StreamEnd) => Promise<AtlasError>;
}

export type QmpEventListener = (event: QmpEvent) => void;

interface PendingCommand {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AtlasError) => void;
  readonly timer: NodeJS.Timeout;
}

interface PendingGreeting {
  readonly resolve: (greeting: QmpGreeting) => void;
  readonly reject: (error: AtlasError) => void;
}

const defaultTimeoutMs = 30_000;
const defaultLineLimitBytes = 64 * 1024 * 1024;
const defaultKeptEvents = 256;

/**
 * Speaks QMP over a pair of streams. Any number of commands may be in flight; replies are matched by id, in whatever
 * order they come. The client never kills what is at the other end: `launchQemu` owns that.
 *
 * Integers beyond 2^53 lose their last bits (JSON numbers of JavaScript).
 * Source: QEMU, docs/interop/qmp-spec
 */
export class QmpClient {
  readonly #streams: QmpStreams;
  readonly #options: QmpClientOptions;
  readonly #timeoutMs: number;
  readonly #splitter: LineSplitter;
  readonly #outbox: Outbox;
  readonly #pending = new Map<number, PendingCommand>();
  /** Commands given up by a time limit; their replies may still come and are dropped. */
  readonly #abandoned = new Set<number>();
  readonly #listeners = new Set<QmpEventListener>();
  #events: QmpEvent[] = [];
  #hasEnded = false;
  #failure: AtlasError | null = null;
  #awaitedGreeting: PendingGreeting | null = null;
  #greeting: QmpGreeting | null = null;
  #lastId = 0;

  private constructor(streams: QmpStreams, options: QmpClientOptions) {
    this.#streams = streams;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    this.#splitter = new LineSplitter(options.lineLimitBytes ?? defaultLineLimitBytes);
    this.#outbox = new Outbox(streams.writable);
  }

  /**
   * Waits for the greeting and leaves the negotiation mode.
   * @throws QMP_PROTOCOL, QEMU_DIED, QEMU_TIMEOUT; QMP_ERROR when QEMU refuses `qmp_capabilities`
   */
  static async connect(streams: QmpStreams, options: QmpClientOptions = {}): Promise<QmpClient> {
    const client = new QmpClient(streams, options);
    const started = performance.now();
    client.#listen();
    try {
      client.#greeting = await client.#awaitGreeting();
      const leftMs = Math.max(client.#timeoutMs - (performance.now() - started), 1);
      await client.execute('qmp_capabilities', undefined, { timeoutMs: leftMs });
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  get greeting(): QmpGreeting {
    if (this.#greeting === null) throw new AtlasError('INTERNAL', 'the QMP client has no greeting');
    return this.#greeting;
  }

  /** The latest events, oldest first. */
  get events(): readonly QmpEvent[] {
    return this.#events;
  }

  /** How many commands wait for a reply. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Calls `listener`, which must not throw, for each event from now on. Returns how to stop. */
  onEvent(listener: QmpEventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Runs one command and returns what QEMU returned. `timeoutMs` counts from this call, so a command behind thousands
   * of others needs a limit for all of them.
   * @throws QMP_ERROR (read it with `qmpRefusalOf`), QMP_PROTOCOL, QEMU_DIED, QEMU_TIMEOUT; `where` is the command
   */
  execute(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(during(command, this.#failure));
    const id = ++this.#lastId;
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(id, timeoutMs), timeoutMs);
      this.#pending.set(id, { command, resolve, reject, timer });
      this.#outbox.send(id, `${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /** Ends the connection: whatever waits is rejected with QEMU_DIED. The process at the other end stays. */
  close(): void {
    this.#fail(new AtlasError('QEMU_DIED', 'Atlas closed the connection before QEMU answered'));
  }

  #listen(): void {
    const { readable, writable } = this.#streams;
    readable.on('data', this.#onData);
    readable.on('end', this.#onEnd);
    readable.on('close', this.#onEnd);
    readable.on('error', this.#onEnd);
    // A pipe that nobody reads any more: the end of `readable` follows and says why. Without this, Node would throw.
    writable.on('error', ignore);
  }

  #stopListening(): void {
    const { readable } = this.#streams;
    readable.off('data', this.#onData);
    readable.off('end', this.#onEnd);
    readable.off('close', this.#onEnd);
    // The error listeners stay: an error after the end has no one else to go to.
    readable.resume();
  }

  #awaitGreeting(): Promise<QmpGreeting> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(tooLate('QEMU sent no QMP greeting', this.#timeoutMs))),
        this.#timeoutMs,
      );
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#awaitedGreeting = null;
        act();
      };
      this.#awaitedGreeting = {
        resolve: (greeting) => settle(() => resolve(greeting)),
        reject: (error) => settle(() => reject(error)),
      };
    });
  }

  readonly #onData = (chunk: Buffer | string): void => {
    try {
      for (const line of this.#splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        if (this.#failure !== null) return;
        if (!isBlank(line)) this.#receive(line);
      }
    } catch (error) {
      this.#fail(error instanceof AtlasError ? error : new AtlasError('INTERNAL', String(error), { cause: error }));
    }
  };

  readonly #onEnd = (): void => {
    if (this.#hasEnded || this.#failure !== null) return;
    this.#hasEnded = true;
    this.#outbox.close();
    const end: StreamEnd = { inMidReply: this.#splitter.unfinishedBytes > 0 };
    const explained = this.#options.explainEnd?.(end) ?? Promise.resolve(describeEnd(end));
    explained.then(
      (error) => this.#fail(error),
      (cause: unknown) => this.#fail(new AtlasError('QEMU_DIED', 'the QMP stream ended', { cause })),
    );
  };

  #receive(line: Buffer): void {
    const message = parseQmpMessage(line);
    switch (message.kind) {
      case 'greeting':
        return this.#awaitedGreeting?.resolve(message.greeting);
      case 'event':
        return this.#publish(message.event);
      case 'return':
        return this.#settle(message.id, (pending) => pending.resolve(message.value));
      case 'refusal':
        return this.#settle(message.id, (pending) => pending.reject(refused(pending.command, message.refusal)));
    }
  }

  #publish(event: QmpEvent): void {
    const kept = this.#options.keptEvents ?? defaultKeptEvents;
    this.#events = [...this.#events, event].slice(-kept);
    for (const listener of this.#listeners) listener(event);
  }

  #settle(id: unknown, act: (pending: PendingCommand) => void): void {
    if (typeof id === 'number' && this.#abandoned.delete(id)) return;
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (typeof id !== 'number' || pending === undefined) {
      throw new AtlasError('QMP_PROTOCOL', `QEMU answered a command that was not sent (id ${JSON.stringify(id)})`);
    }
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    act(pending);
  }

  #giveUp(id: number, timeoutMs: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    // What was never sent gets no reply.
    if (!this.#outbox.withdraw(id)) this.#abandoned.add(id);
    pending.reject(during(pending.command, tooLate('QEMU did not answer', timeoutMs)));
  }

  #fail(error: AtlasError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#stopListening();
    this.#outbox.close();
    this.#abandoned.clear();
    this.#listeners.clear();
    this.#awaitedGreeting?.reject(error);
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(during(pending.command, error));
    }
    this.#pending.clear();
  }
}

function isBlank(line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 0x0d);
}

function ignore(): void {}
