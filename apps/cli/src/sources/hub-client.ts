import { problemSchema, type Problem } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';

/** A running server, and the secret that opens it. */
export interface HubAccess {
  readonly address: URL;
  /** Null: none was given. */
  readonly token: string | null;
}

/** What a reply must be; every schema of the contract is one. */
interface ReplySchema<T> {
  safeParse(document: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** One page of a collection. */
interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Asks a running server; faults are those that it answers with, or HUB_UNREACHABLE. */
export interface HubClient {
  /** @throws HUB_UNREACHABLE when the answer has another shape */
  ask<T>(schema: ReplySchema<T>, path: string, body?: object): Promise<T>;
  /** Has no answer to read. */
  remove(path: string): Promise<void>;
  /** The items of all pages, or the first `most` of them. */
  list<T>(schema: ReplySchema<Page<T>>, path: string, query: URLSearchParams, most?: number): Promise<readonly T[]>;
}

const timeLimitMs = 30_000;

/** Opens nothing yet: each question is a request of its own. */
export function openHubClient({ address, token }: HubAccess, signal?: AbortSignal): HubClient {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const limit = AbortSignal.timeout(timeLimitMs);
    const reply = await fetch(new URL(`api/v1/${path}`, base), {
      method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A token follows no redirect to somebody else.
      redirect: 'error',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    }).catch((cause: unknown) => {
      throw unreachable(base, 'does not answer', cause);
    });
    if (reply.status === 204) return null;
    const document: unknown = await reply.json().catch(() => null);
    if (reply.ok) return document;
    const problem = problemSchema.safeParse(document);
    throw problem.success ? faultOf(problem.data) : unreachable(base, `answers with HTTP status ${reply.status}`);
  };
  const ask: HubClient['ask'] = async (schema, path, body) => {
    const read = schema.safeParse(await send(body === undefined ? 'GET' : 'POST', path, body));
    if (!read.success) throw unreachable(base, 'answers with something that is not CPU Atlas');
    return read.data;
  };
  return {
    ask,
    remove: async (path) => void (await send('DELETE', path)),
    async list<T>(schema: ReplySchema<Page<T>>, path: string, query: URLSearchParams, most = Infinity) {
      const items: T[] = [];
      for (let page = new URLSearchParams(query); ;) {
        const { items: more, nextCursor } = await ask(schema, `${path}?${page}`);
        items.push(...more);
        if (nextCursor === null || items.length >= most) return items.slice(0, most);
        page.set('cursor', nextCursor);
      }
    },
  };
}

function faultOf({ code, detail, where, remedy }: Problem): AtlasError {
  return new AtlasError(code, detail, { where, remedy });
}

function unreachable({ origin }: URL, message: string, cause?: unknown): AtlasError {
  return new AtlasError('HUB_UNREACHABLE', message, {
    where: origin,
    remedy: 'check the address of the server',
    cause,
  });
}
