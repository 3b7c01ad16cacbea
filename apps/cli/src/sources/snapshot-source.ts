import { statSync } from 'node:fs';
import { limits, parseSnapshotText } from '@cpu-atlas/contract';
import type { HostSnapshot } from '@cpu-atlas/core';
import { collectSnapshot } from '@cpu-atlas/prober';
import { RecentMap } from '@cpu-atlas/server/library';
import { readLimitedFile, unreadable } from './limited-file.ts';

/** A snapshot and a key that changes with it. */
export interface LoadedSnapshot {
  readonly key: string;
  readonly snapshot: HostSnapshot;
}

/** Snapshots by path, read once for each change of the file; `self` is this host, probed once. */
export interface SnapshotSource {
  /** @throws FILE_UNREADABLE, FILE_TOO_LARGE, SNAPSHOT_INVALID */
  load(reference: string): Promise<LoadedSnapshot>;
}

/** The key of the snapshot of this host. */
export const ownHostKey = 'self';

const keptSnapshots = 64;

export function createSnapshotSource({ looksForQemu }: { readonly looksForQemu: boolean }): SnapshotSource {
  const kept = new RecentMap<string, HostSnapshot>(keptSnapshots);
  let own: Promise<HostSnapshot> | null = null;
  return {
    async load(reference) {
      if (reference === 'self') {
        own ??= collectSnapshot(looksForQemu ? {} : { qemu: false });
        return { key: ownHostKey, snapshot: await own };
      }
      const key = fileKey(reference);
      const known = kept.get(key);
      if (known !== undefined) return { key, snapshot: known };
      const snapshot = parseSnapshotText(await readLimitedFile(reference, limits.snapshotBytes), reference);
      kept.set(key, snapshot);
      return { key, snapshot };
    },
  };
}

/** Path, time of change and size: what tells one state of a file from the next. @throws FILE_UNREADABLE */
export function fileKey(path: string): string {
  try {
    const { mtimeMs, size } = statSync(path);
    return `${path}\n${mtimeMs}\n${size}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
