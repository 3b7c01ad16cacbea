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
  /** Bytes are sent as they are, an object as JSON. @throws HUB_UNREACHABLE when the answer has another shape */
  ask<T>(schema: ReplySchema<T>, path: string, body?: object | Uint8Array): Promise<T>;
  put<T>(schema: ReplySchema<T>, path: string, body: object): Promise<T>;
  /** Has no answer to read. */
  remove(path: string): Promise<void>;
  /** The answer in another form than JSON. */
  readBytes(path: string, mediaType: string): Promise<Uint8Array>;
  /** The items of all pages, or the first `most` of them. */
  list<T>(schema: ReplySchema<Page<T>>, path: string, query: URLSearchParams, most?: number): Promise<readonly T[]>;
}

interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object | Uint8Array | undefined;
  readonly accept?: string;
}

const timeLimitMs = 60_000;

/** Opens nothing yet: each question is a request of its own. */
export function openHubClient({ address, token }: HubAccess, signal?: AbortSignal): HubClient {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const send = async ({ method, path, body, accept = 'application/json' }: Sent): Promise<Response> => {
    const limit = AbortSignal.timeout(timeLimitMs);
    const reply = await fetch(new URL(`api/v1/${path}`, base), {
      method,
      headers: {
        accept,
        ...(body !== undefined && { 'content-type': body instanceof Uint8Array ? bytesType : 'application/json' }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
      // A token follows no redirect to somebody else.
      redirect: 'error',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    }).catch((cause: unknown) => {
      throw unreachable(base, `does not answer (${reasonOf(cause)})`, cause);
    });
    if (reply.ok) return reply;
    const problem = problemSchema.safeParse(await reply.json().catch(() => null));
    throw problem.success ? faultOf(problem.data, base) : unreachable(base, `answers with HTTP status ${reply.status}`);
  };
  const askFor = async <T>(schema: ReplySchema<T>, sent: Sent): Promise<T> => {
    const reply = await send(sent);
    const read = schema.safeParse(await reply.json().catch(() => null));
    if (!read.success) throw unreachable(base, 'answers with something that is not CPU Atlas');
    return read.data;
  };
  const ask: HubClient['ask'] = (schema, path, body) =>
    askFor(schema, { method: body === undefined ? 'GET' : 'POST', path, body });
  return {
    ask,
    put: (schema, path, body) => askFor(schema, { method: 'PUT', path, body }),
    remove: async (path) => void (await send({ method: 'DELETE', path })),
    async readBytes(path, mediaType) {
      const reply = await send({ method: 'GET', path, accept: mediaType });
      const bytes = await reply.arrayBuffer().catch((cause: unknown) => {
        throw unreachable(base, `breaks off its answer (${reasonOf(cause)})`, cause);
      });
      return new Uint8Array(bytes);
    },
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

const bytesType = 'application/octet-stream';

function faultOf({ code, detail, where, remedy }: Problem, { origin }: URL): AtlasError {
  return new AtlasError(code, detail, { where: where === undefined ? origin : `${origin}: ${where}`, remedy });
}

function unreachable({ origin }: URL, message: string, cause?: unknown): AtlasError {
  return new AtlasError('HUB_UNREACHABLE', message, {
    where: origin,
    remedy: 'check the address of --hub and the network; a private certificate: NODE_EXTRA_CA_CERTS=FILE',
    cause,
  });
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
