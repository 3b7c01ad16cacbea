import { AtlasError } from '@cpu-atlas/core';
import type { Engine } from './engine.ts';
import { migrations, type Migration } from './migrations.ts';

const schemaRowId = 1;

/**
 * Brings the tables to this version, in one transaction: all of it or nothing. Of several hubs that start at once, one
 * migrates, and the others wait at the row of the version and find it done.
 * @throws STORE_NEWER when a later version of Atlas has been there, STORE_FAILED
 */
export async function migrate(engine: Engine, steps: readonly Migration[] = migrations): Promise<void> {
  await createSchemaRow(engine);
  await engine.write(async (transaction) => {
    const { version } = await transaction
      .selectFrom('atlas_schema')
      .select('version')
      .where('id', '=', schemaRowId)
      .$if(engine.locksRows, (query) => query.forUpdate())
      .executeTakeFirstOrThrow();
    if (version > steps.length) throw newerSchema(version, steps.length);
    if (version === steps.length) return;
    for (const step of steps.slice(version)) await step({ database: transaction, bytesType: engine.bytesType });
    await transaction
      .updateTable('atlas_schema')
      .set({ version: steps.length })
      .where('id', '=', schemaRowId)
      .execute();
  });
}

/** Safe to run by many at once. A store that exists is only read: its user may lack the right to make tables. */
async function createSchemaRow(engine: Engine): Promise<void> {
  if (await hasSchemaRow(engine)) return;
  await engine.write(async (transaction) => {
    await transaction.schema
      .createTable('atlas_schema')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .execute();
    await transaction
      .insertInto('atlas_schema')
      .values({ id: schemaRowId, version: 0 })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  });
}

async function hasSchemaRow(engine: Engine): Promise<boolean> {
  try {
    const query = engine.read((database) =>
      database.selectFrom('atlas_schema').select('version').where('id', '=', schemaRowId).executeTakeFirst(),
    );
    return (await query) !== undefined;
  } catch (error) {
    // The engine refuses a query about a table that is not there.
    if (error instanceof AtlasError && error.code === 'INTERNAL') return false;
    throw error;
  }
}

function newerSchema(version: number, known: number): AtlasError {
  return new AtlasError('STORE_NEWER', `the store has schema ${version}, this version of Atlas knows ${known}`, {
    remedy: 'start the version of CPU Atlas that wrote it last, or a newer one; schemas do not go back',
  });
}
