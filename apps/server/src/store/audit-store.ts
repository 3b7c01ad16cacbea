import { AtlasError } from '@cpu-atlas/core';
import { readRole } from './access-store.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Engine } from './engine.ts';
import { inChunks } from './in-chunks.ts';
import { storableText } from './storable-text.ts';
import type { AuditEntry, AuditRow, AuditStore } from './store.ts';
import type { AuditTable } from './tables.ts';

const linesPerStatement = 1_000;

export interface ClosableAuditStore extends AuditStore {
  /** Resolves when all that waits is written. */
  drained(): Promise<void>;
}

export function createAuditStore(engine: Engine, nextId: () => string): ClosableAuditStore {
  const queue = new CommitQueue<readonly AuditTable[], true>({
    name: 'audit lines',
    weigh: (lines) => lines.length,
    groupWeight: 1_000,
    waitingWeight: 20_000,
    commit: async (jobs) => {
      await engine.write(async (transaction) => {
        for (const lines of inChunks(jobs.flat(), linesPerStatement)) {
          await transaction.insertInto('audit').values(lines).execute();
        }
      });
      return jobs.map(() => true);
    },
  });
  return {
    async append(entries) {
      if (entries.length > 0) await queue.add(entries.map((entry) => auditTableRow(entry, nextId())));
    },
    async list({ before, limit }) {
      const rows = await engine.read((database) =>
        database
          .selectFrom('audit')
          .selectAll()
          .$if(before !== undefined, (query) => query.where('id', '<', storableText(before ?? '')))
          .orderBy('id', 'desc')
          .limit(limit)
          .execute(),
      );
      return rows.map(readAuditLine);
    },
    drained: () => queue.drained(),
  };
}

function auditTableRow({ atMs, actor, role, action, target, detail }: AuditEntry, id: string): AuditTable {
  return {
    id,
    at_ms: Math.floor(atMs),
    actor: storableText(actor),
    role,
    action: storableText(action),
    target: storableText(target),
    detail: JSON.stringify(detail),
  };
}

function readAuditLine(row: AuditTable): AuditRow {
  return {
    id: row.id,
    atMs: row.at_ms,
    actor: row.actor,
    role: readRole(row.role, `audit ${row.id}`),
    action: row.action,
    target: row.target,
    detail: readDetail(row),
  };
}

function readDetail({ id, detail }: AuditTable): AuditEntry['detail'] {
  try {
    const value: unknown = JSON.parse(detail);
    if (isDetail(value)) return value;
  } catch {
    // Told below, like a detail of another shape.
  }
  throw new AtlasError('STORE_FAILED', 'the detail of an audit line cannot be read', { where: `audit ${id}` });
}

function isDetail(value: unknown): value is AuditEntry['detail'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (one) => one === null || typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean',
  );
}
