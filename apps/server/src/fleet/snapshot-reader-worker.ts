import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { AtlasError } from '@cpu-atlas/core';
import type { ReadingAnswer, ReadingTask } from './snapshot-reader.ts';
import { readSentSnapshot } from './snapshot-reading.ts';

/**
 * A snapshot can wait, heartbeats cannot: where processors are short, the event loop goes first. On Linux 0 is this thread
 * alone. Source: setpriority(2), "C library/kernel differences"
 */
setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

/** So many are answered together; the first ones do not wait for all of a large batch. */
const answersAtOnce = 8;

/** The thread of `createSnapshotReader`: one snapshot after the other. */
parentPort?.on('message', (tasks: readonly ReadingTask[]) => {
  for (let at = 0; at < tasks.length; at += answersAtOnce) {
    parentPort?.postMessage(tasks.slice(at, at + answersAtOnce).map(answerOf));
  }
});

function answerOf(task: ReadingTask): ReadingAnswer {
  const { id } = task;
  try {
    return { id, kind: 'read', read: readSentSnapshot(task) };
  } catch (error) {
    // What is no fault of the input ends the thread, and is told by its end.
    if (!(error instanceof AtlasError)) throw error;
    const { code, message, where, remedy } = error;
    return { id, kind: 'fault', fault: { code, message, where, remedy } };
  }
}
