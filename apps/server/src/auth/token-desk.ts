import { AtlasError } from '@cpu-atlas/core';
import { gathered } from '../gathered.ts';
import type { Role, Store, TokenRow } from '../store/store.ts';
import type { Principal } from './principal.ts';
import { RevokedTokens } from './revoked-tokens.ts';
import { createTokenId, createTokenSecret, hashSecret, isTokenSecret } from './secrets.ts';

/** That an agent's token has no host yet is not known for longer: another hub may have bound it. */
const unboundForMs = 4_000;
/** Some 400 bytes each. */
const knownTokens = 200_000;
/** How exact the last use of a token is known; finer would write for each request. */
const touchAfterMs = 5 * 60_000;
const touchEveryMs = 30_000;

interface KnownToken {
  readonly row: TokenRow;
  /** On the monotonic clock of this process. */
  readonly readAtMs: number;
  /** Last use that is written or about to be, on the store's clock. */
  notedAtMs: number;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Only for agents: the one host. */
  readonly hostId: string | null;
  /** null: until it is revoked. */
  readonly lifeMs: number | null;
  readonly createdBy: string;
}

/** Makes, checks and revokes tokens. */
export interface TokenDesk {
  /** The secret is in this answer and nowhere else. @throws STORE_FAILED */
  create(token: NewToken): Promise<{ readonly row: TokenRow; readonly secret: string }>;
  /** The token of a secret; null: unknown, expired, revoked or no token at all. @throws STORE_FAILED */
  find(secret: string): Promise<TokenRow | null>;
  findByHash(secretHash: string): Promise<TokenRow | null>;
  /** @throws STORE_FAILED */
  list(): Promise<readonly TokenRow[]>;
  /** @throws TOKEN_NOT_FOUND, STORE_FAILED */
  revoke(id: string): Promise<void>;
  /** Makes an agent's token the token of that host, when it has none yet. False: it has another. @throws STORE_FAILED */
  bind(id: string, hostId: string): Promise<boolean>;
  /** Writes the times of last use that are not written yet. */
  close(): Promise<void>;
}

export function createTokenDesk(
  store: Pick<Store, 'access' | 'isShared' | 'nowMs'>,
  onFault: (error: unknown) => void,
): TokenDesk {
  let known = new Map<string, KnownToken>();
  const used = new Map<string, number>();
  const readRow = gathered((hashes: readonly string[]) => store.access.tokensBySecretHash(hashes));

  /** Where hubs share the store, any of them may revoke. */
  const revoked = store.isShared ? new RevokedTokens(store, forgetAll, onFault) : null;

  function forgetAll(secretHashes: readonly string[]): void {
    for (const secretHash of secretHashes) known.delete(secretHash);
  }
  /** Undefined: it must be read. @throws STORE_FAILED */
  const recall = async (secretHash: string): Promise<KnownToken | undefined> => {
    const kept = known.get(secretHash);
    if (kept === undefined || revoked === null) return kept;
    await revoked.confirm(kept.readAtMs);
    return known.get(secretHash);
  };
  const isSettled = ({ row, readAtMs }: KnownToken): boolean =>
    row.role !== 'agent' || row.hostId !== null || performance.now() - readAtMs < unboundForMs;
  const read = async (secretHash: string): Promise<KnownToken | null> => {
    const kept = await recall(secretHash);
    if (kept !== undefined && isSettled(kept)) return kept;
    const [from, readAtMs] = [known, performance.now()];
    const row = await readRow(secretHash);
    if (row === undefined) return null;
    const token = { row, readAtMs, notedAtMs: Math.max(row.lastUsedAtMs ?? 0, kept?.notedAtMs ?? 0) };
    // Of a revocation that came meanwhile this row may not tell.
    const isNewest = from === known && (revoked === null || revoked.askedAtMs <= readAtMs);
    if (isNewest && known.size < knownTokens) known.set(secretHash, token);
    return token;
  };
  const findByHash = async (secretHash: string): Promise<TokenRow | null> => {
    const token = await read(secretHash);
    const nowMs = store.nowMs();
    if (token === null || !isValid(token.row, nowMs)) return null;
    if (nowMs - token.notedAtMs > touchAfterMs) {
      token.notedAtMs = nowMs;
      used.set(token.row.id, nowMs);
    }
    return token.row;
  };
  const touch = async (): Promise<void> => {
    if (used.size === 0) return;
    const batch = new Map(used);
    used.clear();
    await store.access.touchTokens(batch).catch(onFault);
  };
  const timer = setInterval(() => void touch(), touchEveryMs);
  timer.unref();

  return {
    async create({ lifeMs, ...token }) {
      const secret = createTokenSecret();
      const createdAtMs = store.nowMs();
      const row = {
        ...token,
        id: createTokenId(),
        createdAtMs,
        expiresAtMs: lifeMs === null ? null : createdAtMs + lifeMs,
      };
      await store.access.createToken(row, hashSecret(secret));
      return { row: { ...row, lastUsedAtMs: null, revokedAtMs: null }, secret };
    },
    find: async (secret) => (isTokenSecret(secret) ? findByHash(hashSecret(secret)) : null),
    findByHash,
    list: () => store.access.tokens(),
    async revoke(id) {
      if (!(await store.access.revokeToken(id, store.nowMs()))) throw unknownToken(id);
      known = new Map();
    },
    bind: (id, hostId) => store.access.bindToken(id, hostId),
    async close() {
      clearInterval(timer);
      await touch();
    },
  };
}

/** Whether a token opens anything at that time of the store's clock. */
export function isValid({ revokedAtMs, expiresAtMs }: TokenRow, nowMs: number): boolean {
  return revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs);
}

export function principalOfToken({ id, name, role, hostId }: TokenRow): Principal {
  return { actor: `token:${id}`, displayName: name, role, tokenId: id, hostId };
}

function unknownToken(id: string): AtlasError {
  return new AtlasError('TOKEN_NOT_FOUND', 'there is no token of that id that is not revoked', {
    where: id.slice(0, 64),
    remedy: 'take the id from GET /api/v1/tokens or cpu-atlas token list',
  });
}
