import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostSnapshot } from '@cpu-atlas/core';
import { parseSnapshotText } from '@cpu-atlas/contract';

const corpusRoot = fileURLToPath(new URL('../../corpus', import.meta.url));
/** `data/snapshots` of the checkout. */
export const snapshotRoot = fileURLToPath(new URL('../../../../data/snapshots', import.meta.url));

/** Files of the corpus, or of a folder in it, by name. */
export function listCorpus(...folder: readonly string[]): string[] {
  return readdirSync(join(corpusRoot, ...folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'README.md')
    .map(({ name }) => name)
    .sort();
}

export function readCorpus(...path: readonly string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(corpusRoot, ...path)));
}

export function readDemoHost(file: string): HostSnapshot {
  return parseSnapshotText(readFileSync(join(snapshotRoot, file), 'utf8'), file);
}

export const options = { source: 'paste', collectedAt: '2026-11-22T13:00:00Z' } as const;
