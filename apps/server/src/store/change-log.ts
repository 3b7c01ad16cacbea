import type { Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import { storableText } from './storable-text.ts';
import type { ChangeKind, CommandStep } from './store.ts';
import type { Tables } from './tables.ts';

export interface ChangeLine {
  readonly kind: ChangeKind | CommandStep['kind'];
  readonly subject: string;
}

/**
 * Appends lines to the change feed, as the last thing that a transaction does.
 *
 * Ids come from a row that the transaction counts up. The row stays locked until it commits, so ids become visible in
 * their order and without gaps; a sequence of the database promises neither. The row is taken last so that transactions
 * wait for each other as shortly as can be, and never in a circle.
 */
export async function appendChanges(
  engine: Engine,
  transaction: Transaction<Tables>,
  lines: readonly ChangeLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const { value: lastId } = await transaction
    .updateTable('counters')
    .set((column) => ({ value: column('value', '+', lines.length) }))
    .where('name', '=', 'changes')
    .returning('value')
    .executeTakeFirstOrThrow();
  const atMs = engine.clock.nowMs();
  const firstId = lastId - lines.length + 1;
  await transaction
    .insertInto('changes')
    .values(
      lines.map(({ kind, subject }, index) => ({
        id: firstId + index,
        at_ms: atMs,
        kind,
        subject: storableText(subject),
      })),
    )
    .execute();
  await engine.announceChanges(transaction);
}
