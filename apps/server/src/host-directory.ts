import { AtlasError } from '@cpu-atlas/core';
import type { HostSnapshot } from '@cpu-atlas/core';
import type { HostRecord, OwnHost } from './own-host.ts';
import { RecentMap } from './recent-map.ts';

/** All hosts that this server can answer for: today its own. */
export interface HostDirectory {
  list(): Promise<readonly HostRecord[]>;
  /** Without id: the own host. @throws HOST_NOT_FOUND */
  find(id?: string): Promise<HostRecord>;
  /** A snapshot seen since the start, by content hash. @throws SNAPSHOT_NOT_FOUND */
  snapshot(hash: string): Promise<HostSnapshot>;
}

/** Snapshots that are kept for links pinned to them. One has some 100 KB. */
const keptSnapshots = 64;

export function createHostDirectory(ownHost: OwnHost): HostDirectory {
  const kept = new RecentMap<string, HostSnapshot>(keptSnapshots);
  const own = async (): Promise<HostRecord> => {
    const record = await ownHost.current();
    if (kept.get(record.hash) === undefined) kept.set(record.hash, record.snapshot);
    return record;
  };
  return {
    async list() {
      return [await own()];
    },
    async find(id) {
      const record = await own();
      if (id === undefined || id === record.id) return record;
      throw new AtlasError('HOST_NOT_FOUND', 'there is no host of that id', {
        where: id,
        remedy: 'take the id from GET /api/v1/hosts',
      });
    },
    async snapshot(hash) {
      await own();
      const snapshot = kept.get(hash);
      if (snapshot !== undefined) return snapshot;
      throw new AtlasError('SNAPSHOT_NOT_FOUND', 'this server does not keep a snapshot of that hash', {
        where: hash,
        remedy: 'take the hash from GET /api/v1/hosts',
      });
    },
  };
}
