import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtlasError } from '@cpu-atlas/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createTokenDesk, type TokenDesk } from './token-desk.ts';

const agent = { name: 'rack 1', role: 'agent', hostId: 'host-1', lifeMs: null, createdBy: 'local' } as const;

let folder: string;
let store: Store;
let nowMs: number;
let faults: unknown[];

/** A hub on a store that it shares, which counts what it asks. */
function openHub(): { desk: TokenDesk; access: { [K in keyof Store['access']]: ReturnType<typeof vi.fn> } } {
  const spied = Object.entries(store.access).map(([name, method]) => [name, vi.fn(method as () => unknown)]);
  const access = Object.fromEntries(spied) as { [K in keyof Store['access']]: ReturnType<typeof vi.fn> };
  const shared = { access: access as unknown as Store['access'], isShared: true, nowMs: () => store.nowMs() };
  return { desk: createTokenDesk(shared, (error) => faults.push(error)), access };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cpu-atlas-tokens-'));
  store = await openStore(`file:${join(folder, 'atlas.db')}`, { onTrouble: () => undefined });
  faults = [];
  nowMs = 1_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

describe('tokens on a store that hubs share', () => {
  it('are read once, however long they are used', async () => {
    const { desk, access } = openHub();
    const { secret, row } = await desk.create(agent);
    for (let second = 0; second < 60; second += 1) {
      expect((await desk.find(secret))?.id).toBe(row.id);
      nowMs += 1_000;
    }
    expect(access.tokensBySecretHash).toHaveBeenCalledTimes(1);
    const asked = access.tokensRevokedSince.mock.calls.length;
    expect(asked, 'some every two seconds').toBeGreaterThanOrEqual(15);
    expect(asked).toBeLessThanOrEqual(31);
    expect(faults).toEqual([]);
  });

  it('open nothing four seconds after another hub revoked them', async () => {
    const [here, there] = [openHub(), openHub()];
    const { secret, row } = await here.desk.create(agent);
    const other = await here.desk.create({ ...agent, hostId: 'host-2' });
    for (const one of [secret, other.secret]) expect(await here.desk.find(one)).not.toBeNull();
    await there.desk.revoke(row.id);
    nowMs += 4_000;
    expect(await here.desk.find(secret)).toBeNull();
    expect((await here.desk.find(other.secret))?.id, 'the others stay').toBe(other.row.id);
  });

  it('that nobody used for hours are not believed unasked', async () => {
    const [here, there] = [openHub(), openHub()];
    const { secret, row } = await here.desk.create(agent);
    await here.desk.find(secret);
    await there.desk.revoke(row.id);
    nowMs += 3 * 60 * 60_000;
    vi.spyOn(store, 'nowMs').mockReturnValue(Date.now() + 3 * 60 * 60_000);
    expect(await here.desk.find(secret)).toBeNull();
  });

  it('open nothing while the store does not answer', async () => {
    const { desk, access } = openHub();
    const { secret } = await desk.create(agent);
    await desk.find(secret);
    access.tokensRevokedSince.mockRejectedValue(new AtlasError('STORE_FAILED', 'it is away'));
    nowMs += 2_500;
    expect(await desk.find(secret), 'what was asked 2.5 s ago holds').not.toBeNull();
    nowMs += 2_500;
    await expect(desk.find(secret)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(faults).toMatchObject([{ code: 'STORE_FAILED' }]);
    access.tokensRevokedSince.mockResolvedValue([]);
    expect(await desk.find(secret)).not.toBeNull();
  });

  it('are not believed by an answer that was long on its way', async () => {
    const { desk, access } = openHub();
    const { secret, row } = await desk.create(agent);
    await desk.find(secret);
    access.tokensRevokedSince.mockImplementationOnce(async () => {
      // Asked, then revoked, then answered.
      await store.access.revokeToken(row.id, store.nowMs());
      nowMs += 5_000;
      return [];
    });
    nowMs += 4_500;
    expect(await desk.find(secret)).toBeNull();
  });

  it('that were read while somebody revoked them are read again', async () => {
    const { desk, access } = openHub();
    const { secret, row } = await desk.create(agent);
    const decoy = await desk.create({ ...agent, hostId: 'host-2' });
    await desk.find(decoy.secret);
    nowMs += 1_000;
    access.tokensBySecretHash.mockImplementationOnce(async (hashes: readonly string[]) => {
      const rows = await store.access.tokensBySecretHash(hashes);
      await store.access.revokeToken(row.id, store.nowMs());
      nowMs += 3_000;
      // The revocation is heard of before the row that does not tell of it arrives.
      await desk.find(decoy.secret);
      return rows;
    });
    await desk.find(secret);
    expect(await desk.find(secret)).toBeNull();
  });
});
