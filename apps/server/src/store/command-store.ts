import { appendChanges } from './change-log.ts';
import type { Engine } from './engine.ts';
import { storableKey, storableText } from './storable-text.ts';
import type { CommandStore, OpenCommand } from './store.ts';
import type { CommandTable } from './tables.ts';

type Subscribe = CommandStore['subscribe'];

/**
 * One table through which hubs pass commands and outcomes to each other. That a host has one command at a time is an
 * index of the database, so that it holds for whatever many hubs do at once. Each step leaves a line in the order of the
 * changes, which wakes the hub where somebody waits for it.
 */
export function createCommandStore(
  engine: Engine,
  { subscribe, onChanged }: { readonly subscribe: Subscribe; readonly onChanged: () => void },
): CommandStore {
  return {
    async put({ id, hostId, work, deadlineAtMs }) {
      const row: CommandTable = {
        id: storableKey(id),
        host_id: storableKey(hostId),
        work: storableText(work),
        deadline_at_ms: Math.floor(deadlineAtMs),
        taken_by: null,
        outcome: null,
      };
      const isPut = await engine.write(async (transaction) => {
        // Whoever asked for these is gone.
        await transaction
          .deleteFrom('commands')
          .where('host_id', '=', row.host_id)
          .where('deadline_at_ms', '<=', engine.clock.nowMs())
          .execute();
        const added = await transaction
          .insertInto('commands')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .returning('id')
          .executeTakeFirst();
        if (added === undefined) return false;
        await appendChanges(engine, transaction, [{ kind: 'command-put', subject: row.host_id }]);
        return true;
      });
      if (isPut) onChanged();
      return isPut;
    },
    async open() {
      const rows = await engine.read((database) =>
        database
          .selectFrom('commands')
          .selectAll()
          .where('outcome', 'is', null)
          .where('deadline_at_ms', '>', engine.clock.nowMs())
          .orderBy('id')
          .execute(),
      );
      return rows.map(readCommand);
    },
    async openFor(hostId) {
      const row = await engine.read((database) => selectOpen(database, engine, hostId).executeTakeFirst());
      return row === undefined ? null : readCommand(row);
    },
    async takeFor(hostId, taker) {
      const found = await engine.read((database) => selectOpen(database, engine, hostId).executeTakeFirst());
      if (found === undefined) return null;
      if (found.taken_by !== null) return found.taken_by === taker ? readCommand(found) : null;
      const taken = await engine.write((transaction) =>
        transaction
          .updateTable('commands')
          .set({ taken_by: storableText(taker) })
          .where('id', '=', found.id)
          .where('outcome', 'is', null)
          .where('taken_by', 'is', null)
          .returningAll()
          .executeTakeFirst(),
      );
      return taken === undefined ? null : readCommand(taken);
    },
    async putOutcome(id, outcome) {
      const isTaken = await engine.write(async (transaction) => {
        const row = await transaction
          .updateTable('commands')
          .set({ outcome: storableText(outcome) })
          .where('id', '=', storableText(id))
          .where('outcome', 'is', null)
          .where('deadline_at_ms', '>', engine.clock.nowMs())
          .returning('id')
          .executeTakeFirst();
        if (row === undefined) return false;
        await appendChanges(engine, transaction, [{ kind: 'command-settled', subject: row.id }]);
        return true;
      });
      if (isTaken) onChanged();
      return isTaken;
    },
    async remove(id) {
      const row = await engine.write((transaction) =>
        transaction.deleteFrom('commands').where('id', '=', storableText(id)).returning('outcome').executeTakeFirst(),
      );
      return row?.outcome ?? null;
    },
    async settled(ids) {
      if (ids.length === 0) return [];
      const rows = await engine.read((database) =>
        database
          .selectFrom('commands')
          .select('id')
          .where('id', 'in', ids.map(storableText))
          .where('outcome', 'is not', null)
          .execute(),
      );
      return rows.map(({ id }) => id);
    },
    subscribe,
  };
}

function selectOpen(database: Parameters<Parameters<Engine['read']>[0]>[0], engine: Engine, hostId: string) {
  return database
    .selectFrom('commands')
    .selectAll()
    .where('host_id', '=', storableText(hostId))
    .where('outcome', 'is', null)
    .where('deadline_at_ms', '>', engine.clock.nowMs());
}

function readCommand(row: CommandTable): OpenCommand {
  return { id: row.id, hostId: row.host_id, work: row.work, deadlineAtMs: row.deadline_at_ms };
}
