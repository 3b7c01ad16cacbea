import { parentPort, workerData } from 'node:worker_threads';
import { AtlasError } from '@cpu-atlas/core';
import { plainFault, type ImportAnswer, type ImportTask } from './import-task.ts';
import { prepareImport } from './prepare-import.ts';

// The whole program of the worker thread: one import, one answer, and the thread ends.

function answer({ input, options }: ImportTask): ImportAnswer {
  try {
    return { kind: 'prepared', prepared: prepareImport(input, options) };
  } catch (error) {
    if (!(error instanceof AtlasError)) throw error;
    return { kind: 'fault', fault: plainFault(error) };
  }
}

// Only `import-desk.ts` starts this thread, with a task.
parentPort?.postMessage(answer(workerData as ImportTask));
