import { tokenCreatedSchema, tokenListSchema, type Token, type TokenCreated } from '@cpu-atlas/contract';
import { AtlasError } from '@cpu-atlas/core';
import { createTokenDesk, describeToken, openStore } from '@cpu-atlas/server';
import type { NewTokenRequest, TokenPlace } from '../options/token-options.ts';
import { openHubClient } from '../sources/hub-client.ts';

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

function openHubBook(place: Extract<TokenPlace, { kind: 'hub' }>): TokenBook {
  const hub = openHubClient(place);
  return {
    create({ name, role, host, lifeSeconds }) {
      const request = { name, role, ...(host !== null && { host }), ...(lifeSeconds !== null && { lifeSeconds }) };
      return hub.ask(tokenCreatedSchema, 'tokens', request);
    },
    list: () => hub.list(tokenListSchema, 'tokens', new URLSearchParams({ limit: '1000' })),
    revoke: (id) => hub.remove(`tokens/${encodeURIComponent(id)}`),
    close: async () => undefined,
  };
}
