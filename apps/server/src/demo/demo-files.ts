import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits, parseJsonText, parseSnapshot, parseWith } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import { z } from 'zod';

/** What a state of a host plays in the demo: `provenance.staging` of its file. */
export interface Staging {
  /**
   * live: heard now. stale and unreachable: silent for so long. earlier: what the host looked like before its present
   * state.
   */
  readonly role: 'live' | 'stale' | 'unreachable' | 'earlier';
  /** When the host began to look so. */
  readonly fromDaysAgo: number;
  /** When it was heard like this for the last time; of a live or stale host it does not matter. */
  readonly untilDaysAgo: number;
}

export interface DemoState {
  readonly snapshot: HostSnapshot;
  readonly staging: Staging;
}

const stagedSchema = z.object({
  provenance: z.object({
    staging: z.object({
      role: z.enum(['live', 'stale', 'unreachable', 'earlier']),
      fromDaysAgo: z.number().positive().max(3_650),
      untilDaysAgo: z.number().nonnegative().max(3_650).default(0),
    }),
  }),
});

/** `data/snapshots` of the checkout. */
export const demoDirectory = fileURLToPath(new URL('../../../../data/snapshots', import.meta.url));

/**
 * The states of the demo fleet, from the snapshot files of a folder and of its folder `earlier`.
 * @throws FILE_UNREADABLE, SNAPSHOT_INVALID
 */
export async function readDemoStates(directory: string): Promise<readonly DemoState[]> {
  const folders = [directory, join(directory, 'earlier')];
  const files = await Promise.all(folders.map(listSnapshots));
  return Promise.all(files.flat().map(readState));
}

async function listSnapshots(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name));
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function readState(file: string): Promise<DemoState> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  if (text.length > limits.snapshotBytes) throw unreadable(file, 'too large');
  const value = parseJsonText(text, { code: 'SNAPSHOT_INVALID', source: file });
  const remedy = 'restore data/snapshots of this release';
  const { provenance } = parseWith(stagedSchema, value, { code: 'SNAPSHOT_INVALID', source: file, remedy });
  return { snapshot: parseSnapshot(value, file), staging: provenance.staging };
}

function unreadable(where: string, cause: unknown): AtlasError {
  return new AtlasError('FILE_UNREADABLE', 'the demo fleet cannot be read', {
    where,
    remedy: 'restore data/snapshots of this release',
    cause,
  });
}
