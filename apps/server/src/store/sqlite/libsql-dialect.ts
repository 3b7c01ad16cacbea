import { SqliteDialect, SqliteDriver, type Driver } from 'kysely';
import type { LibsqlDatabase } from './libsql-database.ts';

/** Kysely's dialect of SQLite, whose commits wait for the disk without holding up the event loop. */
export class LibsqlDialect extends SqliteDialect {
  readonly #database: LibsqlDatabase;

  constructor(database: LibsqlDatabase) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): Driver {
    return new LibsqlDriver(this.#database);
  }
}

class LibsqlDriver extends SqliteDriver {
  readonly #database: LibsqlDatabase;

  constructor(database: LibsqlDatabase) {
    super({ database });
    this.#database = database;
  }

  /** Nothing else uses the connection meanwhile: the driver gives it to one after the other. */
  override commitTransaction(): Promise<void> {
    return this.#database.commit();
  }
}
