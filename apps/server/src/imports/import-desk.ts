import { Worker } from 'node:worker_threads';
import { AtlasError } from '@cpu-atlas/core';
import type { ImportOptions } from '@cpu-atlas/importer';
import { revivedFault, type ImportAnswer, type ImportTask } from './import-task.ts';
import { prepareImport, type PreparedImport } from './prepare-import.ts';

/** What reading one import may cost, and how many may be read at a time. */
export interface ImportBudget {
  /**
   * Input up to this size is read at once; larger input, and every archive, by a thread of its own. The slowest known
   * input of 64 KiB (XML of empty elements) takes 40 ms.
   */
  readonly inlineBytes: number;
  readonly timeLimitMs: number;
  /** Heap of a thread. Buffers come on top: the input and, of an archive, what is unpacked. */
  readonly heapMb: number;
  readonly threads: number;
  /** Imports that wait for a thread; further ones are refused. Each holds its body in memory. */
  readonly waiting: number;
}

export const importBudget: ImportBudget = {
  inlineBytes: 64 * 1024,
  timeLimitMs: 20_000,
  heapMb: 256,
  threads: 1,
  waiting: 8,
};

/** Reads what is imported without holding up the server. */
export interface ImportDesk {
  /** @throws what `importText` throws, IMPORT_TOO_COSTLY, IMPORT_BUSY */
  prepare(input: Uint8Array, options: ImportOptions): Promise<PreparedImport>;
  /** Ends what is being read. */
  close(): Promise<void>;
}

/** Node does not run TypeScript: a server that runs from its sources, as in the tests, takes the built worker. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/imports/import-worker.js' : './import-worker.js',
  import.meta.url,
);

export function createImportDesk(budget: ImportBudget = importBudget): ImportDesk {
  const running = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let isClosed = false;

  const takePlace = async (): Promise<void> => {
    if (taken >= budget.threads && waiting.length >= budget.waiting) throw busy();
    if (taken < budget.threads) taken += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  /** Whoever waits longest gets the place. */
  const leavePlace = (): void => {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  };

  return {
    async prepare(input, options) {
      if (input.length <= budget.inlineBytes && !isArchive(input)) return prepareImport(input, options);
      await takePlace();
      try {
        if (isClosed) throw busy();
        return await runWorker({ input, options }, budget, running);
      } finally {
        leavePlace();
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

/** A small archive may hold a lot. */
function isArchive(input: Uint8Array): boolean {
  return input[0] === 0x50 && input[1] === 0x4b;
}

function runWorker(task: ImportTask, budget: ImportBudget, running: Set<Worker>): Promise<PreparedImport> {
  const worker = new Worker(workerFile, {
    workerData: task,
    // It needs nothing of how this process was started.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: budget.heapMb, maxYoungGenerationSizeMb: 32 },
    // What it prints would end up in the server's output.
    stdout: true,
    stderr: true,
  });
  running.add(worker);
  return new Promise<PreparedImport>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(tooCostly(`was not read after ${budget.timeLimitMs / 1000} s`, task));
      void worker.terminate();
    }, budget.timeLimitMs);
    worker.once('message', (answer: ImportAnswer) => {
      if (answer.kind === 'prepared') resolve(answer.prepared);
      else reject(revivedFault(answer.fault));
    });
    worker.once('error', (cause: Error) => reject(isOutOfMemory(cause) ? outOfMemory(budget, task) : cause));
    worker.once('exit', () => {
      clearTimeout(timer);
      running.delete(worker);
      // Of no effect where it answered or failed before.
      reject(busy());
    });
  });
}

function isOutOfMemory(cause: Error): boolean {
  return 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

function outOfMemory({ heapMb }: ImportBudget, task: ImportTask): AtlasError {
  return tooCostly(`takes more than ${heapMb} MB to read`, task);
}

function tooCostly(message: string, { options }: ImportTask): AtlasError {
  return new AtlasError('IMPORT_TOO_COSTLY', message, { where: options.source, remedy: 'import it in parts' });
}

function busy(): AtlasError {
  return new AtlasError('IMPORT_BUSY', 'other imports are being read', { remedy: 'try again in a minute' });
}
