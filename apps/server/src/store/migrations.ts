import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** What a migration may use: the database, and the column type of bytes, the only one that the engines name differently. */
export interface MigrationContext {
  readonly database: Kysely<Tables>;
  readonly bytesType: RawBuilder<unknown>;
}

export type Migration = (context: MigrationContext) => Promise<void>;

/**
 * All steps from an empty database to this version's tables, in order. A step that was released is never changed: the
 * next one is added below it.
 */
export const migrations: readonly Migration[] = [
  createContentTables,
  createObservationTables,
  createAccessTables,
  createJournalTables,
  createCommandTable,
  createCustomModelTable,
  createRevocationIndex,
];

async function createContentTables({ database, bytesType }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('snapshots')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('host_id', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('body', bytesType, (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('snapshots_by_fingerprint')
    .on('snapshots')
    .columns(['fingerprint', 'hash'])
    .execute();
  await database.schema
    .createTable('catalogs')
    .addColumn('hash', 'text', (column) => column.primaryKey())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('package', 'text', (column) => column.notNull())
    .addColumn('size_bytes', 'bigint', (column) => column.notNull())
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('body', bytesType, (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('derived')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('stored_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('body', bytesType, (column) => column.notNull())
    .execute();
  await database.schema.createIndex('derived_by_age').on('derived').column('stored_at_ms').execute();
}

async function createObservationTables({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('hosts')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('given_name', 'text')
    .addColumn('given_labels', 'text')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('snapshot_hash', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('observation_id', 'text', (column) => column.notNull())
    .addColumn('collected_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('agent_version', 'text')
    .addColumn('removed_at_ms', 'bigint')
    .execute();
  await database.schema
    .createTable('observations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host_id', 'text', (column) => column.notNull())
    // A snapshot that is being recorded must not be taken by retention at the same moment.
    .addColumn('snapshot_hash', 'text', (column) => column.notNull().references('snapshots.hash'))
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('collected_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('first_seen_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('last_seen_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('observations_by_host')
    .on('observations')
    .columns(['host_id', 'first_seen_at_ms', 'id'])
    .execute();
  await database.schema.createIndex('observations_by_snapshot').on('observations').column('snapshot_hash').execute();
  await database.schema
    .createIndex('observations_by_end')
    .on('observations')
    .columns(['last_seen_at_ms', 'id'])
    .execute();
}

async function createAccessTables({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('host_id', 'text')
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('last_used_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .execute();
  await database.schema
    .createTable('sessions')
    .addColumn('secret_hash', 'text', (column) => column.primaryKey())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute();
}

async function createJournalTables({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('audit')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('changes')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('counters')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await database
    .insertInto('counters')
    .values([
      { name: 'changes', value: 0 },
      { name: 'changes-forgotten', value: 0 },
      { name: 'check', value: 0 },
    ])
    .execute();
}

async function createCommandTable({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('commands')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host_id', 'text', (column) => column.notNull())
    .addColumn('work', 'text', (column) => column.notNull())
    .addColumn('deadline_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('taken_by', 'text')
    .addColumn('outcome', 'text')
    .execute();
  await database.schema
    .createIndex('commands_open_by_host')
    .unique()
    .on('commands')
    .column('host_id')
    .where(sql.ref('outcome'), 'is', null)
    .execute();
  await database.schema.alterTable('hosts').addColumn('takes_commands', 'integer').execute();
}

async function createCustomModelTable({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createTable('custom_models')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text')
    .addColumn('saved_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('saved_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('custom_models_key', ['name', 'version'])
    .execute();
}

/** Hubs ask every few seconds which tokens were revoked; few of many ever are. */
async function createRevocationIndex({ database }: MigrationContext): Promise<void> {
  await database.schema
    .createIndex('tokens_revoked')
    .on('tokens')
    .column('revoked_at_ms')
    .where(sql.ref('revoked_at_ms'), 'is not', null)
    .execute();
}
