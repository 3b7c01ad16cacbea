import type { ObservationRow, Store } from '../store/store.ts';

/** Observations that are read at once on the way back in time. */
const pageSize = 100;

/** The last observation of a host that began at that time or before; null: the host was not known yet. */
export async function observationAt(
  { observations }: Pick<Store, 'observations'>,
  hostId: string,
  atMs: number,
): Promise<ObservationRow | null> {
  let before: string | undefined;
  for (;;) {
    const rows = await observations.observations(hostId, { before, limit: pageSize });
    const found = rows.find(({ firstSeenAtMs }) => firstSeenAtMs <= atMs);
    if (found !== undefined) return found;
    before = rows.at(-1)?.id;
    if (before === undefined || rows.length < pageSize) return null;
  }
}
