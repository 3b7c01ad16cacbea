import { setImmediate as letOthersRun } from 'node:timers/promises';
import { AtlasError } from '@cpu-atlas/core';
import { sql } from 'kysely';
import type { Engine } from './engine.ts';
import { inChunks } from './in-chunks.ts';
import { storableKey, storableText } from './storable-text.ts';
import { roles, type AccessStore, type Role, type SessionRow, type TokenRow } from './store.ts';
import type { SessionTable, TokenTable } from './tables.ts';

const tokensPerStatement = 500;

export function createAccessStore(engine: Engine): AccessStore {
  return {
    async createToken(token, secretHash) {
      const row = tokenTableRow(token, secretHash);
      await engine.write((transaction) => transaction.insertInto('tokens').values(row).execute());
    },
    async tokensBySecretHash(secretHashes) {
      const found = new Map<string, TokenRow>();
      for (const chunk of inChunks([...new Set(secretHashes.map(storableText))], tokensPerStatement)) {
        const rows = await engine.read((database) =>
          database.selectFrom('tokens').selectAll().where(engine.among('secret_hash', chunk)).execute(),
        );
        for (const row of rows) found.set(row.secret_hash, readToken(row));
      }
      return found;
    },
    async tokens() {
      const rows = await engine.read((database) =>
        database.selectFrom('tokens').selectAll().orderBy('created_at_ms').orderBy('id').execute(),
      );
      return rows.map(readToken);
    },
    async tokensRevokedSince(atMs) {
      const rows = await engine.read((database) =>
        database.selectFrom('tokens').select('secret_hash').where('revoked_at_ms', '>=', Math.floor(atMs)).execute(),
      );
      return rows.map((row) => row.secret_hash);
    },
    async revokeToken(id, atMs) {
      const { numUpdatedRows } = await engine.write((transaction) =>
        transaction
          .updateTable('tokens')
          .set({ revoked_at_ms: Math.floor(atMs) })
          .where('id', '=', storableText(id))
          .where('revoked_at_ms', 'is', null)
          .executeTakeFirst(),
      );
      return numUpdatedRows > 0n;
    },
    async bindToken(id, hostId) {
      const { numUpdatedRows } = await engine.write((transaction) =>
        transaction
          .updateTable('tokens')
          .set({ host_id: storableKey(hostId) })
          .where('id', '=', storableText(id))
          .where('role', '=', 'agent')
          .where((column) => column.or([column('host_id', 'is', null), column('host_id', '=', hostId)]))
          .executeTakeFirst(),
      );
      return numUpdatedRows > 0n;
    },
    touchTokens: (usedAtMs) => touchTokens(engine, usedAtMs),
    async createSession(session) {
      const row = sessionTableRow(session);
      await engine.write((transaction) => transaction.insertInto('sessions').values(row).execute());
    },
    async session(secretHash) {
      const row = await engine.read((database) =>
        database
          .selectFrom('sessions')
          .selectAll()
          .where('secret_hash', '=', storableText(secretHash))
          .executeTakeFirst(),
      );
      return row === undefined ? null : readSession(row);
    },
    async extendSession(secretHash, expiresAtMs) {
      const untilMs = Math.floor(expiresAtMs);
      const { numUpdatedRows } = await engine.write((transaction) =>
        transaction
          .updateTable('sessions')
          .set(({ eb }) => ({
            expires_at_ms: eb
              .case()
              .when('expires_at_ms', '<', untilMs)
              .then(eb.val(untilMs))
              .else(eb.ref('expires_at_ms'))
              .end(),
          }))
          .where('secret_hash', '=', storableText(secretHash))
          .executeTakeFirst(),
      );
      return numUpdatedRows > 0n;
    },
    async deleteSession(secretHash) {
      await engine.write((transaction) =>
        transaction.deleteFrom('sessions').where('secret_hash', '=', storableText(secretHash)).execute(),
      );
    },
  };
}

/** Never moves a last use back: hubs report in any order. */
async function touchTokens(engine: Engine, usedAtMs: ReadonlyMap<string, number>): Promise<void> {
  const uses = [...usedAtMs].map(([id, atMs]): [string, number] => [storableText(id), Math.floor(atMs)]);
  uses.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const chunk of inChunks(uses, tokensPerStatement)) {
    await letOthersRun();
    await engine.write((transaction) =>
      sql`
        update tokens set last_used_at_ms = cast(used.value ->> 1 as bigint)
        from ${engine.jsonRows(JSON.stringify(chunk))} as used
        where tokens.id = used.value ->> 0
        and ${engine.narrowedTo(
          'tokens.id',
          chunk.map(([id]) => id),
        )}
        and (tokens.last_used_at_ms is null or tokens.last_used_at_ms < cast(used.value ->> 1 as bigint))`.execute(
        transaction,
      ),
    );
  }
}

function tokenTableRow(token: Omit<TokenRow, 'lastUsedAtMs' | 'revokedAtMs'>, secretHash: string): TokenTable {
  return {
    id: storableKey(token.id),
    secret_hash: storableKey(secretHash),
    name: storableText(token.name),
    role: token.role,
    host_id: token.hostId === null ? null : storableKey(token.hostId),
    created_at_ms: Math.floor(token.createdAtMs),
    created_by: storableText(token.createdBy),
    expires_at_ms: token.expiresAtMs === null ? null : Math.floor(token.expiresAtMs),
    last_used_at_ms: null,
    revoked_at_ms: null,
  };
}

function readToken(row: TokenTable): TokenRow {
  return {
    id: row.id,
    name: row.name,
    role: readRole(row.role, `tokens ${row.id}`),
    hostId: row.host_id,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

function sessionTableRow(session: SessionRow): SessionTable {
  return {
    secret_hash: storableKey(session.secretHash),
    subject: storableText(session.subject),
    display_name: storableText(session.displayName),
    role: session.role,
    created_at_ms: Math.floor(session.createdAtMs),
    expires_at_ms: Math.floor(session.expiresAtMs),
  };
}

function readSession(row: SessionTable): SessionRow {
  return {
    secretHash: row.secret_hash,
    subject: row.subject,
    displayName: row.display_name,
    role: readRole(row.role, 'sessions'),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

/** An unknown role opens nothing. @throws STORE_FAILED */
export function readRole(text: string, where: string): Role {
  const role = roles.find((known) => known === text);
  if (role !== undefined) return role;
  throw new AtlasError('STORE_FAILED', `the stored role ${JSON.stringify(text)} is unknown`, {
    where,
    remedy: 'start the version of CPU Atlas that wrote it',
  });
}
