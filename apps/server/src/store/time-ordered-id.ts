import { randomBytes } from 'node:crypto';

const sequenceLimit = 0x10000;

/**
 * Makes ids that sort as text in the order in which they were made: 12 hex digits of milliseconds, 4 of a sequence,
 * 16 of chance. Lower case, one length: every collation of a database sorts them alike.
 */
export function createIdMaker(nowMs: () => number): () => string {
  let lastMs = 0;
  let sequence = 0;
  return () => {
    const ms = Math.max(lastMs, nowMs());
    sequence = ms === lastMs ? sequence + 1 : 0;
    lastMs = sequence < sequenceLimit ? ms : ms + 1;
    sequence %= sequenceLimit;
    const head = lastMs.toString(16).padStart(12, '0') + sequence.toString(16).padStart(4, '0');
    return head + randomBytes(8).toString('hex');
  };
}

/** Ids that were made before that time, ms since 1970, sort before this text. */
export function earliestId(atMs: number): string {
  return Math.max(0, Math.floor(atMs)).toString(16).padStart(12, '0');
}
