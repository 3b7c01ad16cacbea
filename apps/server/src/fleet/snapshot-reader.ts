import { Worker } from 'node:worker_threads';
import { AtlasError, type AtlasErrorCode } from '@cpu-atlas/core';
import { readSentSnapshot, type ReadSnapshot, type SentSnapshot } from './snapshot-reading.ts';

/** Reads snapshots beside the event loop, so that heartbeats are answered while hundreds of them arrive in a second. */
export interface SnapshotReader {
  /** @throws what `readSentSnapshot` throws, STORE_BUSY where too many wait */
  read(sent: SentSnapshot): Promise<ReadSnapshot>;
  close(): Promise<void>;
}

/** What the thread is told. */
export interface ReadingTask extends SentSnapshot {
  readonly id: number;
}

/** What it answers. An error loses its class between threads, so a fault travels as its parts. */
export type ReadingAnswer =
  | { readonly id: number; readonly kind: 'read'; readonly read: ReadSnapshot }
  | { readonly id: number; readonly kind: 'fault'; readonly fault: PlainFault };

interface PlainFault {
  readonly code: AtlasErrorCode;
  readonly message: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
}

interface Waiting {
  readonly resolve: (read: ReadSnapshot) => void;
  readonly reject: (error: unknown) => void;
}

/** Bodies that wait; each is in memory. */
const mostWaiting = 512;
/** A snapshot of the largest allowed size takes some 100 MB to read. */
const heapMb = 256;

/** Node does not run TypeScript: a server that runs from its sources, as in the tests, reads in its own thread. */
const isBuilt = import.meta.url.endsWith('.js');
const workerFile = new URL('./snapshot-reader-worker.js', import.meta.url);

export function createSnapshotReader(): SnapshotReader {
  return isBuilt ? createThreadedReader(workerFile) : { read: async (sent) => readSentSnapshot(sent), close: ignore };
}

function createThreadedReader(file: URL): SnapshotReader {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let unsent: ReadingTask[] = [];
  let lastId = 0;

  const takeAnswers = (answers: readonly ReadingAnswer[]): void => {
    for (const answer of answers) {
      const one = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.kind === 'read') one?.resolve(answer.read);
      else one?.reject(revived(answer.fault));
    }
    // Idle, it does not keep the process.
    if (waiting.size === 0) worker?.unref();
  };
  const failAll = (cause: unknown): void => {
    worker = null;
    const lost = [...waiting.values()];
    waiting.clear();
    for (const { reject } of lost) reject(new AtlasError('INTERNAL', 'the reader of snapshots ended', { cause }));
  };
  /** Started when the first snapshot comes, and again after it failed. */
  const start = (): Worker => {
    const started = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    started.on('message', takeAnswers);
    started.once('error', failAll);
    started.once('exit', failAll);
    return started;
  };

  /** What arrives in one turn of the event loop goes over together. */
  const send = (): void => {
    worker ??= start();
    worker.ref();
    worker.postMessage(unsent);
    unsent = [];
  };

  return {
    read(sent) {
      if (waiting.size >= mostWaiting) return Promise.reject(busy());
      const id = (lastId += 1);
      if (unsent.length === 0) setImmediate(send);
      unsent.push({ ...sent, id });
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
    async close() {
      await worker?.terminate();
    },
  };
}

async function ignore(): Promise<void> {}

function revived({ code, message, where, remedy }: PlainFault): AtlasError {
  return new AtlasError(code, message, { where, remedy });
}

function busy(): AtlasError {
  return new AtlasError('STORE_BUSY', 'too many snapshots wait to be read', { remedy: 'send it again in a second' });
}
