import { RecentMap } from '../recent-map.ts';
import type { SessionRow, Store } from '../store/store.ts';
import type { AccessSettings } from './access-settings.ts';
import type { Principal } from './principal.ts';
import { createCookieSecret, hashSecret, isCookieSecret } from './secrets.ts';
import { principalOfToken, type TokenDesk } from './token-desk.ts';

/** A session that was ended on another hub opens nothing here after this time. */
const knownForMs = 4_000;
const knownSessions = 5_000;
/** Subjects of sessions that began with a token; the rest is the hash of its secret, so that they end with it. */
const tokenSubject = 'token-hash:';

/** `subject`: as the audit names the person, `oidc:SUBJECT`. */
export type SessionPerson = Pick<SessionRow, 'subject' | 'displayName' | 'role'>;

export interface OpenSession {
  readonly principal: Principal;
  readonly expiresAtMs: number;
}

/** Browsers' logins: a random cookie here, its hash in the store. */
export interface SessionDesk {
  /** Begins the session of somebody that an issuer vouches for. @throws STORE_FAILED */
  begin(person: SessionPerson): Promise<BegunSession>;
  /** Begins a session with a token; null: the token is not valid. @throws STORE_FAILED */
  beginWithToken(secret: string): Promise<BegunSession | null>;
  /** null: no such session, or it ended. @throws STORE_FAILED */
  find(secret: string): Promise<OpenSession | null>;
  /** @throws STORE_FAILED */
  end(secret: string): Promise<void>;
}

export interface BegunSession extends OpenSession {
  /** For the cookie; it is in this answer and nowhere else. */
  readonly secret: string;
}

interface Dependencies {
  readonly store: Pick<Store, 'access' | 'nowMs'>;
  readonly tokens: TokenDesk;
  readonly settings: Pick<AccessSettings, 'sessionIdleMs' | 'sessionLifeMs'>;
}

export function createSessionDesk({ store, tokens, settings }: Dependencies): SessionDesk {
  const known = new RecentMap<string, { readonly row: SessionRow | null; readonly readAtMs: number }>(knownSessions);
  const extensions = new Map<string, Promise<boolean>>();

  const remember = (secretHash: string, row: SessionRow | null): void =>
    known.set(secretHash, { row, readAtMs: performance.now() });
  const read = async (secretHash: string): Promise<SessionRow | null> => {
    const kept = known.get(secretHash);
    if (kept !== undefined && performance.now() - kept.readAtMs < knownForMs) return kept.row;
    const row = await store.access.session(secretHash);
    if (row !== null) remember(secretHash, row);
    return row;
  };
  const expiryOf = (createdAtMs: number): number =>
    Math.min(createdAtMs + settings.sessionLifeMs, store.nowMs() + settings.sessionIdleMs);

  const extend = async (row: SessionRow): Promise<boolean> => {
    const expiresAtMs = expiryOf(row.createdAtMs);
    const isThere = await store.access.extendSession(row.secretHash, expiresAtMs);
    remember(row.secretHash, isThere ? { ...row, expiresAtMs } : null);
    return isThere;
  };
  /** False: the session was ended elsewhere. */
  const extendWhenDue = async (row: SessionRow): Promise<boolean> => {
    // Not with each request: an eighth of the idle time is exact enough.
    const gainMs = expiryOf(row.createdAtMs) - row.expiresAtMs;
    if (gainMs < settings.sessionIdleMs / 8) return true;
    const extension = extensions.get(row.secretHash) ?? extend(row).finally(() => extensions.delete(row.secretHash));
    extensions.set(row.secretHash, extension);
    return extension;
  };
  const principalOf = async (row: SessionRow): Promise<Principal | null> => {
    if (!row.subject.startsWith(tokenSubject)) return principalOfPerson(row);
    const token = await tokens.findByHash(row.subject.slice(tokenSubject.length));
    return token === null ? null : principalOfToken(token);
  };
  const start = async (person: SessionPerson, principal: Principal): Promise<BegunSession> => {
    const secret = createCookieSecret();
    const createdAtMs = store.nowMs();
    const row = { ...person, secretHash: hashSecret(secret), createdAtMs, expiresAtMs: expiryOf(createdAtMs) };
    await store.access.createSession(row);
    return { secret, principal, expiresAtMs: row.expiresAtMs };
  };

  return {
    begin: (person) => start(person, principalOfPerson(person)),
    async beginWithToken(secret) {
      const token = await tokens.find(secret);
      if (token === null || token.role === 'agent') return null;
      const subject = `${tokenSubject}${hashSecret(secret)}`;
      return start({ subject, displayName: token.name, role: token.role }, principalOfToken(token));
    },
    async find(secret) {
      if (!isCookieSecret(secret)) return null;
      const row = await read(hashSecret(secret));
      if (row === null || store.nowMs() >= row.expiresAtMs) return null;
      const principal = await principalOf(row);
      if (principal === null) return null;
      if (!(await extendWhenDue(row))) return null;
      return { principal, expiresAtMs: row.expiresAtMs };
    },
    async end(secret) {
      const secretHash = hashSecret(secret);
      // What is being extended would be remembered again.
      await extensions.get(secretHash)?.catch(() => undefined);
      remember(secretHash, null);
      await store.access.deleteSession(secretHash);
    },
  };
}

function principalOfPerson({ subject, displayName, role }: SessionPerson): Principal {
  return { actor: subject, displayName, role, tokenId: null, hostId: null };
}
