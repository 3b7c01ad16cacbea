import { readFileSync, readdirSync } from 'node:fs';
import type { HostSnapshot } from '../snapshot/snapshot.ts';

const folder = new URL('../../../../data/snapshots/', import.meta.url);

/** A host of data/snapshots by the name of its file, without `.json`. */
export function recordedSnapshot(name: string): HostSnapshot {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as HostSnapshot;
}

/** All hosts of data/snapshots, by name. */
export function recordedSnapshots(): readonly HostSnapshot[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((file) => recordedSnapshot(file.replace(/\.json$/, '')));
}
