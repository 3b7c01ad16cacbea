import { AtlasError, compareLayers } from '@cpu-atlas/core';
import {
  observationListSchema,
  observationsQuerySchema,
  timelineParamsSchema,
  type Observation,
} from '@cpu-atlas/contract';
import { describeChanges, describeSilence } from '../cube/change-line.ts';
import { replyOf, type App } from '../http-types.ts';
import { problemReplies } from '../problem-replies.ts';
import { RecentMap } from '../recent-map.ts';
import type { Services } from '../services.ts';
import type { ObservationRow } from '../store/store.ts';

/** Lines about two snapshots, by their hashes. */
const keptLines = 2_048;

/** The timeline of a host. */
export function registerObservations(app: App, { store, hosts, contexts }: Services): void {
  const lines = new RecentMap<string, string>(keptLines);
  const compare = async (older: ObservationRow, newer: ObservationRow): Promise<string> => {
    if (older.snapshotHash === newer.snapshotHash) return describeSilence(newer.firstSeenAtMs - older.lastSeenAtMs);
    const key = `${older.snapshotHash} ${newer.snapshotHash}`;
    const known = lines.get(key);
    if (known !== undefined) return known;
    const [before, after] = [
      await contexts.of({ snapshot: older.snapshotHash }),
      await contexts.of({ snapshot: newer.snapshotHash }),
    ];
    const line = describeChanges(compareLayers(before.context, after.context).changes);
    lines.set(key, line);
    return line;
  };
  app.get(
    '/hosts/:id/observations',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['hosts'],
        summary: 'What a host looked like over time, newest first, and what changed each time',
        params: timelineParamsSchema,
        querystring: observationsQuerySchema,
        response: { 200: replyOf(observationListSchema), ...problemReplies(400, 404, 503) },
      },
    },
    async ({ params, query }) => {
      const { cursor, limit } = query;
      const rows = await store.observations.observations(params.id, { before: cursor, limit: limit + 1 });
      if (rows.length === 0 && cursor === undefined) await mustBeKnown(params.id, hosts);
      const page = rows.slice(0, limit);
      const items: Observation[] = [];
      for (const [i, row] of page.entries()) {
        const older = rows[i + 1];
        items.push(describeObservation(row, older === undefined ? null : await compare(older, row).catch(notTold)));
      }
      return { items, nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
  );
}

/** @throws HOST_NOT_FOUND */
async function mustBeKnown(id: string, hosts: Services['hosts']): Promise<void> {
  if (!hosts.isOwn(id)) await hosts.find(id);
}

/** A snapshot that retention took, or that cannot be read, hides no timeline. */
function notTold(error: unknown): string {
  if (error instanceof AtlasError) return `what changed cannot be told: ${error.message}`;
  throw error;
}

function describeObservation(row: ObservationRow, change: string | null): Observation {
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    ...{ id: row.id, snapshotHash: row.snapshotHash, fingerprint: row.fingerprint },
    collectedAt: time(row.collectedAtMs),
    firstSeenAt: time(row.firstSeenAtMs),
    lastSeenAt: time(row.lastSeenAtMs),
    change,
  };
}
