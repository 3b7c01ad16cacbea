import { gunzipSync } from 'node:zlib';
import { AtlasError } from '@cpu-atlas/core';
import { limits, parseSnapshotText } from '@cpu-atlas/contract';
import { snapshotHash } from '../content-hash.ts';
import type { NewSnapshot } from '../store/store.ts';
import { inflationFault } from './content-body.ts';
import { readFacts, type SnapshotFacts } from './snapshot-facts.ts';
import { fingerprintOf } from './stored-snapshot.ts';

/** The body of a request that brings a snapshot. */
export interface SentSnapshot {
  /** Under which it was sent. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/** What is read off a snapshot that is valid and has the hash under which it was sent. */
export interface ReadSnapshot {
  readonly facts: SnapshotFacts;
  /** Of the text as it was sent, inflated. */
  readonly sizeBytes: number;
  /** The text written anew, where it was sent with more around it than is worth keeping. */
  readonly rewritten: Uint8Array | null;
}

/** Up to this size a text is stored as it was sent. That of a host of 256 CPUs of two kinds has 200 KB. */
const keptAsSentBytes = 1024 * 1024;

/**
 * Reads and checks what an agent sent: about a millisecond of computing for each.
 * @throws SNAPSHOT_INVALID, CONTENT_MISMATCH, REQUEST_TOO_LARGE, REQUEST_INVALID
 */
export function readSentSnapshot({ hash, bytes, isCompressed }: SentSnapshot): ReadSnapshot {
  const text = isCompressed ? inflate(bytes) : bytes;
  const snapshot = parseSnapshotText(new TextDecoder().decode(text), 'body');
  requireHash(hash, snapshotHash(snapshot));
  return {
    facts: readFacts(snapshot, fingerprintOf(snapshot)),
    sizeBytes: text.byteLength,
    rewritten: text.byteLength > keptAsSentBytes ? new TextEncoder().encode(JSON.stringify(snapshot)) : null,
  };
}

/** What the store keeps of it. */
export function newSnapshotOf(sent: SentSnapshot, { facts, sizeBytes, rewritten }: ReadSnapshot): NewSnapshot {
  const { hostId, fingerprint } = facts;
  const body = sent.isCompressed ? { gzip: sent.bytes, sizeBytes } : sent.bytes;
  return { hash: sent.hash, hostId, fingerprint, body: rewritten ?? body };
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
