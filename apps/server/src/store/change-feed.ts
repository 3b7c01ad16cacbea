import { AtlasError } from '@cpu-atlas/core';
import type { Engine, OnTrouble } from './engine.ts';
import {
  changeKinds,
  commandSteps,
  type Change,
  type ChangeFeed,
  type ChangeKind,
  type CommandStep,
  type CommandStore,
} from './store.ts';
import type { ChangeTable } from './tables.ts';

const linesPerRead = 500;
const firstRetryMs = 250;
const lastRetryMs = 5_000;

export interface FollowingFeed extends ChangeFeed {
  /** Steps of commands are lines of the same order, which only hubs follow. */
  readonly subscribeToCommands: CommandStore['subscribe'];
  /** This hub committed changes. */
  wake(): void;
  close(): void;
}

interface Follower {
  readonly onPage: (page: ChangePage) => void;
  readonly onLost: (() => void) | undefined;
}

/**
 * The feed reads every line from the store, those of this hub, too: so all hubs see all lines in one order. What wakes it
 * (a commit here, an announcement of another hub, a timer) only says that it is worth to look.
 */
export async function openChangeFeed(engine: Engine, onTrouble: OnTrouble): Promise<FollowingFeed> {
  const followers = new Set<Follower>();
  let lastId = await readCounter(engine, 'changes');
  let isReading = false;
  let isStale = false;
  let isClosed = false;
  let retryMs = firstRetryMs;
  let timer: NodeJS.Timeout | undefined;

  const tell = (call: (follower: Follower) => void): void => {
    for (const follower of followers) {
      try {
        call(follower);
      } catch (cause) {
        onTrouble(new AtlasError('INTERNAL', `a follower of the change feed failed: ${String(cause)}`, { cause }));
      }
    }
  };
  const readOn = async (): Promise<void> => {
    for (;;) {
      const lines = await readAfter(engine, lastId, linesPerRead);
      if (isClosed) return;
      if (lines === null) {
        lastId = await readCounter(engine, 'changes');
        tell(({ onLost }) => onLost?.());
        return;
      }
      if (lines.lastId === lastId) return;
      lastId = lines.lastId;
      tell(({ onPage }) => onPage(lines));
      if (!lines.isFull) return;
    }
  };
  const plan = (afterMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(wake, afterMs);
    timer.unref();
  };
  const run = async (): Promise<void> => {
    isReading = true;
    try {
      while (isStale && !isClosed) {
        isStale = false;
        await readOn();
      }
      retryMs = firstRetryMs;
      if (engine.announcements !== null && !isClosed) plan(engine.announcements.pollMs());
    } catch (error) {
      if (isClosed) return;
      if (retryMs === firstRetryMs) onTrouble(asTrouble(error));
      plan(retryMs);
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    } finally {
      isReading = false;
    }
  };
  const wake = (): void => {
    isStale = true;
    if (!isReading && !isClosed) void run();
  };
  const follow = (follower: Follower): (() => void) => {
    followers.add(follower);
    return () => void followers.delete(follower);
  };
  const unsubscribe = engine.announcements?.subscribe(wake);
  wake();

  return {
    latest: () => readCounter(engine, 'changes'),
    async after(id, limit) {
      let lines = await readAfter(engine, id, limit);
      while (lines !== null && lines.changes.length === 0 && lines.lastId !== id) {
        id = lines.lastId;
        lines = await readAfter(engine, id, limit);
      }
      return lines === null ? null : lines.changes;
    },
    subscribe(listener, onLost) {
      return follow({ onPage: ({ changes }) => void (changes.length > 0 && listener(changes)), onLost });
    },
    subscribeToCommands(listener, onLost) {
      return follow({ onPage: ({ steps }) => void (steps.length > 0 && listener(steps)), onLost });
    },
    wake,
    close() {
      isClosed = true;
      followers.clear();
      clearTimeout(timer);
      unsubscribe?.();
    },
  };
}

async function readCounter(engine: Engine, name: 'changes' | 'changes-forgotten'): Promise<number> {
  const { value } = await engine.read((database) =>
    database.selectFrom('counters').select('value').where('name', '=', name).executeTakeFirstOrThrow(),
  );
  return value;
}

interface ChangePage {
  readonly changes: readonly Change[];
  readonly steps: readonly CommandStep[];
  /** How far was read. */
  readonly lastId: number;
  /** There may be more. */
  readonly isFull: boolean;
}

/** Ids have no gaps, so a gap is what retention took. */
async function readAfter(engine: Engine, id: number, limit: number): Promise<ChangePage | null> {
  const rows = await engine.read((database) =>
    database.selectFrom('changes').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute(),
  );
  const [first] = rows;
  if (first !== undefined) {
    if (first.id !== id + 1) return null;
    const lastId = rows.at(-1)?.id ?? id;
    return { changes: rows.flatMap(readChange), steps: rows.flatMap(readStep), lastId, isFull: rows.length === limit };
  }
  const forgotten = await readCounter(engine, 'changes-forgotten');
  const latest = await readCounter(engine, 'changes');
  return id < forgotten || id > latest ? null : { changes: [], steps: [], lastId: id, isFull: false };
}

/** Kinds that this version does not know are of a newer hub on the same store; its followers would not know them either. */
function readChange(row: ChangeTable): readonly Change[] {
  const kind: ChangeKind | undefined = changeKinds.find((known) => known === row.kind);
  return kind === undefined ? [] : [{ id: row.id, atMs: row.at_ms, kind, subject: row.subject }];
}

function readStep(row: ChangeTable): readonly CommandStep[] {
  const kind = commandSteps.find((known) => known === row.kind);
  return kind === undefined ? [] : [{ kind, subject: row.subject }];
}

function asTrouble(error: unknown): AtlasError {
  if (error instanceof AtlasError) return error;
  return new AtlasError('INTERNAL', `the change feed cannot be read: ${String(error)}`, { cause: error });
}
