import type { HostTable } from './tables.ts';

type ReadRows = (ids: readonly string[]) => Promise<readonly HostTable[]>;

/**
 * Rows of hosts as they are stored, so that a contact need not read them: where this process alone writes the store. All
 * calls are made within transactions, which follow one another, so that what is here is what the next one would read.
 */
export interface HostRows {
  /** What is not here is read, and left out where there is none. */
  read(ids: readonly string[], readMissing: ReadRows): Promise<readonly HostTable[]>;
  keep(rows: ReadonlyMap<string, HostTable>): void;
  /** Whoever writes rows otherwise says which. */
  forget(ids: readonly string[]): void;
  /** The transaction failed, or what it wrote is not known. */
  forgetAll(): void;
}

/** Others write, too: every transaction must read, and lock what it reads. */
export const sharedHostRows: HostRows = {
  read: (ids, readMissing) => readMissing(ids),
  keep: () => undefined,
  forget: () => undefined,
  forgetAll: () => undefined,
};

/** Some 600 bytes a host. */
export function createHostRows(): HostRows {
  const kept = new Map<string, HostTable>();
  return {
    async read(ids, readMissing) {
      const missing = ids.filter((id) => !kept.has(id));
      const read = missing.length === 0 ? [] : await readMissing(missing);
      return [...ids.flatMap((id) => kept.get(id) ?? []), ...read];
    },
    keep(rows) {
      for (const [id, row] of rows) kept.set(id, row);
    },
    forget(ids) {
      for (const id of ids) kept.delete(id);
    },
    forgetAll: () => kept.clear(),
  };
}
