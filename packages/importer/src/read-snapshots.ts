import { limits, parseSnapshot } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { ImportOptions, Reading } from './import-types.ts';
import { readJsonDocuments } from './json-documents.ts';

/**
 * Host snapshots of Atlas itself: one, or several one after another. They keep their own names, ids and times.
 * @throws SNAPSHOT_INVALID with the JSON path, IMPORT_INVALID, FILE_TOO_LARGE
 */
export function readSnapshots(text: string, options: ImportOptions): Reading {
  const documents = readJsonDocuments(text, options.source);
  if (documents.length === 1 && text.length > limits.snapshotBytes) {
    throw new AtlasError('FILE_TOO_LARGE', `a host snapshot has at most ${limits.snapshotBytes} bytes`, {
      where: options.source,
    });
  }
  const snapshots = documents.map(({ value, line }) =>
    parseSnapshot(value, documents.length === 1 ? options.source : `${options.source}: from line ${line}`),
  );
  return { snapshots, notes: [] };
}
