import type { AtlasError } from '@cpu-atlas/core';
import type { Kysely, RawBuilder, SqlBool, Transaction } from 'kysely';
import type { StoreClock } from './store-clock.ts';
import type { StoreEngine } from './store.ts';
import type { Tables } from './tables.ts';

/**
 * What differs between the engines; one folder each. The queries are the same and go through `read` and `write`, which
 * turn the faults of an engine into ours.
 */
export interface Engine {
  readonly kind: StoreEngine;
  readonly clock: StoreClock;
  /** Rows that a transaction read to change them can be locked, and must be: other hubs write, too. */
  readonly locksRows: boolean;
  /** The column type of bytes. */
  readonly bytesType: RawBuilder<unknown>;
  /** A table of the elements of a JSON array, in the column `value`: many rows as one parameter. */
  jsonRows(json: string): RawBuilder<unknown>;
  /** Condition: the column is one of these texts. Any number of them is one parameter, so that the statement stays the same. */
  among(column: string, texts: readonly string[]): RawBuilder<SqlBool>;
  /** As `among`, beside a join with `jsonRows` that says it already, for engines that would read the whole table to join it. */
  narrowedTo(column: string, texts: readonly string[]): RawBuilder<SqlBool>;
  /** @throws STORE_FAILED, INTERNAL where the engine refuses the query itself */
  read<T>(query: (database: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * One transaction. It is run again when another one was in its way, so it must not do anything but query.
   * @throws STORE_FAILED, INTERNAL where the engine refuses a query itself
   */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>;
  /**
   * One statement, which is a transaction of its own; run again like one.
   * @throws STORE_FAILED, INTERNAL where the engine refuses the statement itself
   */
  writeAlone<T>(statement: (database: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Tells the other hubs, when the transaction commits, that there are new lines of the change feed. */
  announceChanges(transaction: Transaction<Tables>): Promise<void>;
  /** Calls when another hub announced. Null: there are no other hubs. */
  readonly announcements: Announcements | null;
  close(): Promise<void>;
}

/** Thrown in a transaction that must be run again because what it read is no longer so. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** How a hub hears of what other hubs commit. */
export interface Announcements {
  /** The feed must look by itself this often, ms: seldom where announcements arrive, often where they do not. */
  pollMs(): number;
  subscribe(listener: () => void): () => void;
}

/** What went wrong in the background: lost connections, changes that could not be read. */
export type OnTrouble = (error: AtlasError) => void;
