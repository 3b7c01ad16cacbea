import { AtlasError } from '@cpu-atlas/core';

export interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Sent as `cursor` it gives the next page; null at the end. */
  readonly nextCursor: string | null;
}

/**
 * One page of a list in its own order. The cursor is the key of the last item of the page before.
 * @throws REQUEST_INVALID for a cursor that is not in the list any more
 */
export function pageOf<T>(items: readonly T[], { cursor, limit }: PageQuery, keyOf: (item: T) => string): Page<T> {
  const start = cursor === undefined ? 0 : items.findIndex((item) => keyOf(item) === cursor) + 1;
  if (cursor !== undefined && start === 0) {
    throw new AtlasError('REQUEST_INVALID', 'there is no such page', {
      where: 'querystring: $.cursor',
      remedy: 'start again without cursor',
    });
  }
  const page = items.slice(start, start + limit);
  const last = page.at(-1);
  return { items: page, nextCursor: last !== undefined && start + limit < items.length ? keyOf(last) : null };
}
