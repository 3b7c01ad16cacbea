import { sql, type RawBuilder } from 'kysely';
import type { Engine } from './engine.ts';

/**
 * The right side of `in`, for any number of texts: one parameter, so that the statement is the same for all numbers and
 * stays prepared.
 */
export function among(engine: Pick<Engine, 'jsonRows'>, texts: readonly string[]): RawBuilder<string> {
  const rows = engine.jsonRows(JSON.stringify(texts.map((text) => [text])));
  return sql<string>`(select wanted.value ->> 0 from ${rows} as wanted)`;
}
