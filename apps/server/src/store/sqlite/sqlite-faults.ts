import { AtlasError } from '@cpu-atlas/core';

/**
 * What SQLite's result codes mean for an operator. Extended codes (`SQLITE_IOERR_WRITE`) begin with their primary one.
 * Source: https://www.sqlite.org/rescode.html
 */
const remedies: readonly (readonly [code: string, remedy: string])[] = [
  ['SQLITE_FULL', 'free some space on its disk; the store works again by itself'],
  ['SQLITE_IOERR', 'check the disk and its space: see the log of the kernel'],
  ['SQLITE_READONLY', 'make the file and its directory writable for the user of the server'],
  ['SQLITE_CANTOPEN', 'check that the directory exists and that the user of the server may write it'],
  ['SQLITE_PERM', 'check owner and permissions of the file'],
  ['SQLITE_CORRUPT', 'the file is damaged: restore it from a backup, or move it away and start with an empty store'],
  ['SQLITE_NOTADB', 'the file is no store of CPU Atlas, or damaged: name another file, or move it away'],
  ['SQLITE_NOMEM', 'give the server more memory'],
  ['SQLITE_BUSY', 'end the other process that uses the file'],
  ['SQLITE_LOCKED', 'end the other process that uses the file'],
];

/** A fault of the embedded engine as ours: the file's (STORE_FAILED), or a defect of a query (INTERNAL). */
export function sqliteFault(cause: unknown, path: string): AtlasError {
  if (cause instanceof AtlasError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = codeOf(cause);
  const known = remedies.find(([prefix]) => code.startsWith(prefix));
  if (known === undefined) {
    return new AtlasError('INTERNAL', `the store refused a query: ${message}`, { where: path, cause });
  }
  return new AtlasError('STORE_FAILED', `${message} (${code})`, { where: path, remedy: known[1], cause });
}

/** Another connection holds the file. */
export function isLocked(cause: unknown): boolean {
  return codeOf(cause).startsWith('SQLITE_BUSY') || codeOf(cause).startsWith('SQLITE_LOCKED');
}

/** The disk is full. */
export function isFull(cause: unknown): boolean {
  return codeOf(cause) === 'SQLITE_FULL';
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
