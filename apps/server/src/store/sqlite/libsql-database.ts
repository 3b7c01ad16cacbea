import Database from 'libsql';
import AsyncDatabase from 'libsql/promise';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { RecentMap } from '../../recent-map.ts';

const cachedStatements = 200;
/** Statements of many rows are long, and seldom the same twice. */
const cachedStatementLength = 8_192;

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [][Symbol.iterator](),
};

/** A database file, as kysely's dialect wants it. Statements are kept prepared. */
export class LibsqlDatabase implements SqliteDatabase {
  readonly #database: Database.Database;
  #statements = new RecentMap<string, SqliteStatement>(cachedStatements);

  constructor(path: string) {
    this.#database = new Database(path);
  }

  prepare(sql: string): SqliteStatement {
    // After a fault such as a full disk SQLite has rolled back by itself; asked again, it would hide the fault.
    // Source: https://www.sqlite.org/lang_transaction.html §3
    if (sql === 'rollback' && !this.#database.inTransaction) return nothing;
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    if (sql.length <= cachedStatementLength) this.#statements.set(sql, statement);
    return statement;
  }

  /** Statements without result. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /** Ends the transaction on a thread of libsql's: it lasts until the disk has it. */
  async commit(): Promise<void> {
    // Both forms of libsql have the same connection inside; only this one has statements that need no waiting.
    await AsyncDatabase.prototype.exec.call(this.#database, 'commit');
  }

  /** The value of a pragma. */
  pragma(source: string): unknown {
    const [row] = this.#database.prepare(`pragma ${source}`).all();
    return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
  }

  /**
   * Gives the file back, in one piece and unlocked. libsql closes it only when the garbage collector has taken the last
   * prepared statement, so the lock is let go by hand; an exclusive one cannot be while there is a WAL.
   * Source: https://www.sqlite.org/pragma.html#pragma_locking_mode
   */
  close(): void {
    if (!this.#database.open) return;
    this.#statements = new RecentMap(cachedStatements);
    try {
      this.pragma('journal_mode = delete');
      this.pragma('locking_mode = normal');
      // The lock goes with the next access.
      this.pragma('schema_version');
    } catch {
      // A damaged file, a full disk: whoever closes has heard of it, and the next one who opens will.
    }
    this.#database.close();
  }
}
