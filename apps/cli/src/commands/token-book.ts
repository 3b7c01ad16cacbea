import {
  problemSchema,
  tokenCreatedSchema,
  tokenListSchema,
  type Problem,
  type Token,
  type TokenCreated,
} from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { createTokenDesk, describeToken, openStore } from '@cpu-atlas/server';
import type { NewTokenRequest, TokenPlace } from '../options/token-options.ts';

/** The tokens of a server, wherever they are kept. */
export interface TokenBook {
  create(request: NewTokenRequest): Promise<TokenCreated>;
  list(): Promise<readonly Token[]>;
  /** @throws TOKEN_NOT_FOUND */
  revoke(id: string): Promise<void>;
  close(): Promise<void>;
}

/** @throws STORE_FAILED, STORE_LOCKED when a server holds the store */
export function openTokenBook(place: TokenPlace): Promise<TokenBook> {
  return place.kind === 'store' ? openStoreBook(place.url) : Promise.resolve(openHubBook(place));
}

async function openStoreBook(url: string): Promise<TokenBook> {
  const store = await openStore(url).catch((error: unknown) => {
    throw withWayToHub(error);
  });
  const desk = createTokenDesk(store, () => undefined);
  const record = (action: string, target: string): Promise<void> =>
    store.audit.append([
      { atMs: store.nowMs(), actor: 'local', role: 'operator', action, target, detail: { by: 'cpu-atlas token' } },
    ]);
  return {
    async create({ name, role, host, lifeSeconds }) {
      const { row, secret } = await desk.create({
        ...{ name, role, hostId: host, createdBy: 'local' },
        lifeMs: lifeSeconds === null ? null : lifeSeconds * 1000,
      });
      await record('token.create', row.id);
      return { token: describeToken(row, store.nowMs()), secret };
    },
    list: async () => (await desk.list()).map((row) => describeToken(row, store.nowMs())),
    async revoke(id) {
      await desk.revoke(id);
      await record('token.remove', id);
    },
    async close() {
      await desk.close();
      await store.close();
    },
  };
}

/** Who finds the store in the hands of a running server can ask that one. */
function withWayToHub(error: unknown): unknown {
  if (!(error instanceof AtlasError) || error.code !== 'STORE_LOCKED') return error;
  return new AtlasError('STORE_LOCKED', error.message, {
    where: error.where,
    remedy: 'ask the running server: --hub http://127.0.0.1:4280 with CPU_ATLAS_TOKEN of an operator; or stop it first',
    cause: error,
  });
}

const timeLimitMs = 30_000;

function openHubBook({ address, token }: Extract<TokenPlace, { kind: 'hub' }>): TokenBook {
  const base = new URL(address);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
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
      signal: AbortSignal.timeout(timeLimitMs),
    }).catch((cause: unknown) => {
      throw unreachable(base, 'does not answer', cause);
    });
    if (reply.status === 204) return null;
    const document: unknown = await reply.json().catch(() => null);
    if (reply.ok) return document;
    const problem = problemSchema.safeParse(document);
    throw problem.success ? faultOf(problem.data) : unreachable(base, `answers with HTTP status ${reply.status}`);
  };
  const listFrom = async (cursor: string | null): Promise<readonly Token[]> => {
    const query = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = tokenListSchema.safeParse(await ask('GET', `tokens?limit=1000${query}`));
    if (!page.success) throw unreachable(base, 'answers with something that is not CPU Atlas');
    const { items, nextCursor } = page.data;
    return nextCursor === null ? items : [...items, ...(await listFrom(nextCursor))];
  };
  return {
    async create({ name, role, host, lifeSeconds }) {
      const request = { name, role, ...(host !== null && { host }), ...(lifeSeconds !== null && { lifeSeconds }) };
      const created = tokenCreatedSchema.safeParse(await ask('POST', 'tokens', request));
      if (!created.success) throw unreachable(base, 'answers with something that is not CPU Atlas');
      return created.data;
    },
    list: () => listFrom(null),
    revoke: async (id) => void (await ask('DELETE', `tokens/${encodeURIComponent(id)}`)),
    close: async () => undefined,
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
