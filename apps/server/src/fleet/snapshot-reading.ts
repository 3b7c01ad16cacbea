import { gunzipSync } from 'node:zlib';
import { AtlasError } from '@cpu-atlas/core';
import { limits, parseSnapshotText } from '@cpu-atlas/contract';
import { snapshotHash } from '../content-hash.ts';
import type { StoredSnapshot } from '../store/store.ts';
import { inflationFault } from './content-body.ts';
import { readFacts, type SnapshotFacts } from './snapshot-facts.ts';
import { storedSnapshotOf } from './stored-snapshot.ts';

/** The body of a request that brings a snapshot. */
export interface SentSnapshot {
  /** Under which it was sent. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/** A snapshot that is valid and has the hash under which it was sent, and what is read off it. */
export interface ReadSnapshot {
  readonly stored: StoredSnapshot;
  readonly facts: SnapshotFacts;
}

/**
 * Reads and checks what an agent sent: about a millisecond of computing for each.
 * @throws SNAPSHOT_INVALID, CONTENT_MISMATCH, REQUEST_TOO_LARGE, REQUEST_INVALID
 */
export function readSentSnapshot({ hash, bytes, isCompressed }: SentSnapshot): ReadSnapshot {
  const snapshot = parseSnapshotText(new TextDecoder().decode(isCompressed ? inflate(bytes) : bytes), 'body');
  requireHash(hash, snapshotHash(snapshot));
  const stored = storedSnapshotOf(snapshot, hash);
  return { stored, facts: readFacts(snapshot, stored.fingerprint) };
}

/** @throws CONTENT_MISMATCH */
export function requireHash(named: string, found: string): void {
  if (named === found) return;
  throw new AtlasError('CONTENT_MISMATCH', `the content hash of the body is ${found}`, {
    where: named,
    remedy: 'send it under its own hash',
  });
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limits.snapshotBytes });
  } catch (cause) {
    throw inflationFault(cause, limits.snapshotBytes);
  }
}
