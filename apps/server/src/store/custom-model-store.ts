import type { Kysely } from 'kysely';
import { Overtaken, type Engine } from './engine.ts';
import { storableKey, storableText } from './storable-text.ts';
import type { CustomModelRow, CustomModelStore } from './store.ts';
import type { CustomModelTable, Tables } from './tables.ts';

/** Rows are only added: a removal is a version without a body, and the next save continues the numbers after it. */
export function createCustomModelStore(engine: Engine): CustomModelStore {
  const add = (name: string, body: string | null, savedBy: string): Promise<CustomModelTable | null> =>
    engine.write(async (transaction) => {
      const last = await selectNewest(transaction, name);
      if (body === null && (last === undefined || last.body === null)) return null;
      const row = {
        ...{ name, body, version: (last?.version ?? 0) + 1 },
        saved_at_ms: engine.clock.nowMs(),
        saved_by: storableText(savedBy),
      };
      const added = await transaction
        .insertInto('custom_models')
        .values(row)
        .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
        .returning('version')
        .executeTakeFirst();
      // Another hub saved at the same moment.
      if (added === undefined) throw new Overtaken();
      return row;
    });
  return {
    async list() {
      const rows = await engine.read((database) =>
        database
          .selectFrom('custom_models as model')
          .selectAll()
          .where('body', 'is not', null)
          .where(({ eb, selectFrom }) =>
            eb(
              'version',
              '=',
              selectFrom('custom_models as same')
                .select(({ fn }) => fn.max('same.version').as('newest'))
                .whereRef('same.name', '=', 'model.name'),
            ),
          )
          .execute(),
      );
      // Databases sort text each by its own rules.
      return rows.flatMap(readRow).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async find(name, version) {
      const row = await engine.read((database) =>
        version === undefined
          ? selectNewest(database, storableText(name))
          : database
              .selectFrom('custom_models')
              .selectAll()
              .where('name', '=', storableText(name))
              .where('version', '=', version)
              .executeTakeFirst(),
      );
      return (row === undefined ? undefined : readRow(row)[0]) ?? null;
    },
    async save({ name, body, savedBy }) {
      const row = await add(storableKey(name), storableText(body), savedBy);
      return row?.version ?? 0;
    },
    remove: async (name, removedBy) => (await add(storableText(name), null, removedBy)) !== null,
  };
}

function selectNewest(database: Kysely<Tables>, name: string): Promise<CustomModelTable | undefined> {
  return database
    .selectFrom('custom_models')
    .selectAll()
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
}

function readRow(row: CustomModelTable): readonly CustomModelRow[] {
  if (row.body === null) return [];
  const { name, version, body } = row;
  return [{ name, version, body, savedAtMs: row.saved_at_ms, savedBy: row.saved_by }];
}
